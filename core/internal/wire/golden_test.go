package wire

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// golden reads testdata/golden.txt: named values in hex.
func golden(t testing.TB) map[string][]byte {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	digits := map[string]string{}
	name := ""
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		if before, after, ok := strings.Cut(line, ":"); ok {
			name, line = before, after
		}
		digits[name] += strings.Join(strings.Fields(line), "")
	}
	values := map[string][]byte{}
	for name, digits := range digits {
		if values[name], err = hex.DecodeString(digits); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	delete(values, "")
	return values
}

// filled returns a hash of one byte.
func filled(b byte) Hash { return Hash(bytes.Repeat([]byte{b}, 32)) }

func TestGolden(t *testing.T) {
	want := golden(t)
	unseen := len(want)
	check := func(name string, got []byte) {
		t.Helper()
		unseen--
		if !bytes.Equal(got, want[name]) {
			t.Errorf("%s:\ngot  %x\nwant %x", name, got, want[name])
		}
	}
	hash := func(name string, got Hash) { t.Helper(); check(name, got[:]) }

	s := NewSection([]byte("golden"))
	hash("section", s.ID)
	creator, other, self := filled(0xc0), filled(0xc1), filled(0x5e)
	bodies := map[string]*Body{
		"opaque":  {Payload: []byte("hello")},
		"add":     {Kind: Add, Peer: other, Info: []byte("why")},
		"remove":  {Kind: Remove, Peer: other},
		"genesis": {Kind: Genesis, Group: []Hash{creator, other}, Info: []byte("begin")},
	}
	for name, b := range bodies {
		encoded := AppendBody(nil, b)
		check(name, encoded)
		hash(name+"-hash", s.Observation(encoded))
	}
	votes := make([]Hash, 17)
	for i := range votes {
		votes[i] = filled(byte(i))
	}
	tree := new(Tree)
	hash("root-of-1", tree.Root(votes[:1]))
	hash("root-of-16", tree.Root(votes[:16]))
	hash("root-of-17", tree.Root(votes))

	hello, add := s.Observation(AppendBody(nil, bodies["opaque"])), s.Observation(AppendBody(nil, bodies["add"]))
	hash("initial", s.Event(&Header{Creator: creator}))
	hash("observing", s.Event(&Header{Cause: Observing, Creator: creator, Index: 1, SelfParent: self, Votes: 1,
		Root: tree.Root([]Hash{hello})}))
	hash("requesting", s.Event(&Header{Cause: Requesting, Creator: creator, Index: 258, SelfParent: self, Recipient: other}))
	for name, cause := range map[string]Cause{"request": Request, "response": Response} {
		hash(name, s.Event(&Header{Cause: cause, Creator: creator, Index: 3, SelfParent: self, OtherParents: []Hash{filled(7)}}))
	}

	m := &Message{
		Kind: KindRequest, Known: 259,
		Creators:     []Creator{{ByNumber: true, Number: 7}, {Key: other}},
		Parents:      []Hash{self, filled(7)},
		Observations: []Observation{{Hash: hello, Body: AppendBody(nil, bodies["opaque"])}, {Hash: add}},
		Votes:        []uint32{0, 1, 1},
		Events: []Event{
			{Creator: 1, Cause: Initial},
			{Creator: 0, Cause: Requesting, Self: Outside(0), Recipient: 1},
			{Creator: 0, Cause: Observing, Self: InMessage(1), First: 0, Count: 2},
			{Creator: 1, Cause: Request, Self: InMessage(0), Others: []Ref{InMessage(2)}, First: 2},
			{Creator: 1, Cause: Observing, Self: InMessage(3), First: 2, Count: 1},
			{Creator: 0, Cause: Response, Self: InMessage(2), Others: []Ref{Outside(1)}, First: 3},
		},
	}
	for i := range m.Events {
		m.Events[i].Signature = [64]byte(bytes.Repeat([]byte{0xe0 + byte(i)}, 64))
	}
	empty := Observation{Hash: s.Observation([]byte{0}), Body: []byte{0}}
	part := *m
	part.Kind, part.Has = KindPartResponse, filled(9)
	messages := map[string]*Message{
		"message": m,
		"part":    &part,
		"ask":     {Kind: KindAsk, Known: 2, Wants: []Hash{hello}},
		"supply":  {Kind: KindSupply, Observations: []Observation{m.Observations[0], empty}},
	}
	for name, m := range messages {
		check(name, Append(nil, m))
		got := new(Message)
		if err := Decode(want[name], s, got); err != nil || !same(m, got) {
			t.Errorf("%s read as\n%+v, want\n%+v (%v)", name, got, m, err)
		}
	}
	check("frame", new(Framer).Seal(nil, s, want["supply"]))

	p := &Proof{
		Section: s.ID, Header: Header{Cause: Observing, Creator: creator, Index: 9, SelfParent: self, Votes: 17},
		Position: 16, Observation: votes[16], Path: tree.Path(votes, 16),
		Signature: [64]byte(bytes.Repeat([]byte{0xab}, 64)),
	}
	check("proof", p.Append(nil))
	id, ok := p.ID()
	if !ok {
		t.Error("the proof has no id")
	}
	hash("proof-id", id)
	if unseen != 0 {
		t.Errorf("golden.txt has %d values that were not compared", unseen)
	}
}
