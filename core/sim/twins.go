package sim

import "parsec/core"

// pairing says which of two processes with one key talks to whom.
type pairing uint8

const (
	halves    pairing = iota // each has half of the section to itself
	alternate                // messages go to one and the other in turns
	both                     // both get everything
	random                   // each message goes to either
	takeover                 // one is silent, until it is the only one that speaks
	pairings
)

var pairingNames = [...]string{"halves", "alternate", "both", "random", "takeover"}

func (p pairing) String() string { return pairingNames[p] }

// twin is one of two processes with one key, or rather what both share.
type twin struct {
	pairing pairing
	turn    int
}

// talks reports whether one of the two sends to an identity.
func (t *twin) talks(s *run, from *process, to core.Identity) bool {
	switch t.pairing {
	case halves:
		return t.half(s, to) == from.second
	case takeover:
		return (s.now > s.plan.horizon/2) == from.second
	}
	return true
}

// half tells which of the two has an identity to itself.
func (t *twin) half(s *run, to core.Identity) bool {
	all := s.byIdentity[to]
	return len(all) > 0 && all[0].number%2 == 1
}

// chosen returns which of all, the two, get what a process sends to their key.
func (t *twin) chosen(s *run, from *process, all []*process) []*process {
	second := false
	switch t.pairing {
	case both, takeover:
		return all
	case halves:
		second = from.number%2 == 1
	case alternate:
		t.turn++
		second = t.turn%2 == 0
	case random:
		second = s.hostility.percent(50)
	}
	for _, p := range all {
		if p.second == second {
			return []*process{p}
		}
	}
	return nil
}
