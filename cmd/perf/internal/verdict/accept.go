package verdict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Acceptance says that a change for the worse is intended: by so much, or that something vanishes, or that a
// counter is 0 from now on.
type Acceptance struct {
	Base      string  `json:"base"`      // hash of the base that it is against, abbreviated or in full; this
	Head      string  `json:"head"`      // or that of the head
	Benchmark string  `json:"benchmark"` // as the gate prints it
	Unit      string  `json:"unit"`      // likewise; "" for the whole benchmark, which may only vanish
	Allowed   float64 `json:"allowed"`   // by how many per cent it may be worse
	Vanished  bool    `json:"vanished"`  // head has it no more
	Zero      bool    `json:"zero"`      // the counter is 0
	Reason    string  `json:"reason"`
	Source    string  `json:"-"` // the file
}

var hash = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

func (a Acceptance) check() error {
	switch {
	case strings.TrimSpace(a.Reason) == "":
		return errors.New("gives no reason")
	case a.Benchmark == "" || a.Unit == "" && !a.Vanished:
		return errors.New("names no benchmark or no unit")
	case (a.Base == "") == (a.Head == ""):
		return errors.New("names neither a base nor a head, or both")
	case !hash.MatchString(a.Base + a.Head):
		return fmt.Errorf("%q is no commit's hash", a.Base+a.Head)
	case a.Vanished && a.Zero || (a.Vanished || a.Zero) && a.Allowed != 0:
		return errors.New("accepts more than one of allowed, vanished and zero")
	case a.Vanished || a.Zero:
	case !(a.Allowed > 0) || math.IsInf(a.Allowed, 0):
		return fmt.Errorf("allows %v per cent", a.Allowed)
	}
	return nil
}

// About reports whether it is about a comparison of these commits, given by their full hashes.
func (a Acceptance) About(base, head string) bool {
	return a.Base != "" && strings.HasPrefix(base, a.Base) || a.Head != "" && strings.HasPrefix(head, a.Head)
}

// ReadAccepted reads all acceptances in dir: from .json files an object or a list of them, from .md files
// the same in fenced blocks that begin with ```json. README.md is left out, and a folder that is not there is
// an empty one. Any error in any file is an error: an acceptance that is not understood might be meant.
func ReadAccepted(dir string) ([]Acceptance, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Acceptance
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		ext := filepath.Ext(name)
		if e.Name() == "README.md" || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if ext != ".json" && ext != ".md" {
			return nil, fmt.Errorf("%s: not a .json or .md file", name)
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		blocks := [][]byte{data}
		if ext == ".md" {
			if blocks = fenced(data); len(blocks) == 0 {
				return nil, fmt.Errorf("%s: no block that begins with ```json", name)
			}
		}
		for _, b := range blocks {
			list, err := decode(b)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			for _, a := range list {
				a.Source = e.Name()
				if err := a.check(); err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
				all = append(all, a)
			}
		}
	}
	return all, nil
}

var fence = regexp.MustCompile("(?ms)^```json[ \t\r]*\n(.*?)^```")

func fenced(data []byte) (blocks [][]byte) {
	for _, m := range fence.FindAllSubmatch(data, -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

func decode(data []byte) ([]Acceptance, error) {
	data = bytes.TrimSpace(data)
	var list []Acceptance
	var into any = &list
	if bytes.HasPrefix(data, []byte("{")) {
		list = make([]Acceptance, 1)
		into = &list[0]
	}
	in := json.NewDecoder(bytes.NewReader(data))
	in.DisallowUnknownFields()
	if err := in.Decode(into); err != nil {
		return nil, err
	}
	if _, err := in.Token(); err != io.EOF {
		return nil, errors.New("more after the end")
	}
	if len(list) == 0 {
		return nil, errors.New("accepts nothing")
	}
	return list, nil
}

// vanishing returns the entry that accepts that a unit of a benchmark, or with "" all of it, is no more; nil if
// there is none.
func vanishing(all []Acceptance, used []bool, benchmark, unit string) *Acceptance {
	return entry(all, used, func(a Acceptance) bool { return a.Vanished && a.Benchmark == benchmark && a.Unit == unit })
}

// zero returns the entry that accepts that a counter is 0; nil if there is none.
func zero(all []Acceptance, used []bool, benchmark, unit string) *Acceptance {
	return entry(all, used, func(a Acceptance) bool { return a.Zero && a.Benchmark == benchmark && a.Unit == unit })
}

func entry(all []Acceptance, used []bool, is func(Acceptance) bool) (by *Acceptance) {
	for i := range all {
		if is(all[i]) {
			used[i] = true
			by = &all[i]
		}
	}
	return by
}

// allowance returns what is accepted for a unit of a benchmark, as a share, and by which entry; nil if by
// none.
func allowance(all []Acceptance, used []bool, benchmark, unit string) (share float64, by *Acceptance) {
	for i := range all {
		if all[i].Benchmark == benchmark && all[i].Unit == unit && !all[i].Vanished && !all[i].Zero {
			used[i] = true
			if s := all[i].Allowed / 100; by == nil || s > share {
				share, by = s, &all[i]
			}
		}
	}
	return share, by
}
