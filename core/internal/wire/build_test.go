package wire

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// section is the one that tests use.
var section = NewSection([]byte("a section of tests"))

// random is a source that tests repeat by their seed.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

// rounds returns how often a test tries something that it tries n times in full.
func rounds(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

func randomHash(r *rand.Rand) (h Hash) {
	fill(r, h[:])
	return h
}

func fill(r *rand.Rand, p []byte) {
	for i := range p {
		p[i] = byte(r.Uint32())
	}
}

// table gives each thing that is met a place, in the order of meeting, as senders do.
type table[T comparable] struct {
	places map[T]int
	order  []T
}

func (t *table[T]) place(x T) int {
	if p, ok := t.places[x]; ok {
		return p
	}
	if t.places == nil {
		t.places = map[T]int{}
	}
	t.places[x] = len(t.order)
	t.order = append(t.order, x)
	return len(t.order) - 1
}

// gossip makes a message of n events by so many peers, with payloads of size bytes voted for one to an
// event as many as there are payloads. What it is about is random, but has the shape of honest gossip.
func gossip(r *rand.Rand, n, peers, payloads, size int) *Message {
	m := &Message{Kind: KindRequest, Known: uint32(peers)}
	keys := make([]Hash, peers)
	last := make([]Ref, peers) // 0 for a parent outside
	for i := range keys {
		keys[i] = randomHash(r)
	}
	var creators table[int]
	var parents table[Hash]
	parent := func(p int) Ref {
		if last[p] == 0 {
			return Outside(parents.place(keys[p])) // any hash will do
		}
		return last[p]
	}
	for i := range n {
		p := r.IntN(peers)
		e := Event{Creator: uint16(creators.place(p)), First: uint32(len(m.Votes))}
		fill(r, e.Signature[:])
		switch {
		case (i+1)*payloads/n > i*payloads/n:
			e.Cause, e.Self, e.Count = Observing, parent(p), 1
			m.Votes = append(m.Votes, uint32(len(m.Observations)))
			body := Body{Payload: make([]byte, size)}
			fill(r, body.Payload)
			o := Observation{Body: AppendBody(nil, &body)}
			o.Hash = section.Observation(o.Body)
			m.Observations = append(m.Observations, o)
		case i%3 == 0:
			e.Cause, e.Self, e.Recipient = Requesting, parent(p), uint16(creators.place(r.IntN(peers)))
		case last[p] == 0 && i%8 == 1:
			e.Cause = Initial
		default:
			e.Cause, e.Self, e.Others = Request+Cause(i%2), parent(p), []Ref{parent(r.IntN(peers))}
		}
		last[p] = InMessage(i)
		m.Events = append(m.Events, e)
	}
	for _, p := range creators.order {
		if p%4 == 3 {
			m.Creators = append(m.Creators, Creator{Key: keys[p]})
		} else {
			m.Creators = append(m.Creators, Creator{ByNumber: true, Number: uint32(p)})
		}
	}
	m.Parents = parents.order
	return m
}

// randomMessage makes a message of any kind, with whatever may be in it.
func randomMessage(r *rand.Rand) *Message {
	m := &Message{Kind: MessageKind(1 + r.IntN(8)), Known: r.Uint32() >> r.IntN(32)}
	switch m.Kind {
	case KindAsk:
		for range 1 + r.IntN(5) {
			m.Wants = append(m.Wants, randomHash(r))
		}
		return m
	case KindLearn:
		m.Nonce = randomHash(r)
		for range r.IntN(MaxTold + 1) {
			m.Wants = append(m.Wants, randomHash(r))
		}
		return m
	case KindTeach:
		m.Nonce, m.More = randomHash(r), r.IntN(2) == 0
	case KindPartRequest, KindPartResponse:
		m.Has = randomHash(r)
	case KindSupply:
		for range 1 + r.IntN(5) {
			m.Observations = append(m.Observations, randomObservation(r, true))
		}
		return m
	}
	head := *m
	m = gossip(r, 1+r.IntN(40), 1+r.IntN(300), 0, 0)
	m.Kind, m.Known, m.Nonce, m.More, m.Has = head.Kind, head.Known, head.Nonce, head.More, head.Has
	for range r.IntN(30) {
		m.Observations = append(m.Observations, randomObservation(r, r.IntN(2) == 0))
	}
	unused := len(m.Observations)
	for i := range m.Events {
		e := &m.Events[i]
		e.First = uint32(len(m.Votes))
		if unused == 0 || e.Cause != Request {
			continue
		}
		e.Cause, e.Others = Observing, nil
		for _, place := range r.Perm(len(m.Observations))[:1+r.IntN(len(m.Observations))] {
			m.Votes = append(m.Votes, uint32(place))
			e.Count++
		}
	}
	return prune(m)
}

func randomObservation(r *rand.Rand, body bool) Observation {
	if !body {
		return Observation{Hash: randomHash(r)}
	}
	b := AppendBody(nil, randomBody(r))
	return Observation{Hash: section.Observation(b), Body: b}
}

func randomBody(r *rand.Rand) *Body {
	b := &Body{Kind: Kind(r.IntN(4))}
	some := func() []byte {
		p := make([]byte, r.IntN(200))
		fill(r, p)
		return p
	}
	switch b.Kind {
	case Opaque:
		b.Payload = some()
		return b
	case Genesis:
		for range 1 + r.IntN(8) {
			b.Group = append(b.Group, randomHash(r))
		}
		slices.SortFunc(b.Group, func(x, y Hash) int { return slices.Compare(x[:], y[:]) })
	default:
		b.Peer = randomHash(r)
	}
	b.Info = some()
	return b
}

// prune takes out of m what no event uses, so that it keeps the rules.
func prune(m *Message) *Message {
	var creators, parents, observations table[int]
	ref := func(r Ref) Ref {
		if p, ok := r.Parent(); ok {
			return Outside(parents.place(p))
		}
		return r
	}
	for i := range m.Events {
		e := &m.Events[i]
		e.Creator, e.Self = uint16(creators.place(int(e.Creator))), ref(e.Self)
		for k := range e.Others {
			e.Others[k] = ref(e.Others[k])
		}
		if e.Cause == Requesting {
			e.Recipient = uint16(creators.place(int(e.Recipient)))
		}
	}
	for i, v := range m.Votes {
		m.Votes[i] = uint32(observations.place(int(v)))
	}
	m.Creators = pick(m.Creators, creators.order)
	m.Parents = pick(m.Parents, parents.order)
	m.Observations = pick(m.Observations, observations.order)
	return m
}

func pick[T any](from []T, places []int) []T {
	var to []T
	for _, p := range places {
		to = append(to, from[p])
	}
	return to
}

// decode decodes what must be right.
func decode(t testing.TB, raw []byte) *Message {
	t.Helper()
	m := new(Message)
	if err := Decode(raw, section, m); err != nil {
		t.Fatal(err)
	}
	return m
}
