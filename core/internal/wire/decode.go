package wire

import "slices"

// Bytes that entries of tables take at least, which bounds how many of them the bytes that are left can
// hold, whatever count is claimed.
const (
	leastCreator     = 1
	leastObservation = 2      // in a message with votes: a length and a body of one byte
	leastEvent       = 1 + 64 // creator and cause, signature
)

// Decode decodes raw, all of it, into m, in the one pass. s is the section, by which observations are
// hashed. It accepts exactly what [Append] gives for messages that keep the rules of [Message]; then
// Append gives raw again.
//
// The slices of m are used again: in the steady state nothing is allocated. Counts are checked against
// limits, each other and the bytes that are there, all before anything is allocated for them, and slices
// get the lengths that are claimed: at most 28 bytes for each byte of raw, and 8 MB in all.
//
// Errors are of type [Error]; after one, m is not to be used but for decoding again.
func Decode(raw []byte, s *Section, m *Message) error {
	if len(raw) > MaxRaw {
		return fail(ErrTooLarge, "message: more bytes than MaxRaw", 0)
	}
	r := reader{p: raw}
	m.reset()
	r.head(m)
	switch {
	case r.err != nil:
		return r.err
	case m.Kind.gossip():
		r.gossip(s, m)
	case m.Kind == KindLearn:
		n := r.count("events that are there", 0, MaxTold, 32)
		m.Wants = r.hashes(m.Wants, n)
	case m.Kind == KindAsk:
		n := r.count("wants", 1, MaxWants, 32)
		m.Wants = r.hashes(m.Wants, n)
	case m.Kind == KindSupply:
		n := r.count("observations", 1, MaxWants, leastObservation)
		m.Observations = sized(m.Observations, n)
		r.observations(s, m.Observations, true)
	default:
		return fail(ErrMalformed, "kind of message: not 1 to 8", 0)
	}
	if r.err == nil && r.at < len(raw) {
		r.fail(ErrMalformed, "message: bytes after its end")
	}
	return r.err
}

// head reads what comes before the counts. Price and Decode read it here alike: what one of them took for a count, and
// the other for something else, would travel for nothing.
func (r *reader) head(m *Message) {
	m.Kind = MessageKind(r.byte("kind of message"))
	m.Known = r.uvarint("number of peers known", 1<<32-1)
	if m.Kind == KindLearn || m.Kind == KindTeach {
		m.Nonce = r.hash("nonce")
	}
	if m.Kind == KindTeach {
		more := r.byte("whether there is more")
		if more > 1 {
			r.fail(ErrMalformed, "whether there is more: not 0 or 1")
		}
		m.More = more == 1
	}
	if m.Kind.Part() {
		m.Has = r.hash("the last event that the sender has")
	}
}

// reset empties m and keeps its memory.
func (m *Message) reset() {
	m.Kind, m.Known, m.Nonce, m.More, m.Has = 0, 0, Hash{}, false, Hash{}
	m.Creators, m.Parents, m.Observations = m.Creators[:0], m.Parents[:0], m.Observations[:0]
	m.Wants, m.Events, m.Votes = m.Wants[:0], m.Events[:0], m.Votes[:0]
}

// gossip reads what requests and responses have: counts, tables, events, signatures.
func (r *reader) gossip(s *Section, m *Message) {
	least := 1
	if m.Kind == KindTeach {
		least = 0
	}
	events := r.count("events", least, MaxEvents, leastEvent)
	votes := r.count("votes", 0, MaxMessageVotes, 1)
	creators := r.count("creators", min(1, events), MaxCreators, leastCreator)
	parents := r.count("parents", 0, MaxParents, 32)
	observations := r.count("observations", 0, MaxObservations, leastObservation)
	switch {
	case creators > 2*events || parents > 2*events:
		r.fail(ErrMalformed, "counts: more creators or parents than the events can name")
	case observations > votes:
		r.fail(ErrMalformed, "counts: more observations than votes")
	case events*leastEvent+votes+creators*leastCreator+parents*32+observations*leastObservation > len(r.p)-r.at:
		r.fail(ErrMalformed, "counts: more than the bytes that follow can hold")
	}
	if r.err != nil {
		return
	}
	m.Creators = sized(m.Creators, creators)
	for i := range m.Creators {
		m.Creators[i] = r.creator()
	}
	m.Parents = r.hashes(m.Parents, parents)
	m.Observations = sized(m.Observations, observations)
	r.observations(s, m.Observations, false)
	if r.err != nil {
		return
	}
	m.Events = sized(m.Events, events)
	m.Votes = sized(m.Votes, votes)
	m.refs = sized(m.refs, events)
	m.used.reset(creators, parents, observations)
	voted := 0
	for i := range m.Events {
		voted = r.event(m, i, voted)
		if r.err != nil {
			return
		}
	}
	if voted < votes {
		r.fail(ErrMalformed, "votes: fewer than were counted")
	}
	r.allUsed("creators: one that no event names", m.used.creators)
	r.allUsed("parents: one that no event has", m.used.parents)
	r.allUsed("observations: one without a vote", m.used.observations)
	signatures := r.bytes("signatures", 64*events)
	if r.err != nil {
		return
	}
	for i := range m.Events {
		m.Events[i].Signature = [64]byte(signatures[64*i:])
	}
}

func (r *reader) creator() Creator {
	switch n := r.uvarint("creator", 1<<32-1); {
	case r.err != nil:
		return Creator{}
	case n > 0:
		return Creator{ByNumber: true, Number: n - 1}
	default:
		return Creator{Key: r.hash("identity of a creator")}
	}
}

// observations reads a table of them; all must be bodies if that is said.
func (r *reader) observations(s *Section, into []Observation, bodies bool) {
	for i := range into {
		n := int(r.uvarint("length of an observation", MaxBody))
		if n == 0 {
			if bodies {
				r.fail(ErrMalformed, "observation: without a body in a supply")
				return
			}
			into[i] = Observation{Hash: r.hash("hash of an observation")}
			continue
		}
		at := r.at
		body := r.bytes("observation", n)
		if r.err != nil {
			return
		}
		if _, err := checkBody(body, at); err != nil {
			r.err = err
			return
		}
		into[i] = Observation{Hash: s.Observation(body), Body: body}
	}
}

// event reads the event at place i but for its signature. voted is how many votes come before its own;
// event returns how many there are after it.
func (r *reader) event(m *Message, i, voted int) int {
	head := r.place("creator and cause of an event", len(m.Creators)*causes)
	if r.err != nil {
		return voted
	}
	e := &m.Events[i]
	e.Creator, e.Cause = uint16(head/causes), Cause(head%causes)
	e.Recipient, e.Self, e.Others, e.First, e.Count = 0, 0, nil, uint32(voted), 0
	m.used.creators[e.Creator] = 1
	if e.Cause != Initial {
		e.Self = r.ref(m, i, "self-parent")
	}
	switch {
	case r.err != nil:
	case e.Cause.Receive():
		m.refs[i] = r.ref(m, i, "other-parent")
		e.Others = m.refs[i : i+1 : i+1]
	case e.Cause == Requesting:
		e.Recipient = uint16(r.place("recipient", len(m.Creators)))
		if r.err == nil {
			m.used.creators[e.Recipient] = 1
		}
	case e.Cause == Observing:
		e.Count = r.uvarint("number of an event's votes", MaxVotes)
		if e.Count == 0 || int(e.Count) > len(m.Votes)-voted {
			r.fail(ErrMalformed, "votes: none, or more than were counted")
			return voted
		}
		r.votes(m, m.Votes[voted:voted+int(e.Count)], uint32(i)+1)
		return voted + int(e.Count)
	}
	return voted
}

// votes reads the votes of one event, which name no observation twice: stamp is the event's own.
func (r *reader) votes(m *Message, into []uint32, stamp uint32) {
	for v := range into {
		place := r.place("vote", len(m.Observations))
		if r.err != nil {
			return
		}
		if m.used.observations[place] == stamp {
			r.fail(ErrMalformed, "vote: for what the event has voted for already")
			return
		}
		m.used.observations[place] = stamp
		into[v] = place
	}
}

// ref reads a parent of event i.
func (r *reader) ref(m *Message, i int, what string) Ref {
	n := r.uvarint(what, 1<<32-1)
	place := int(n / 2)
	switch {
	case r.err != nil:
	case n&1 == 0 && place < i:
		return InMessage(i - 1 - place)
	case n&1 == 1 && place < len(m.Parents):
		m.used.parents[place] = 1
		return Outside(place)
	default:
		r.fail(ErrMalformed, what+": neither before the event nor in the table")
	}
	return 0
}

// uses says of each entry of a message's tables whether it was used: 0 if not. For observations it is
// one more than the place of the event that voted for it last.
type uses struct{ creators, parents, observations []uint32 }

func (u *uses) reset(creators, parents, observations int) {
	u.creators = sized(u.creators, creators)
	u.parents = sized(u.parents, parents)
	u.observations = sized(u.observations, observations)
	clear(u.creators)
	clear(u.parents)
	clear(u.observations)
}

func (r *reader) allUsed(what string, used []uint32) {
	if slices.Contains(used, 0) {
		r.fail(ErrMalformed, what)
	}
}

// sized returns a slice of n elements, in the memory of s if that is enough, whatever they hold.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
