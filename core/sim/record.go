package sim

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parsec/core"
	"parsec/core/recording"
)

// Recording returns the largest graph of an honest member, in the order in which that inserted it, as a recording
// that can be replayed without any node. Its blocks are those that the graph decides. It has the concrete coin only
// where a coin was tossed; else the coin makes no difference.
func (r *Result) Recording() (rec *recording.Recording, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the graph cannot be replayed: %v", p)
		}
	}()
	var n *core.Node
	for _, p := range r.run.processes {
		if p.honest && p.node != nil && (n == nil || p.node.Len() > n.Len()) {
			n = p.node
		}
	}
	if n == nil {
		return nil, errors.New("no honest member is up")
	}
	b := newRecorder(r, n)
	for i := range n.Len() {
		b.add(core.EventIndex(i))
	}
	return b.rec, b.decide()
}

// recorder turns a node's graph into a recording, which numbers peers by identity and has one vote an event.
type recorder struct {
	rec    *recording.Recording
	node   *core.Node
	number map[core.Identity]core.PeerIndex
	peers  []core.Identity // of the node, by number
	place  []int32         // by event of the node: its place, or that of its last vote
}

func newRecorder(r *Result, n *core.Node) *recorder {
	b := &recorder{
		rec:   &recording.Recording{Name: fmt.Sprintf("sim-%s-%d", r.Scenario, r.Seed), Mode: r.Mode, Coin: recording.RoundParity},
		node:  n,
		peers: n.Peers(), number: make(map[core.Identity]core.PeerIndex),
	}
	if r.run.plan.coin == core.ConcreteCoin && n.Stats().Tosses > 0 {
		b.rec.Coin = recording.Concrete
	}
	all := slices.Clone(b.peers)
	for i := range n.Len() {
		if n.EventAt(core.EventIndex(i)).Cause == core.Requesting {
			all = append(all, n.RecipientAt(core.EventIndex(i)))
		}
	}
	for i := range n.Observations() {
		if o := n.ObservationAt(core.ObservationIndex(i)); o.Kind == core.Add || o.Kind == core.Remove {
			all = append(all, o.Peer)
		}
	}
	slices.SortFunc(all, order)
	for i, id := range slices.Compact(all) {
		b.number[id] = core.PeerIndex(i)
		b.rec.Peers = append(b.rec.Peers, hex.EncodeToString(id[:]))
	}
	for _, id := range r.run.founders {
		b.rec.Genesis = append(b.rec.Genesis, b.number[id])
	}
	slices.Sort(b.rec.Genesis)
	for i := range n.Observations() {
		o := n.ObservationAt(core.ObservationIndex(i))
		out := recording.Observation{ID: o.Hash, Kind: o.Kind}
		switch o.Kind {
		case core.Genesis:
			out.Group = b.rec.Genesis
		case core.Opaque:
			out.Payload = strings.ToValidUTF8(string(o.Payload), "?")
		default:
			out.Peer = b.number[o.Peer]
		}
		b.rec.Observations = append(b.rec.Observations, out)
	}
	return b
}

// add appends event i of the node.
func (b *recorder) add(i core.EventIndex) {
	ev := b.node.EventAt(i)
	const none = recording.None
	out := recording.Event{
		Creator: b.number[b.peers[ev.Creator]], Cause: ev.Cause, SelfParent: none, OtherParent: none, Observation: none, Recipient: none,
	}
	if ev.Cause != core.Initial {
		out.SelfParent = b.place[ev.SelfParent]
	}
	switch ev.Cause {
	case core.Request, core.Response:
		out.OtherParent = b.place[ev.OtherParents[0]]
	case core.Requesting:
		out.Recipient = int32(b.number[b.node.RecipientAt(i)])
	case core.Observing:
		out.Observation = int32(ev.Observation)
		for _, o := range ev.Further {
			b.rec.Events = append(b.rec.Events, out)
			out.SelfParent, out.Observation = int32(len(b.rec.Events)-1), int32(o)
		}
	}
	out.Odd = b.rec.Coin == recording.Concrete && ev.Hash[len(ev.Hash)-1]&1 == 1
	b.rec.Events = append(b.rec.Events, out)
	b.place = append(b.place, int32(len(b.rec.Events)-1))
}

// decide fills in the blocks.
func (b *recorder) decide() error {
	e, err := b.rec.Engine()
	if err != nil {
		return err
	}
	for i := range b.rec.Events {
		if _, err := b.rec.Insert(e, i); err != nil {
			return fmt.Errorf("event %d: %w", i, err)
		}
		for _, d := range e.Blocks() {
			// The engine's voters are in order of identity, which here is that of numbers.
			b.rec.Blocks = append(b.rec.Blocks, recording.Block{Observation: d.Observation, Voters: slices.Clone(d.Voters), At: d.At})
		}
	}
	return nil
}
