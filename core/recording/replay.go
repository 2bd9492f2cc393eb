package recording

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"parsec/core"
)

// Engine returns an engine that knows the recording's peers and observations and has no events yet. Peer
// and observation numbers are those of the recording.
func (r *Recording) Engine() (*core.Engine, error) {
	cfg := core.Config{
		Mode:    r.Mode,
		Rules:   r.Rules,
		Coin:    core.PredictableRoundParityCoin,
		Peers:   make([]core.Identity, len(r.Peers)),
		Genesis: r.Genesis,
	}
	if r.Coin == Concrete {
		cfg.Coin = core.ConcreteCoin
	}
	for i := range cfg.Peers {
		if r.Coin == Concrete {
			if _, err := hex.Decode(cfg.Peers[i][:], []byte(r.Peers[i])); err != nil {
				return nil, fmt.Errorf("peer %d: %w", i, err)
			}
			continue
		}
		binary.BigEndian.PutUint32(cfg.Peers[i][:], uint32(i))
	}
	e, err := core.NewEngine(cfg)
	if err != nil {
		return nil, err
	}
	for i, o := range r.Observations {
		if _, err := e.AddObservation(core.Observation{Hash: o.ID, Kind: o.Kind, Peer: o.Peer}); err != nil {
			return nil, fmt.Errorf("observation %d: %w", i, err)
		}
	}
	return e, nil
}

// Insert inserts event i into e, which [Recording.Engine] made and which has the events before it. It allocates nothing
// of its own.
func (r *Recording) Insert(e *core.Engine, i int) (core.EventIndex, error) {
	ev := &r.Events[i]
	others := [1]core.EventIndex{core.EventIndex(ev.OtherParent)} // ignored by causes without
	return e.Insert(ev.event(others[:]))
}

// Event returns event i as an engine takes it. The list of its other-parents, if it has any, is the caller's: an
// allocation, which [Recording.Insert] does without.
func (r *Recording) Event(i int) core.Event {
	ev := &r.Events[i]
	if ev.OtherParent == None {
		return ev.event(nil)
	}
	return ev.event([]core.EventIndex{core.EventIndex(ev.OtherParent)})
}

// event returns the event with these other-parents.
func (ev *Event) event(others []core.EventIndex) core.Event {
	bit := byte(0)
	if ev.Odd {
		bit = 1
	}
	return core.Event{
		Creator:      ev.Creator,
		Cause:        ev.Cause,
		SelfParent:   core.EventIndex(ev.SelfParent),
		OtherParents: others,
		Observation:  core.ObservationIndex(ev.Observation),
		Hash:         core.Hash{31: bit},
	}
}

// Difference is the first place where the blocks that come out are not the recorded ones.
type Difference struct {
	Block int    // its number
	Want  *Block // nil if none was to come
	Got   *Block // nil if none came
}

func (d *Difference) String() string {
	show := func(b *Block) string {
		if b == nil {
			return "no block"
		}
		return fmt.Sprintf("observation %d by voters %v at event %d", b.Observation, b.Voters, b.At)
	}
	return fmt.Sprintf("block %d: want %s, got %s", d.Block, show(d.Want), show(d.Got))
}

// Replay inserts all events into e, which [Recording.Engine] made, and compares the blocks that come out
// with the recorded ones as they come. It returns how many came out, and the first difference, nil if all
// are equal. It allocates nothing but where there is a difference.
func (r *Recording) Replay(e *core.Engine) (blocks int, diff *Difference, err error) {
	for i := range r.Events {
		if _, err := r.Insert(e, i); err != nil {
			return blocks, diff, fmt.Errorf("event %d: %w", i, err)
		}
		for _, got := range e.Blocks() {
			if diff == nil {
				diff = r.compare(blocks, &got)
			}
			blocks++
		}
	}
	if diff == nil && blocks < len(r.Blocks) {
		diff = &Difference{Block: blocks, Want: &r.Blocks[blocks]}
	}
	return blocks, diff, nil
}

func (r *Recording) compare(i int, got *core.Block) *Difference {
	if i < len(r.Blocks) {
		want := &r.Blocks[i]
		if want.Observation == got.Observation && want.At == got.At && slices.Equal(want.Voters, got.Voters) {
			return nil
		}
	}
	d := &Difference{Block: i, Got: &Block{got.Observation, slices.Clone(got.Voters), got.At}}
	if i < len(r.Blocks) {
		d.Want = &r.Blocks[i]
	}
	return d
}
