package check

import "math/bits"

// Submissions are found by their sequence number, in chunks that are freed once all in them came to their end: ten
// bytes each.
const (
	chunkBits = 16
	chunkSize = 1 << chunkBits
)

// What is known of a submission.
const (
	submitted    = 1 << iota // it was handed to a node, or is about to be
	acknowledged             // a node said so
	decided                  // it is in a block
	ended        = submitted | acknowledged | decided
)

type chunk struct {
	left  int // submissions that did not come to their end
	state [chunkSize]uint8
	node  [chunkSize]uint8 // which acknowledged it
	until [chunkSize]uint64
}

type submissions struct {
	chunks []*chunk // nil where all have ended, or none has begun
	begun  int      // chunks that were made
	spare  *chunk
	counts [8]uint64 // by bit of state: [submitted], [acknowledged], [decided]
}

// of returns what is known of a submission, nothing if it never began.
func (s *submissions) of(seq uint64) uint8 {
	i := seq >> chunkBits
	switch {
	case i >= uint64(s.begun):
		return 0
	case s.chunks[i] == nil:
		return ended
	}
	return s.chunks[i].state[seq%chunkSize]
}

// add notes something of a submission, and reports whether it is new.
func (s *submissions) add(seq uint64, what uint8) bool {
	i := seq >> chunkBits
	for i >= uint64(s.begun) { // sequence numbers are dense: at most one or two at a time
		c := s.spare
		if s.spare = nil; c == nil {
			c = &chunk{}
		} else {
			*c = chunk{}
		}
		c.left = chunkSize
		s.chunks = append(s.chunks, c)
		s.begun++
	}
	c := s.chunks[i]
	if c == nil {
		return false
	}
	state := &c.state[seq%chunkSize]
	if *state&what == what {
		return false
	}
	*state |= what
	s.counts[bits.TrailingZeros8(what)]++
	if *state == ended {
		if c.left--; c.left == 0 {
			s.spare, s.chunks[i] = c, nil
		}
	}
	return true
}

// unfinished calls f for each submission that was acknowledged and not decided, with the node that said so.
func (s *submissions) unfinished(f func(seq, until uint64, node int)) {
	for i, c := range s.chunks {
		if c == nil {
			continue
		}
		for j, state := range c.state {
			if state&acknowledged != 0 && state&decided == 0 {
				f(uint64(i)<<chunkBits|uint64(j), c.until[j], int(c.node[j]))
			}
		}
	}
}
