package recording

import (
	"encoding/hex"
	"io"
	"os"

	"parsec/core"
)

// ReadFile reads the recording in the named file, plain or compressed with zstd: the content tells, not
// the name. See [Read].
func ReadFile(path string) (*Recording, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Read(f, path)
}

// Read reads one recording, plain or compressed with zstd, up to the end of r. name is what errors call
// the input. An error is of type [*Error]; it wraps [ErrInvalid] where the content is to blame.
//
// Time is linear in the input, about 12 ns per byte of JSON (0.35 us per event). What Read holds at any time is less than
// four times the bytes of JSON read so far, whatever is claimed in them; beside that it takes at most
// 1 MiB, and MaxWindow more for a decompressor. (What the garbage collector has not yet freed of lists
// that grew comes on top.)
func Read(r io.Reader, name string) (*Recording, error) {
	return read(r, name, MaxBytes)
}

// read is Read with a limit of max bytes in place of MaxBytes.
func read(r io.Reader, name string, max int64) (*Recording, error) {
	src, err := openSource(r, max)
	if err != nil {
		return nil, &Error{File: name, Reason: err.Error(), Err: err}
	}
	defer src.close()
	p := parser{scanner: newScanner(src), rec: &Recording{}}
	p.recording()
	p.finish()
	if p.err == nil {
		p.err = p.rec.check()
	}
	if p.err != nil {
		p.err.File = name
		return nil, p.err
	}
	return p.rec, nil
}

// parser reads the format: it knows which keys and elements there are and of what types. What they mean
// together is for Recording.check, which runs after it.
type parser struct {
	*scanner
	rec  *Recording
	bits bool             // events have the bits of their ids
	list []core.PeerIndex // the list being read
	slab []core.PeerIndex // where short lists are kept together
}

var topKeys = []string{"format", "name", "rules", "mode", "coin", "peers", "genesis", "observations", "events", "blocks"}

func (p *parser) recording() {
	if p.peek(); p.err == nil && p.pos == p.end {
		p.fail("is empty")
		return
	}
	var seen uint
	for key := range p.object("a recording", topKeys, &seen) {
		switch r := p.rec; key {
		case "format":
			f := p.str("format", MaxName)
			p.bits = string(f) == FormatConcrete
			if p.err == nil && string(f) != Format && !p.bits {
				p.fail("its format is %s, not %q or %q", quote(f), Format, FormatConcrete)
			}
			if p.bits && seen&(1<<place(topKeys, []byte("events"))) != 0 {
				p.fail("its format comes after its events")
			}
		case "name":
			r.Name = string(p.str("name", MaxName))
		case "mode":
			r.Mode = named(p, "mode", core.Supermajority, core.Single)
		case "rules":
			r.Rules = named(p, "rules", core.Crate073, core.RFC0049)
		case "coin":
			r.Coin = string(p.str("coin", MaxName))
		case "peers":
			for i := range p.array("peers", MaxPeers) {
				p.part, p.index = "peer", i
				r.Peers = append(r.Peers, string(p.str("the name", MaxName)))
			}
		case "genesis":
			r.Genesis = p.peers("genesis")
		case "observations":
			for i := range p.array("observations", MaxObservations) {
				p.part, p.index = "observation", i
				r.Observations = append(r.Observations, p.observation())
			}
		case "events":
			for i := range p.array("events", MaxEvents) {
				p.part, p.index = "event", i
				r.Events = append(r.Events, p.event())
			}
		case "blocks":
			for i := range p.array("blocks", MaxBlocks) {
				p.part, p.index = "block", i
				r.Blocks = append(r.Blocks, p.block())
			}
		}
		p.part = ""
	}
	p.complete("a recording", topKeys, topKeys, seen)
	if p.err == nil && p.bits != (p.rec.Coin == Concrete) && (p.bits || p.rec.Coin == Concrete) {
		p.fail("its coin is %s, which is not that of its format", quote(p.rec.Coin))
	}
}

// named reads the name of one of values.
func named[T interface{ String() string }](p *parser, what string, values ...T) (none T) {
	name := p.str(what, MaxName)
	for _, v := range values {
		if v.String() == string(name) {
			return v
		}
	}
	p.fail("unknown %s %s", what, quote(name))
	return none
}

// complete makes an error unless seen, which are places in keys, are exactly the wanted ones.
func (p *parser) complete(what string, keys, wanted []string, seen uint) {
	for k, key := range keys {
		has, wants := seen>>k&1 == 1, place(wanted, []byte(key)) >= 0
		if wants && !has {
			p.fail("key %q is missing in %s", key, what)
		}
		if has && !wants {
			p.fail("key %q has no place in %s", key, what)
		}
	}
}

func (p *parser) peer(what string) core.PeerIndex {
	return core.PeerIndex(p.integer(what, MaxPeers-1))
}

// peers reads a list of peer numbers.
func (p *parser) peers(what string) []core.PeerIndex {
	p.list = p.list[:0]
	for range p.array(what, MaxPeers) {
		p.list = append(p.list, p.peer("a number in "+what))
	}
	// Most lists are of a few voters, and there is one for each block.
	if n := len(p.list); n > cap(p.slab)-len(p.slab) {
		p.slab = make([]core.PeerIndex, 0, max(n, 1024))
	}
	start := len(p.slab)
	p.slab = append(p.slab, p.list...)
	return p.slab[start:len(p.slab):len(p.slab)]
}

var (
	observationKeys = []string{"id", "kind", "group", "peer", "malice", "payload"}
	keysOfKind      = map[core.Kind][]string{
		core.Genesis:    {"id", "kind", "group"},
		core.Add:        {"id", "kind", "peer"},
		core.Remove:     {"id", "kind", "peer"},
		core.Accusation: {"id", "kind", "peer", "malice"},
		core.Opaque:     {"id", "kind", "payload"},
	}
)

func (p *parser) observation() (o Observation) {
	var seen uint
	for key := range p.object("an observation", observationKeys, &seen) {
		switch key {
		case "id":
			text := p.str("id", MaxName)
			if p.err == nil && len(text) != hex.EncodedLen(len(o.ID)) {
				p.fail("id of %d characters, not 64 hex digits", len(text))
			} else if _, err := hex.Decode(o.ID[:], text); err != nil {
				p.fail("id is not 64 hex digits")
			}
		case "kind":
			o.Kind = named(p, "kind", core.Opaque, core.Genesis, core.Add, core.Remove, core.Accusation)
		case "group":
			o.Group = p.peers("group")
		case "peer":
			o.Peer = p.peer("peer")
		case "malice":
			o.Malice = string(p.str("malice", MaxName))
		case "payload":
			o.Payload = string(p.str("payload", MaxPayload))
		}
	}
	if seen&(1<<1) == 0 { // without a kind there is no saying which keys belong
		p.fail("key %q is missing in an observation", observationKeys[1])
	}
	p.complete(o.Kind.String(), observationKeys, keysOfKind[o.Kind], seen)
	return o
}

func (p *parser) event() Event {
	e := Event{SelfParent: None, OtherParent: None, Observation: None, Recipient: None}
	const last = 3 // place of the last element of all but an initial event
	p.take('[', "an event")
	e.Creator = p.peer("the creator")
	p.element(1)
	e.Cause = named(p, "cause", core.Request, core.Requesting, core.Response, core.Observing, core.Initial)
	if e.Cause == core.Initial {
		p.endEvent(1, &e)
		return e
	}
	p.element(2)
	e.SelfParent = p.parent("the self-parent")
	p.element(last)
	switch e.Cause {
	case core.Observing:
		e.Observation = int32(p.integer("the observation", MaxObservations-1))
	case core.Requesting:
		e.Recipient = int32(p.peer("the recipient"))
	default:
		e.OtherParent = p.parent("the other-parent")
	}
	p.endEvent(last, &e)
	return e
}

func (p *parser) parent(what string) int32 {
	return int32(p.integer(what, MaxEvents-1))
}

// element goes on to element i of an event.
func (p *parser) element(i int) {
	if p.peek() == ']' {
		p.fail("has only %d elements", i)
	}
	p.take(',', "a comma")
}

// endEvent takes the end of an event after its element i: the bit of its id where the format has one.
func (p *parser) endEvent(i int, e *Event) {
	if p.bits {
		i++
		p.element(i)
		e.Odd = p.integer("the bit of its id", 1) == 1
	}
	if p.peek() == ',' {
		p.fail("has more than the %d elements of cause %q", i+1, e.Cause)
	}
	p.take(']', "the end of the event")
}

var blockKeys = []string{"observation", "voters", "at"}

func (p *parser) block() (b Block) {
	var seen uint
	for key := range p.object("a block", blockKeys, &seen) {
		switch key {
		case "observation":
			b.Observation = core.ObservationIndex(p.integer("observation", MaxObservations-1))
		case "voters":
			b.Voters = p.peers("voters")
		case "at":
			b.At = core.EventIndex(p.integer("at", MaxEvents-1))
		}
	}
	p.complete("a block", blockKeys, blockKeys, seen)
	return b
}
