package program

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
)

// Pending is a file that gets its name when it is whole.
type Pending struct {
	*os.File
	Path string
}

// NewPending begins a file beside the place it is to have. Whoever cannot write there finds it out here, before
// the work. The error names the path.
func NewPending(path string) (*Pending, error) {
	// os.CreateTemp would make a file that only its owner can read.
	f, err := os.OpenFile(fmt.Sprintf("%s.%016x.tmp", path, rand.Uint64()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, errors.Unwrap(err)) // without the name of the moment
	}
	return &Pending{f, path}, nil
}

// Commit gives the file its name.
func (p *Pending) Commit() error {
	if err := p.Close(); err != nil {
		return err
	}
	return os.Rename(p.Name(), p.Path)
}

// Discard removes the file, unless it has its name.
func (p *Pending) Discard() {
	p.Close()
	os.Remove(p.Name())
}
