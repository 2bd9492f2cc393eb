package attack

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"parsec/core"
	"parsec/core/internal/forge"
	"parsec/core/internal/wire"
	"parsec/core/node/internal/batch"
	"parsec/core/node/internal/transport"
)

// crewOf returns a crew with the last keys of the section for its first node, and that node.
func crewOf(t *testing.T, target, members int) (*crew, *core.Node) {
	t.Helper()
	s, seeds := section()
	c := Config{Section: s}
	for i := range len(seeds) - members {
		c.Targets = append(c.Targets, Target{ID: s.Genesis[i]})
	}
	for _, seed := range seeds[len(seeds)-members:] {
		c.Members = append(c.Members, Member{Seed: seed})
	}
	w, err := c.newCrew(target)
	if err != nil {
		t.Fatal(err)
	}
	node, err := core.Recover(core.NodeConfig{Seed: seeds[target], Section: s}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range members {
		handle(t, w, node, i, w.opening(i))
	}
	return w, node
}

// handle gives a node a message of a member, and returns what it makes of it.
func handle(t *testing.T, w *crew, node *core.Node, member int, m *wire.Message) error {
	t.Helper()
	err := node.Handle(core.Identity(w.tips[member].By), w.Seal(nil, m))
	node.Ready()
	node.Advance()
	return err
}

// What a script sends is what it says it is: read by a node as a message of the section, and never the same twice.
func TestScripts(t *testing.T) {
	for _, c := range []struct {
		kind   Kind
		script func(*crew) script
		events int   // of a message
		want   error // of a node that knows nothing but the members' first events; nil: it takes it
	}{
		{Hidden, hidden, 5, core.ErrUnknownPeer},
		{Merged, merged, 2, nil}, // it opens with a fork
		{Nested, nested, 8, nil},
		{Branches, branches, 2, nil},
		{Withheld, withheld, 2, core.ErrMissingPayload},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			w, node := crewOf(t, 0, 2)
			s := c.script(w)
			if c.kind == Nested {
				s.next() // of the first member: nothing is below it
			}
			member, m := s.next()
			for c.kind == Nested && member != 1 {
				member, m = s.next()
			}
			if len(m.Events) != c.events {
				t.Errorf("%d events", len(m.Events))
			}
			before := node.Len()
			err := handle(t, w, node, member, m)
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if taken := node.Len() - before; c.want == nil && taken < c.events {
				t.Errorf("%d events were taken", taken)
			}
			_, next := s.next()
			if bytes.Equal(wire.Append(nil, m), wire.Append(nil, next)) {
				t.Error("the same again")
			}
		})
	}
}

// A hundred branches are in each message of merged, once the fork is open.
func TestMerged(t *testing.T) {
	w, _ := crewOf(t, 0, 2)
	s := merged(w)
	s.next()
	s.next()
	member, m := s.next()
	if member != 1 || len(m.Events) != 100*4-1 || len(m.Observations) != 100 {
		t.Errorf("member %d, %d events, %d observations", member, len(m.Events), len(m.Observations))
	}
}

// No two targets are sent the same branch; those that are no victims get none before it is time.
func TestTargetsDiffer(t *testing.T) {
	var sent [2][]byte
	for i := range sent {
		w, _ := crewOf(t, i, 1)
		_, m := branches(w).next()
		sent[i] = wire.Append(nil, m)
	}
	if bytes.Equal(sent[0], sent[1]) {
		t.Error("two targets are sent the same branch")
	}
	w, _ := crewOf(t, 1, 1)
	for _, f := range []func(*crew) script{hidden, lesson} {
		s := f(w)
		w.opens = 1 << 50
		if _, m := s.next(); m != nil {
			t.Error("a branch before its time")
		}
		w.opens = 0
		if _, m := s.next(); m == nil || m.Kind != wire.KindRequest {
			t.Error("no branch when it is time")
		}
	}
}

// A learning node's question is answered with its nonce, and with more branches than a graph has room for.
func TestLesson(t *testing.T) {
	w, _ := crewOf(t, 0, 1)
	s := lesson(w)
	if s.heard(0, &wire.Message{Kind: wire.KindRequest}) != nil {
		t.Error("an answer to a request")
	}
	m := s.heard(0, &wire.Message{Kind: wire.KindLearn, Nonce: wire.Hash{5}})
	if m == nil || m.Kind != wire.KindTeach || m.Nonce != (wire.Hash{5}) || len(m.Events) != enough+2 {
		t.Fatalf("%+v", m)
	}
	if _, err := w.Open(w.Seal(nil, m)); err != nil {
		t.Error(err)
	}
}

// Questions are of a node that learns, and a node answers the first of them.
func TestQuestions(t *testing.T) {
	w, node := crewOf(t, 0, 1)
	_, m := questions(w).next()
	if err := node.Handle(core.Identity(w.tips[0].By), w.Seal(nil, m)); err != nil {
		t.Fatal(err)
	}
	if out := node.Ready().Messages; len(out) != 1 {
		t.Errorf("%d answers", len(out))
	}
	node.Advance()
}

// What is voted for in place of a payload has the same ids, as much data, and other data.
func TestOtherData(t *testing.T) {
	ids := []batch.ID{{1}, {2}, {3}}
	data := []string{"", "some", "and somewhat more"}
	payload := batch.Begin(nil, batch.Salt{1})
	for i := range ids {
		payload = batch.Append(payload, &ids[i], 7, []byte(data[i]))
	}
	entries, n := batch.Entries(otherData(payload))
	if n != len(ids) {
		t.Fatalf("%d entries", n)
	}
	for i := range ids {
		e, rest, err := batch.Next(entries)
		if err != nil || *e.ID != ids[i] || e.Until != 7 || string(e.Data) == data[i] || len(e.Data) != max(1, len(data[i])) {
			t.Errorf("entry %d: %x %q, %v", i, *e.ID, e.Data, err)
		}
		entries = rest
	}
	if otherData([]byte("nothing of this kind")) != nil {
		t.Error("other data for what has none")
	}
}

// A member that hears of a payload votes for another.
func TestRebinder(t *testing.T) {
	s, seeds := section()
	c := Config{Section: s, Targets: []Target{{ID: s.Genesis[0]}}}
	node, _, err := c.founded(Member{Seed: seeds[3]})
	if err != nil {
		t.Fatal(err)
	}
	r := &rebinder{node: node, section: wire.SectionOf(node.SectionID()), seen: map[wire.Hash]bool{}}
	l, err := c.connect(Member{Seed: seeds[3]}, nil, func(*links, core.Identity, []byte) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	f := forge.New(wire.Hash(node.SectionID()))
	first := f.Initial(f.Hold(seeds[0]))
	payload := batch.Append(batch.Begin(nil, batch.Salt{2}), &batch.ID{9}, 7, []byte("what somebody submitted"))
	vote := f.Vote(first, forge.Opaque(payload))
	r.take(l, s.Genesis[0], f.Seal([]byte{prefixCore}, f.Message(wire.KindRequest, first, vote, f.Ask(vote, s.Genesis[3]))))
	var voted [][]byte
	for i := range node.Observations() {
		if o := node.ObservationAt(core.ObservationIndex(i)); o.Kind == core.Opaque {
			voted = append(voted, o.Payload)
		}
	}
	if len(voted) != 2 || !slices.ContainsFunc(voted, func(p []byte) bool { return bytes.Equal(p, otherData(payload)) }) {
		t.Errorf("payloads that it knows of: %q", voted)
	}
}

// Each kind runs against a real transport: frames reach the target, and it ends when it is told to.
func TestKinds(t *testing.T) {
	for _, a := range Kinds() {
		if a.Kind == Stranger || a.Kind == Noise {
			continue // TestStranger, TestNoise
		}
		t.Run(string(a.Kind), func(t *testing.T) {
			s, seeds := section()
			v := newVictim(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var n Counts
			var err error
			done := make(chan struct{})
			go func() {
				defer close(done)
				n, err = Run(ctx, a.Kind, Config{Targets: []Target{{core.Identity(v.ID()), v.Addr()}}, Section: s, Members: []Member{{Seed: seeds[3]}}, Random: 1})
			}()
			v.await(t, "frames", func() bool { return v.handled+v.refused > 3 })
			cancel()
			<-done
			if err != nil || n.Frames == 0 || n.Bytes == 0 {
				t.Errorf("%+v, %v", n, err)
			}
		})
	}
}

// What cannot be is refused before anything is sent.
func TestWrongConfig(t *testing.T) {
	s, seeds := section()
	target, member := []Target{{s.Genesis[0], "127.0.0.1:1"}}, []Member{{Seed: seeds[3]}}
	for _, c := range []struct {
		what string
		kind Kind
		c    Config
	}{
		{"no such kind", "loud", Config{Targets: target, Section: s, Members: member}},
		{"nobody to attack", Hidden, Config{Section: s, Members: member}},
		{"no member", Hidden, Config{Targets: target, Section: s}},
		{"a member of no section", Greedy, Config{Targets: target, Section: s, Members: []Member{{Seed: [32]byte{99}}}}},
		{"an address that is in use", Slow, Config{Targets: target, Section: s, Members: []Member{{seeds[3], taken(t)}}}},
		{"likewise", Hidden, Config{Targets: target, Section: s, Members: []Member{{seeds[3], taken(t)}}}},
	} {
		if _, err := Run(t.Context(), c.kind, c.c); err == nil {
			t.Errorf("%s: no error", c.what)
		}
	}
}

// taken returns an address that something listens at.
func taken(t *testing.T) string {
	t.Helper()
	other, err := transport.Listen(transport.Config{Seed: [32]byte{77}, Listen: "127.0.0.1:0",
		Allowed: func(transport.ID) bool { return false }, Deliver: func(transport.ID, []byte) {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Close)
	return other.Addr()
}
