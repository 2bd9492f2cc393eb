package link

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// Choose returns the matrix that a user asked for, for so many nodes: by the name of a profile, by conditions for all
// links, which have = in them, or by the path of a file that [Read] takes. Nil for "none": no conditions at all.
func Choose(s string, nodes int) (Matrix, error) {
	if s == "none" {
		return nil, nil
	}
	if p, err := Named(s); err == nil {
		return p.Matrix(nodes), nil
	}
	f, err := os.Open(s)
	if err == nil {
		defer f.Close()
		m, err := Read(f, nodes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s, err)
		}
		return m, nil
	}
	if strings.Contains(s, "=") {
		m := New(nodes)
		return m, m.set("*", s)
	}
	if _, unknown := Named(s); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; it is no file and no conditions either", unknown)
	}
	return nil, err
}
