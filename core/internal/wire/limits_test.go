package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
)

// chain is a message of n events of one creator.
func chain(n int) *Message {
	m := &Message{Kind: KindRequest, Creators: []Creator{{ByNumber: true}}, Events: make([]Event, n)}
	for i := 1; i < n; i++ {
		m.Events[i] = Event{Cause: Request, Self: InMessage(i - 1), Others: []Ref{InMessage(i - 1)}}
	}
	return m
}

// voting is a message of events with so many votes each, none twice in an event, for observations given
// by hash or, if bodies is set, by the shortest body.
func voting(events, votes int, bodies bool) *Message {
	m := &Message{Kind: KindRequest, Creators: []Creator{{ByNumber: true}}, Parents: make([]Hash, 1)}
	for i := range events {
		for range votes {
			m.Votes = append(m.Votes, uint32(len(m.Votes)%MaxObservations))
			if len(m.Observations) == MaxObservations {
				continue
			}
			var o Observation
			if bodies {
				o.Body = []byte{byte(Opaque)}
			}
			m.Observations = append(m.Observations, o)
		}
		m.Events = append(m.Events, Event{Cause: Observing, Self: Outside(0), First: uint32(i * votes), Count: uint32(votes)})
	}
	return m
}

// naming is a message that names as many creators or parents as its events can.
func naming(events, creators, parents int) *Message {
	m := &Message{Kind: KindRequest, Creators: make([]Creator, creators), Parents: make([]Hash, parents)}
	for i := range m.Creators {
		m.Creators[i] = Creator{ByNumber: true}
	}
	for i := range events {
		e := Event{Creator: uint16(2 * i % creators)}
		if parents == 0 {
			e.Cause, e.Self, e.Recipient = Requesting, InMessage(i-1), uint16((2*i+1)%creators)
			if i == 0 {
				e.Self, m.Parents = Outside(0), make([]Hash, 1)
			}
		} else {
			e.Cause, e.Self, e.Others = Request, Outside(2*i%parents), []Ref{Outside((2*i + 1) % parents)}
		}
		m.Events = append(m.Events, e)
	}
	return m
}

func asking(n int) *Message { return &Message{Kind: KindAsk, Wants: make([]Hash, n)} }

func supplying(sizes ...int) *Message {
	m := &Message{Kind: KindSupply}
	for _, n := range sizes {
		m.Observations = append(m.Observations, Observation{Body: make([]byte, n)})
	}
	return m
}

func TestLimits(t *testing.T) {
	atRaw := []int{MaxBody, MaxBody, MaxBody, MaxBody, MaxBody, MaxBody, MaxBody} // all but the last
	left := MaxRaw - len(Append(nil, supplying(append(atRaw, MaxBody/2)...))) + MaxBody/2
	short := make([]int, MaxWants+1)
	for i := range short {
		short[i] = 1
	}
	for _, c := range []struct {
		name string
		make func() *Message
		want error
	}{
		{"most events", func() *Message { return chain(MaxEvents) }, nil},
		{"too many events", func() *Message { return chain(MaxEvents + 1) }, ErrTooLarge},
		{"no events", func() *Message { return chain(0) }, ErrMalformed},
		{"most votes in an event", func() *Message { return voting(1, MaxVotes, false) }, nil},
		{"too many votes in an event", func() *Message { return voting(1, MaxVotes+1, false) }, ErrTooLarge},
		{"no votes in an event", func() *Message { return voting(1, 0, false) }, ErrMalformed},
		{"most votes in a message", func() *Message { return voting(16, MaxMessageVotes/16, true) }, nil},
		{"too many votes in a message", func() *Message { return voting(1024, 65, true) }, ErrTooLarge},
		{"most creators", func() *Message { return naming(MaxCreators/2, MaxCreators, 0) }, nil},
		{"too many creators", func() *Message { return naming(MaxCreators, MaxCreators+2, 0) }, ErrTooLarge},
		{"most parents", func() *Message { return naming(MaxParents/2, 1, MaxParents) }, nil},
		{"too many parents", func() *Message { return naming(MaxEvents, 1, MaxParents+1) }, ErrTooLarge},
		{"most wants", func() *Message { return asking(MaxWants) }, nil},
		{"too many wants", func() *Message { return asking(MaxWants + 1) }, ErrTooLarge},
		{"no wants", func() *Message { return asking(0) }, ErrMalformed},
		{"most supplied", func() *Message { return supplying(short[1:]...) }, nil},
		{"too much supplied", func() *Message { return supplying(short...) }, ErrTooLarge},
		{"nothing supplied", func() *Message { return supplying() }, ErrMalformed},
		{"longest body", func() *Message { return supplying(MaxBody) }, nil},
		{"body too long", func() *Message { return supplying(MaxBody + 1) }, ErrTooLarge},
		{"most bytes", func() *Message { return supplying(append(atRaw, left)...) }, nil},
		{"too many bytes", func() *Message { return supplying(append(atRaw, left+1)...) }, ErrTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw := Append(nil, c.make())
			m := new(Message)
			err := Decode(raw, section, m)
			if c.want != nil {
				wantError(t, err, c.want)
			} else if err != nil {
				t.Fatal(err)
			} else if again := Append(nil, m); !bytes.Equal(raw, again) {
				t.Error("written differently again")
			}
		})
	}
}

// Each of these breaks one rule. They are written by hand: 01 00, the numbers of events, votes, creators,
// parents and observations, the tables, the events; signatures are added.
func TestMalformed(t *testing.T) {
	const (
		h = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
		// one creator, one parent, one observation by its hash, one event with one vote for it
		tables = "01" + h + "00" + h
	)
	for _, c := range []struct {
		name, hex  string
		signatures int
		want       string // what the error says; nothing if there is none
	}{
		{"good: a first event", "01 00 01 00 01 00 00 | 01 | 00", 1, ""},
		{"good: a vote", "01 00 01 01 01 01 01" + tables + "01 01 01 00", 1, ""},
		{"nothing", "", 0, "kind of message: cut short"},
		{"kind 0", "00 00", 0, "kind of message: not 1 to 8"},
		{"kind 9", "09 00", 0, "kind of message: not 1 to 8"},
		{"a part that does not say what the sender has", "07 00 aa", 0, "the last event that the sender has: cut short"},
		{"known in two bytes for one", "01 80 00 01 00 01 00 00 | 01 | 00", 1, "not in the fewest bytes"},
		{"known of 33 bits", "01 ff ff ff ff 1f", 0, "number of peers known: more than"},
		{"known of six bytes", "01 ff ff ff ff ff 01", 0, "more than 32 bits"},
		{"no creators", "01 00 01 00 00 00 00 | 00", 1, "creators: too few"},
		{"a third creator for one event", "01 00 01 00 03 00 00 | 01 01 01 | 00", 1, "more creators or parents"},
		{"a third parent for one event", "01 00 01 00 01 03 00 | 01" + h + h + h + "00", 1, "more creators or parents"},
		{"more observations than votes", "01 00 01 00 01 00 01 | 01 | 00" + h + "00", 1, "more observations than votes"},
		{"counts of more than there is", "01 00 02 00 01 00 00 | 01 | 00", 1, "events: more than the bytes"},
		{"counts that only together are too much", "01 00 02 00 01 01 00 | 01", 2, "counts: more than the bytes"},
		{"a creator in two bytes for one", "01 00 01 00 01 00 00 | 81 00 | 00", 1, "not in the fewest bytes"},
		{"a creator that no event names", "01 00 01 00 02 00 00 | 01 02 | 00", 1, "creators: one that"},
		{"a parent that no event has", "01 00 01 00 01 01 00 | 01" + h + "00", 1, "parents: one that"},
		{"an observation without a vote", "01 00 01 01 01 01 02" + tables + "00" + h + "01 01 01 00", 1, "more observations"},
		{"an observation without a vote, the first", "01 00 02 02 01 01 02" + tables + "00" + h + "01 01 01 01 | 01 01 01 01", 2, "observations: one without"},
		{"fewer votes than counted", "01 00 01 02 01 01 01" + tables + "01 01 01 00", 1, "votes: fewer"},
		{"more votes than counted", "01 00 01 01 01 01 01" + tables + "01 01 02 00 00", 1, "votes: none, or more"},
		{"no votes", "01 00 01 01 01 01 01" + tables + "01 01 00", 1, "votes: none, or more"},
		{"a vote twice", "01 00 01 02 01 01 01" + tables + "01 01 02 00 00", 1, "has voted for already"},
		{"a vote for what is not there", "01 00 01 01 01 01 01" + tables + "01 01 01 01", 1, "vote: not in the table"},
		{"a vote in two bytes for one", "01 00 01 01 01 01 01" + tables + "01 01 01 80 00", 1, "not in the fewest bytes"},
		{"a creator that is not there", "01 00 01 00 01 00 00 | 01 | 05", 1, "creator and cause of an event: not in"},
		{"a recipient that is not there", "01 00 01 00 01 01 00 | 01" + h + "02 01 01", 1, "recipient: not in"},
		{"an event that is its own parent", "01 00 02 00 01 00 00 | 01 | 00 | 03 02 00", 2, "self-parent: neither"},
		{"an other-parent before the message", "01 00 02 00 01 00 00 | 01 | 00 | 03 00 02", 2, "other-parent: neither"},
		{"a parent that is not in the table", "01 00 01 00 01 01 00 | 01" + h + "03 01 03", 1, "other-parent: neither"},
		{"a parent of 33 bits", "01 00 01 00 01 01 00 | 01" + h + "03 01 81 80 80 80 10", 1, "other-parent: more than"},
		{"a body that is not one", "01 00 01 01 01 01 01 | 01" + h + "01 04 | 01 01 01 00", 1, "kind of observation"},
		{"a body that is not one, supplied", "04 00 01 02 02 00", 0, "peer to add or remove"},
		{"a supply by hash", "04 00 01 00" + h, 0, "without a body"},
		{"a supply cut short", "04 00 01 03 00 00", 0, "observation: cut short"},
		{"an ask cut short", "03 00 02" + h, 0, "wants: more than the bytes"},
		{"a byte after an ask", "03 00 01" + h + "00", 0, "bytes after its end"},
		{"a signature less", "01 00 02 00 01 00 00 | 01 | 00 | 03 00 00", 1, "more than the bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw, err := hex.DecodeString(strings.NewReplacer(" ", "", "|", "").Replace(c.hex))
			if err != nil {
				t.Fatal(err)
			}
			raw = append(raw, make([]byte, 64*c.signatures)...)
			err = Decode(raw, section, new(Message))
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want one that says %q", err, c.want)
			}
			wantTyped(t, err)
		})
	}
}

// A count claims nothing that is not there.
func TestClaims(t *testing.T) {
	for _, kind := range []MessageKind{KindRequest, KindResponse, KindAsk, KindSupply, KindLearn, KindTeach, KindPartRequest, KindPartResponse} {
		raw := []byte{byte(kind), 0}
		switch kind {
		case KindLearn:
			raw = append(raw, make([]byte, 32+1)...)
		case KindTeach:
			raw = append(raw, make([]byte, 32+1+1)...)
		}
		for _, most := range []uint64{MaxEvents, MaxMessageVotes, MaxCreators, MaxParents, MaxObservations} {
			switch {
			case kind == KindLearn:
				most = 1
			case !kind.gossip():
				most = MaxWants
			}
			raw = binary.AppendUvarint(raw, most)
		}
		m := new(Message)
		if n := allocated(func() { wantError(t, Decode(raw, section, m), ErrMalformed) }); n > 4096 {
			t.Errorf("kind %d: %d bytes allocated for %d", kind, n, len(raw))
		}
	}
}

func TestAppendPanics(t *testing.T) {
	for name, m := range map[string]*Message{
		"a parent after its event": {Kind: KindRequest, Creators: make([]Creator, 1), Events: []Event{{Cause: Requesting, Self: InMessage(0)}}},
		"no parent":                {Kind: KindRequest, Creators: make([]Creator, 1), Events: []Event{{Cause: Requesting}}},
		"votes that are not there": {Kind: KindRequest, Parents: make([]Hash, 1), Events: []Event{{Cause: Observing, Self: Outside(0), Count: 1}}},
		"a number too high":        {Kind: KindRequest, Creators: []Creator{{ByNumber: true, Number: MaxNumber + 1}}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: was written", name)
				}
			}()
			Append(nil, m)
		}()
	}
}
