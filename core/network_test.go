package core_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"parsec/core"
)

// network is some nodes and the messages between them, for tests of nodes. The simulator has all that this lacks.
type network struct {
	t       testing.TB
	r       *rand.Rand
	section core.Section
	nodes   map[core.Identity]*member
	order   []*member
	queue   []parcel
	lose    float64 // share of messages that are lost
	sloppy  bool    // errors of Handle are no failures
}

type member struct {
	*core.Node
	cfg     core.NodeConfig
	records [][]byte
	blocks  []core.Decided
	seen    []string       // blocks as text
	open    []core.Content // proposals, as they came
	errs    []error
}

type parcel struct {
	from, to core.Identity
	frame    []byte
}

func seedOf(i int) (seed [32]byte) {
	seed[0], seed[1], seed[2] = byte(i), byte(i>>8), 77
	return seed
}

// newNetwork returns a section of so many founders.
func newNetwork(t testing.TB, mode core.Mode, founders int, seed uint64) *network {
	w := &network{t: t, r: rand.New(rand.NewPCG(seed, 1)), nodes: map[core.Identity]*member{}}
	w.section = core.Section{Name: t.Name(), Mode: mode}
	for i := range founders {
		w.section.Genesis = append(w.section.Genesis, core.IdentityOf(seedOf(i)))
	}
	for i := range founders {
		w.add(core.Start(core.NodeConfig{Seed: seedOf(i), Section: w.section}))
		w.order[i].cfg = core.NodeConfig{Seed: seedOf(i), Section: w.section}
	}
	return w
}

func (w *network) add(n *core.Node, err error) *member {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	m := &member{Node: n}
	w.nodes[n.Identity()] = m
	w.order = append(w.order, m)
	return m
}

// join adds node number i, which asks the contacts.
func (w *network) join(i int, contacts ...core.Identity) *member {
	w.t.Helper()
	cfg := core.NodeConfig{Seed: seedOf(i), Section: w.section, Contacts: contacts}
	n, err := core.Join(cfg)
	m := w.add(n, err)
	m.cfg = cfg
	return m
}

// carry does what a node wants done; messages are queued.
func (w *network) carry(m *member) {
	todo := m.Ready()
	if len(todo.Record) > 0 {
		m.records = append(m.records, bytes.Clone(todo.Record))
	}
	for _, out := range todo.Messages {
		if w.r.Float64() >= w.lose {
			w.queue = append(w.queue, parcel{m.Identity(), out.To, bytes.Clone(out.Frame)})
		}
	}
	for _, b := range todo.Blocks {
		b.Voters = slices.Clone(b.Voters)
		m.blocks = append(m.blocks, b)
		m.seen = append(m.seen, fmt.Sprintf("%d %v %x %q %x", b.Number, b.Kind, b.Hash, b.Payload, b.By))
	}
	m.open = append(m.open, todo.Proposals...)
	m.Advance()
}

// deliver delivers what is queued, and what comes of it, in order.
func (w *network) deliver() {
	w.t.Helper()
	for len(w.queue) > 0 {
		p := w.queue[0]
		w.queue = w.queue[1:]
		m := w.nodes[p.to]
		if m == nil {
			continue
		}
		if err := m.Handle(p.from, p.frame); err != nil {
			m.errs = append(m.errs, err)
			if !w.sloppy && !errors.Is(err, core.ErrDuplicateMessage) && !errors.Is(err, core.ErrMissingPayload) {
				w.t.Fatalf("node %x on a message of node %x: %v", p.to[:2], p.from[:2], err)
			}
		}
		w.carry(m)
	}
}

// gossip lets one node ask another, and delivers all that comes of it.
func (w *network) gossip(m *member) {
	w.t.Helper()
	to := m.Recipients()
	if len(to) == 0 {
		return
	}
	if err := m.Gossip(to[w.r.IntN(len(to))]); err != nil {
		w.t.Fatal(err)
	}
	w.carry(m)
	w.deliver()
}

// run lets random nodes gossip so many times.
func (w *network) run(times int) {
	w.t.Helper()
	for range times {
		w.gossip(w.order[w.r.IntN(len(w.order))])
	}
}

// agree fails unless all nodes' blocks are alike as far as they go, and returns the least number of blocks of the
// voters.
func (w *network) agree() int {
	w.t.Helper()
	least := -1
	for _, m := range w.order {
		for i := range min(len(m.seen), len(w.order[0].seen)) {
			if m.seen[i] != w.order[0].seen[i] {
				w.t.Fatalf("block %d differs:\n%s\n%s", i, m.seen[i], w.order[0].seen[i])
			}
		}
		if m.CanVote() == nil && (least < 0 || len(m.seen) < least) {
			least = len(m.seen)
		}
	}
	return least
}

func TestNetwork(t *testing.T) {
	for _, mode := range []core.Mode{core.Supermajority, core.Single} {
		for _, n := range []int{1, 2, 3, 4, 7} {
			t.Run(fmt.Sprintf("%v/%d", mode, n), func(t *testing.T) {
				w := newNetwork(t, mode, n, uint64(n))
				votes := 0
				for round := range 20 {
					for i, m := range w.order {
						payload := fmt.Appendf(nil, "payload %d of %d", round, i)
						if mode == core.Supermajority {
							payload = fmt.Appendf(nil, "payload %d", round)
						}
						if err := m.Vote(payload); err != nil {
							t.Fatal(err)
						}
						w.carry(m)
						votes++
					}
					w.run(3 * n)
				}
				w.run(40 * n)
				want := 1 + votes
				if mode == core.Supermajority {
					want = 1 + votes/n
				}
				if got := w.agree(); got != want {
					t.Fatalf("%d blocks, want %d", got, want)
				}
				for _, m := range w.order {
					if left := m.Undecided(); len(left) != 0 {
						t.Errorf("undecided: %v", left)
					}
					checkRecovery(t, m)
					checkProofs(t, w, m)
				}
			})
		}
	}
}

// checkRecovery recovers a node from its records, all and some of them.
func checkRecovery(t testing.TB, m *member) {
	t.Helper()
	back, err := core.Recover(m.cfg, stored(m.records))
	if err != nil {
		t.Fatal(err)
	}
	if back.State() != m.State() {
		t.Fatal("the recovered state differs")
	}
	blocks := back.Ready().Blocks
	if len(blocks) != len(m.blocks) {
		t.Fatalf("%d blocks after recovery, want %d", len(blocks), len(m.blocks))
	}
	for i, b := range blocks {
		if b.Number != m.blocks[i].Number || b.Hash != m.blocks[i].Hash || !slices.Equal(b.Voters, m.blocks[i].Voters) {
			t.Fatalf("block %d differs after recovery", i)
		}
	}
	cfg := m.cfg
	cfg.Applied = uint64(len(m.blocks) / 2)
	back, err = core.Recover(cfg, stored(m.records[:len(m.records)*3/4+1]))
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range back.Ready().Blocks {
		if want := m.blocks[int(cfg.Applied)+i]; b.Number != want.Number || b.Hash != want.Hash {
			t.Fatalf("block %d is delivered as %d", want.Number, b.Number)
		}
	}
}

// checkProofs checks a proof for each vote of each block.
func checkProofs(t *testing.T, w *network, m *member) {
	t.Helper()
	section, err := w.section.ID()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range m.blocks {
		for _, v := range b.Voters {
			p, err := m.Proof(b.Hash, v)
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := p.MarshalBinary()
			var q core.Proof
			if err := q.UnmarshalBinary(raw); err != nil {
				t.Fatal(err)
			}
			if err := q.Verify(section, v, b.Hash); err != nil {
				t.Fatal(err)
			}
			if err := q.Verify(section, v, core.Hash{1}); !errors.Is(err, core.ErrUnknownVote) {
				t.Fatalf("it proves a vote for something else: %v", err)
			}
			if b.Kind == core.Opaque && core.PayloadHash(section, b.Payload) != b.Hash {
				t.Fatal("the payload has another hash")
			}
		}
	}
}

func TestLoss(t *testing.T) {
	w := newNetwork(t, core.Single, 5, 3)
	for round := range 60 {
		w.lose = 0.3
		m := w.order[round%5]
		if err := m.Vote(fmt.Appendf(nil, "%d", round), fmt.Appendf(nil, "%d too", round)); err != nil {
			t.Fatal(err)
		}
		w.carry(m)
		w.run(10)
	}
	w.lose = 0
	w.run(200)
	if got := w.agree(); got != 121 {
		t.Fatalf("%d blocks, want 121", got)
	}
	asked := 0
	for _, m := range w.order {
		for _, err := range m.errs {
			if errors.Is(err, core.ErrMissingPayload) {
				asked++
			}
		}
		checkRecovery(t, m)
	}
	if asked == 0 {
		t.Error("no content was asked for")
	}
}

func TestChurn(t *testing.T) {
	w := newNetwork(t, core.Supermajority, 4, 5)
	w.sloppy = true
	vote := func(f func(m *member) error) {
		for _, m := range w.order {
			if m.CanVote() == nil {
				if err := f(m); err != nil && !errors.Is(err, core.ErrPeerState) && !errors.Is(err, core.ErrDuplicateVote) {
					t.Fatal(err)
				}
				w.carry(m)
			}
		}
	}
	round := 0
	load := func(times int) {
		for range times {
			round++
			vote(func(m *member) error { return m.Vote(fmt.Appendf(nil, "%d", round)) })
			w.run(10)
		}
	}
	load(3)
	a := w.join(4, w.section.Genesis[0])
	vote(func(m *member) error { return m.VoteAdd(a.Identity(), nil) })
	load(10)
	if a.CanVote() != nil {
		t.Fatal("the first to join is no voter")
	}
	b, c := w.join(5, w.section.Genesis[1], w.section.Genesis[2]), w.join(6, w.section.Genesis[2], a.Identity())
	vote(func(m *member) error { return m.VoteAdd(b.Identity(), nil) })
	vote(func(m *member) error { return m.VoteAdd(c.Identity(), []byte("info")) })
	load(20)
	if b.CanVote() != nil || c.CanVote() != nil {
		t.Fatal("those who joined at once are no voters")
	}
	vote(func(m *member) error { return m.VoteRemove(w.section.Genesis[0], nil) })
	load(5)
	vote(func(m *member) error { return m.VoteRemove(w.section.Genesis[1], nil) })
	load(20)
	if !errors.Is(w.order[0].CanVote(), core.ErrSelfState) || !errors.Is(w.order[1].CanVote(), core.ErrSelfState) {
		t.Fatal("removed peers may vote")
	}
	d := w.join(7, a.Identity(), b.Identity())
	vote(func(m *member) error { return m.VoteAdd(d.Identity(), nil) })
	load(20)
	if d.CanVote() != nil {
		t.Fatal("who joined through later members is no voter")
	}
	w.run(300)
	for _, m := range w.order {
		if left := m.Undecided(); m.CanVote() == nil && len(left) != 0 {
			t.Errorf("undecided: %d", len(left))
		}
		checkRecovery(t, m)
	}
	w.agree()
}
