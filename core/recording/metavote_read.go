package recording

import (
	"bufio"
	"errors"
	"io"
	"os"
)

// ReadMetaVotesFile reads the named file of meta-votes. See [ReadMetaVotes].
func ReadMetaVotesFile(path string, yield func(line int, c *MetaVoteCase) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return ReadMetaVotes(f, path, yield)
}

// ReadMetaVotes reads a file of meta-votes, plain or compressed with zstd, and calls yield with each case
// and the number of its line, from 1. The case is yield's to keep. An error of yield ends the reading and
// is returned as it is; errors of reading are of type [*Error] and name the line. name is what they call
// the input.
//
// A line is an object of these keys:
//
//	n        number of voters
//	initial  true or false at an observer, where parent is empty; else null
//	parent   a sequence: [[round, step, estimates, bin values, auxiliary, decision], ...]
//	others   [sequence, ...]
//	next     a sequence: what the event's meta-votes must be
//
// Sets and values are strings of "t" and "f". A decided meta-vote prints its value in all four places.
//
// The form is checked, and that sequences have each step from the first on; whether next is right is for
// the caller to find out. Reading holds one line and its case at a time: less than 8 MaxLine, beside the
// decompressor's share (see [Read]).
func ReadMetaVotes(r io.Reader, name string, yield func(line int, c *MetaVoteCase) error) error {
	src, err := openSource(r, MaxBytes)
	if err != nil {
		return &Error{File: name, Reason: err.Error(), Err: err}
	}
	defer src.close()
	lines := bufio.NewScanner(src)
	lines.Buffer(nil, MaxLine+2) // with the end of the line
	n := 0
	for lines.Scan() {
		n++
		c, bad := parseCase(lines.Bytes(), n)
		if bad != nil && lines.Err() == nil {
			bad.File = name
			return bad
		}
		if bad != nil {
			break // the line is what came before the failure
		}
		if err := yield(n, c); err != nil {
			return err
		}
	}
	e := &Error{File: name, Part: "line", Index: n + 1, Err: ErrInvalid}
	switch err := lines.Err(); {
	case err == nil && n > 0:
		return nil
	case err == nil:
		e.Part, e.Reason = "", "is empty"
	case err == bufio.ErrTooLong:
		e.Reason = tooLong(MaxLine)
	default:
		e.Reason, e.Err = "cannot be read: "+err.Error(), err
		if source, ok := errors.AsType[*Error](err); ok {
			e.Reason, e.Err = source.Reason, source.Err
		}
	}
	return e
}

var caseKeys = []string{"n", "initial", "parent", "others", "next"}

// parseCase reads the case in one line.
func parseCase(line []byte, number int) (*MetaVoteCase, *Error) {
	s := &scanner{buf: line, end: len(line), part: "line", index: number}
	c := &MetaVoteCase{}
	var seen uint
	for key := range s.object("a case", caseKeys, &seen) {
		switch key {
		case "n":
			c.N = int(s.integer("n", MaxPeers))
		case "initial":
			switch s.literal("initial") {
			case 't':
				c.Initial = True
			case 'f':
				c.Initial = False
			}
		case "parent":
			c.Parent = sequence(s, "parent")
		case "others":
			for range s.array("others", MaxPeers) {
				c.Others = append(c.Others, sequence(s, "others"))
			}
		case "next":
			c.Next = sequence(s, "next")
		}
	}
	for k, key := range caseKeys {
		if seen>>k&1 == 0 {
			s.fail("key %q is missing in a case", key)
		}
	}
	s.finish()
	if s.err == nil {
		if bad := c.check(); bad != "" {
			s.fail("%s", bad)
		}
	}
	return c, s.err
}

// sequence reads a sequence of meta-votes; what names it in errors.
func sequence(s *scanner, what string) (votes []MetaVote) {
	const most = MaxLine / len(`[0,0,"","","",""],`) // of the shortest that a line has room for
	for range s.array(what, most) {
		votes = append(votes, metaVote(s))
	}
	return votes
}

func metaVote(s *scanner) (v MetaVote) {
	const elements = 6
	seen := 0
	for i := range s.array("a meta-vote", elements) {
		switch seen++; i {
		case 0:
			v.Round = uint32(s.integer("the round", MaxLine))
		case 1:
			v.Step = uint8(s.integer("the step", 2))
		case 2:
			v.Estimates = BoolSet(oneOf(s, "estimates", len(setNames)))
		case 3:
			v.BinValues = BoolSet(oneOf(s, "bin values", len(setNames)))
		case 4:
			v.Aux = Tri(oneOf(s, "the auxiliary value", int(False)+1))
		case 5:
			v.Decision = Tri(oneOf(s, "the decision", int(False)+1))
		}
	}
	if seen < elements {
		s.fail("a meta-vote of only %d elements", seen)
	}
	return v
}

// oneOf reads one of the first n names of sets and returns its place.
func oneOf(s *scanner, what string, n int) int {
	text := s.str(what, MaxName)
	k := place(setNames[:n], text)
	if k < 0 {
		s.fail("%s cannot be %s", what, quote(text))
		return 0
	}
	return k
}
