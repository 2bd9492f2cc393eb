package recording

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"parsec/core"
)

// Validate reports whether r is a recording that can be written, read and replayed. The error is of type
// [*Error] and wraps [ErrInvalid]; it tells of the first thing that is wrong, in this order:
//
//   - counts and sizes are within the limits ([MaxPeers] and the others), all text is UTF-8, mode, rules,
//     coin, kinds and causes are those of the format, and fields without a use are zero or [None];
//   - names of peers differ, and so do ids of observations; with the coin Concrete, names are identities, ascending;
//   - genesis is ascending and not empty; at most one observation is of kind genesis, and its group is
//     the same;
//   - an event's parents come before it, and its self-parent is by its creator;
//   - a block's voters are ascending, and at never decreases. There may be no voters: in Single mode
//     what a peer that is no voter votes for is decided too;
//   - every number of a peer, observation or event is of one that exists.
//
// It does not ask whether the blocks are the ones that the graph decides: replay does. Nor does it ask
// whether an honest member would have made the events: one that forks may begin twice or have its own
// other branch as other-parent.
//
// Time is linear. While it runs it takes about 100 bytes of memory for an observation.
func (r *Recording) Validate() error {
	if err := r.check(); err != nil {
		return err
	}
	return nil
}

// wrong makes the error of a check; part is empty for the recording as a whole.
func wrong(part string, index int, format string, args ...any) *Error {
	return &Error{Part: part, Index: index, Reason: fmt.Sprintf(format, args...), Err: ErrInvalid}
}

func (r *Recording) check() *Error {
	for _, part := range []func() *Error{r.checkHead, r.checkObservations, r.checkEvents, r.checkBlocks} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// badName says what is wrong with a name, or nothing.
func badName(name string) string {
	switch {
	case name == "":
		return "is empty"
	case len(name) > MaxName:
		return fmt.Sprintf("is longer than %d bytes", MaxName)
	case !utf8.ValidString(name):
		return "is not UTF-8"
	}
	return ""
}

func (r *Recording) checkHead() *Error {
	if bad := badName(r.Name); bad != "" {
		return wrong("", 0, "its name %s", bad)
	}
	if r.Mode != core.Supermajority && r.Mode != core.Single {
		return wrong("", 0, "unknown mode %v", r.Mode)
	}
	if r.Rules != core.RFC0049 && r.Rules != core.Crate073 {
		return wrong("", 0, "unknown rules %v", r.Rules)
	}
	if r.Coin != RoundParity && r.Coin != Concrete {
		return wrong("", 0, "unknown coin %s", quote(r.Coin))
	}
	for _, list := range []struct {
		what     string
		has, max int
	}{
		{"peers", len(r.Peers), MaxPeers},
		{"observations", len(r.Observations), MaxObservations},
		{"events", len(r.Events), MaxEvents},
		{"blocks", len(r.Blocks), MaxBlocks},
	} {
		if list.has > list.max {
			return wrong("", 0, "%d %s, and %d is the most there may be", list.has, list.what, list.max)
		}
	}
	first := make(map[string]int, len(r.Peers))
	for i, name := range r.Peers {
		if bad := badName(name); bad != "" {
			return wrong("peer", i, "the name %s", bad)
		}
		if j, ok := first[name]; ok {
			return wrong("peer", i, "has the name of peer %d, %s", j, quote(name))
		}
		first[name] = i
		if r.Coin == Concrete {
			if !isIdentity(name) {
				return wrong("peer", i, "the name is not 64 lower-case hex digits")
			}
			if i > 0 && name < r.Peers[i-1] {
				return wrong("peer", i, "its identity comes before that of peer %d", i-1)
			}
		}
	}
	if len(r.Genesis) == 0 {
		return wrong("", 0, "genesis is empty")
	}
	if bad := r.badList(r.Genesis); bad != "" {
		return wrong("", 0, "genesis %s", bad)
	}
	return nil
}

// isIdentity reports whether a name is an identity, in the one way to write it.
func isIdentity(name string) bool {
	return len(name) == 2*len(core.Identity{}) && strings.Trim(name, "0123456789abcdef") == ""
}

// badList says what is wrong with a list of peers, or nothing.
func (r *Recording) badList(list []core.PeerIndex) string {
	for i, p := range list {
		if int(p) >= len(r.Peers) {
			return fmt.Sprintf("has peer %d, and there are %d", p, len(r.Peers))
		}
		if i > 0 && p <= list[i-1] {
			return fmt.Sprintf("is not ascending: %d comes after %d", p, list[i-1])
		}
	}
	return ""
}

func (r *Recording) checkObservations() *Error {
	genesis := -1
	first := make(map[core.Hash]int, len(r.Observations))
	for i := range r.Observations {
		o := &r.Observations[i]
		if bad := r.badObservation(o); bad != "" {
			return wrong("observation", i, "%s", bad)
		}
		if j, ok := first[o.ID]; ok {
			return wrong("observation", i, "has the id of observation %d", j)
		}
		first[o.ID] = i
		if o.Kind == core.Genesis {
			if genesis >= 0 {
				return wrong("observation", i, "is genesis, and so is observation %d", genesis)
			}
			genesis = i
		}
	}
	return nil
}

// badObservation says what is wrong with o alone, or nothing.
func (r *Recording) badObservation(o *Observation) string {
	var group, peer, malice, payload bool // which fields its kind has
	switch o.Kind {
	case core.Genesis:
		group = true
	case core.Add, core.Remove:
		peer = true
	case core.Accusation:
		peer, malice = true, true
	case core.Opaque:
		payload = true
	default:
		return fmt.Sprintf("unknown kind %v", o.Kind)
	}
	if !group && len(o.Group) > 0 || !peer && o.Peer != 0 || !malice && o.Malice != "" || !payload && o.Payload != "" {
		return fmt.Sprintf("has a field that kind %v has no use for", o.Kind)
	}
	if group && !slices.Equal(o.Group, r.Genesis) {
		return "its group is not the recording's genesis"
	}
	if peer && int(o.Peer) >= len(r.Peers) {
		return fmt.Sprintf("peer %d does not exist: there are %d", o.Peer, len(r.Peers))
	}
	if malice {
		if bad := badName(o.Malice); bad != "" {
			return "the malice " + bad
		}
	}
	if len(o.Payload) > MaxPayload {
		return fmt.Sprintf("the payload is longer than %d bytes", MaxPayload)
	}
	if !utf8.ValidString(o.Payload) {
		return "the payload is not UTF-8"
	}
	return ""
}

func (r *Recording) checkEvents() *Error {
	for i := range r.Events {
		e := &r.Events[i]
		if bad := r.badEvent(i, e); bad != "" {
			return wrong("event", i, "%s", bad)
		}
	}
	return nil
}

// badEvent says what is wrong with e, the event at place i, or nothing. The events before it are known
// to be right.
func (r *Recording) badEvent(i int, e *Event) string {
	if int(e.Creator) >= len(r.Peers) {
		return fmt.Sprintf("creator %d does not exist: there are %d peers", e.Creator, len(r.Peers))
	}
	var self, other, observation, recipient bool // which fields its cause has
	switch e.Cause {
	case core.Initial:
	case core.Observing:
		self, observation = true, true
	case core.Requesting:
		self, recipient = true, true
	case core.Request, core.Response:
		self, other = true, true
	default:
		return fmt.Sprintf("unknown cause %v", e.Cause)
	}
	if !self && e.SelfParent != None || !other && e.OtherParent != None ||
		!observation && e.Observation != None || !recipient && e.Recipient != None {
		return fmt.Sprintf("has a field that cause %q has no use for", e.Cause)
	}
	if e.Odd && r.Coin != Concrete {
		return fmt.Sprintf("has the bit of an id, which coin %q has no use for", r.Coin)
	}
	if self {
		if e.SelfParent < 0 || int(e.SelfParent) >= i {
			return fmt.Sprintf("self-parent %d does not come before it", e.SelfParent)
		}
		if by := r.Events[e.SelfParent].Creator; by != e.Creator {
			return fmt.Sprintf("self-parent %d is by peer %d, not by the creator %d", e.SelfParent, by, e.Creator)
		}
	}
	if other {
		if e.OtherParent < 0 || int(e.OtherParent) >= i {
			return fmt.Sprintf("other-parent %d does not come before it", e.OtherParent)
		}
	}
	if observation && (e.Observation < 0 || int(e.Observation) >= len(r.Observations)) {
		return fmt.Sprintf("observation %d does not exist: there are %d", e.Observation, len(r.Observations))
	}
	if recipient && (e.Recipient < 0 || int(e.Recipient) >= len(r.Peers)) {
		return fmt.Sprintf("recipient %d does not exist: there are %d peers", e.Recipient, len(r.Peers))
	}
	return ""
}

func (r *Recording) checkBlocks() *Error {
	var at core.EventIndex
	for i := range r.Blocks {
		b := &r.Blocks[i]
		if int64(b.Observation) >= int64(len(r.Observations)) {
			return wrong("block", i, "observation %d does not exist: there are %d", b.Observation, len(r.Observations))
		}
		if bad := r.badList(b.Voters); bad != "" {
			return wrong("block", i, "voters %s", bad)
		}
		if int64(b.At) >= int64(len(r.Events)) {
			return wrong("block", i, "at %d is no event: there are %d", b.At, len(r.Events))
		}
		if b.At < at {
			return wrong("block", i, "at %d comes before %d, that of the block before", b.At, at)
		}
		at = b.At
	}
	return nil
}
