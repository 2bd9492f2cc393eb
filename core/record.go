package core

import (
	"encoding/binary"
	"fmt"

	"parsec/core/internal/gossip"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// A record is what was inserted since the last one: a header (version, 8 bytes each of the section's id and
// the node's identity, and the place of its first event), then contents and events in order of insertion, each with a tag. Events name peers by the number
// in the graph, and others by how far back they are: feeding records back in order gives the same numbers.
const (
	recordVersion = 1
	contentTag    = 0x10 // events have their cause
)

// record appends event x to the record.
func (n *Node) record(x gossip.Index, c *candidate) {
	if n.recovers {
		return
	}
	b := n.recordHead(x)
	b = append(b, byte(c.cause))
	b = binary.AppendUvarint(b, uint64(c.by))
	if c.cause != gossip.Initial {
		b = binary.AppendUvarint(b, uint64(x-c.self))
	}
	if c.cause.Receive() {
		b = binary.AppendUvarint(b, uint64(x-c.other))
	}
	switch c.cause {
	case gossip.Requesting:
		if c.recipient == noPeer {
			id := n.recipientAt(x).id
			b = append(append(b, 0), id[:]...)
		} else {
			b = binary.AppendUvarint(b, uint64(c.recipient)+1)
		}
	case gossip.Observation:
		b = binary.AppendUvarint(b, uint64(len(c.votes)))
		for _, o := range c.votes {
			b = binary.AppendUvarint(b, uint64(len(n.store.contents))-uint64(o))
		}
	}
	n.out.record = append(b, c.signature[:]...)
}

// recordContent appends an observation to the record.
func (n *Node) recordContent(body []byte) {
	if n.recovers {
		return
	}
	b := n.recordHead(n.graph.Len() + 1)
	b = binary.AppendUvarint(append(b, contentTag), uint64(len(body)))
	n.out.record = append(b, body...)
}

// recordHead returns the record, begun if it was not; x is the place of its first event then.
func (n *Node) recordHead(x gossip.Index) []byte {
	b := n.out.record
	if len(b) == 0 {
		b = append(append(b, recordVersion), n.section.ID[:8]...)
		b = append(b, n.identity[:8]...)
		b = binary.AppendUvarint(b, uint64(x))
	}
	return b
}

// replay feeds one record back.
func (n *Node) replay(record []byte) error {
	r := reader{rest: record}
	version, section, owner, first := r.byte(), r.bytes(8), r.bytes(8), r.uvarint()
	switch {
	case r.short:
		return fmt.Errorf("%w: it has %d bytes", ErrRecord, len(record))
	case version != recordVersion:
		return fmt.Errorf("%w: it is of version %d, not %d", ErrRecord, version, recordVersion)
	case string(section) != string(n.section.ID[:8]):
		return fmt.Errorf("%w: it is of another section", ErrRecord)
	case string(owner) != string(n.identity[:8]):
		return fmt.Errorf("%w: it was made with another key", ErrRecord)
	case first != uint64(n.graph.Len()+1):
		return fmt.Errorf("%w: its first event is number %d, after %d events", ErrRecord, first, n.graph.Len())
	}
	for len(r.rest) > 0 {
		at := len(record) - len(r.rest)
		if err := n.replayOne(&r); err != nil {
			return fmt.Errorf("%w: at byte %d of %d: %w", ErrRecord, at, len(record), err)
		}
	}
	return nil
}

func (n *Node) replayOne(r *reader) error {
	tag := r.byte()
	if tag == contentTag {
		body := r.bytes(r.uvarint())
		if r.short {
			return errShort
		}
		_, err := n.learn(n.section.Observation(body), body)
		return err
	}
	x := n.graph.Len() + 1
	c := candidate{by: gossip.Peer(r.below(uint64(len(n.peers)))), cause: gossip.Cause(tag), recipient: noPeer}
	if c.cause > gossip.Response {
		return fmt.Errorf("an entry of an unknown kind, %d", tag)
	}
	if c.cause != gossip.Initial {
		c.self = r.back(x)
	}
	if c.cause.Receive() {
		c.other = r.back(x)
	}
	switch c.cause {
	case gossip.Requesting:
		if to := r.below(uint64(len(n.peers)) + 1); to > 0 {
			c.recipient = gossip.Peer(to - 1)
		} else {
			n.stranger(x, Identity(r.bytes(32)))
		}
	case gossip.Observation:
		count := r.below(MaxVotes + 1)
		n.rx.votes = n.rx.votes[:0]
		for range count {
			if r.short {
				break
			}
			o := uint32(uint64(len(n.store.contents)) - r.within(uint64(len(n.store.contents))))
			n.rx.votes = append(n.rx.votes, o)
		}
		c.votes, c.count = n.rx.votes, len(n.rx.votes)
		if count == 0 {
			r.short = true
		}
	}
	signature := r.bytes(64)
	if r.short {
		return errShort
	}
	if err := n.acceptable(&c); err != nil {
		return err
	}
	id := n.eventID(&c)
	if n.store.find(&id) != 0 {
		return fmt.Errorf("event %x, which is there already", id[:8])
	}
	c.id, c.signature = &id, (*[64]byte)(signature)
	_, err := n.insert(&c, sign.Verified{})
	return err
}

var errShort = fmt.Errorf("an entry that is cut short or names what is not there")

// reader reads the parts of a record. Where it cannot, it returns zeros and is short.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) byte() byte { return r.bytes(1)[0] }

// zeros are what bytes returns where there are none.
var zeros [wire.MaxInfo]byte

func (r *reader) bytes(k uint64) []byte {
	if k > uint64(len(r.rest)) {
		r.short, r.rest = true, nil
		return zeros[:min(k, uint64(len(zeros)))]
	}
	b := r.rest[:k]
	r.rest = r.rest[k:]
	return b
}

func (r *reader) uvarint() uint64 {
	v, k := binary.Uvarint(r.rest)
	if k <= 0 {
		r.short, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[k:]
	return v
}

// below reads a number less than limit.
func (r *reader) below(limit uint64) uint64 {
	v := r.uvarint()
	if v >= limit {
		r.short = true
		return 0
	}
	return v
}

// within reads a number from 1 to limit.
func (r *reader) within(limit uint64) uint64 {
	v := r.uvarint()
	if v == 0 || v > limit {
		r.short = true
		return limit
	}
	return v
}

// back reads how far before place x an event is, and returns its place; 0 if there is none.
func (r *reader) back(x gossip.Index) gossip.Index {
	v := r.uvarint()
	if v == 0 || v >= uint64(x) {
		r.short = true
		return 0
	}
	return x - gossip.Index(v)
}

// stranger notes whom requesting event x is for, a contact that has no number.
func (n *Node) stranger(x gossip.Index, id Identity) {
	if n.strangers == nil {
		n.strangers = make(map[gossip.Index]*peer)
	}
	p := n.byID[id]
	if p == nil {
		p = &peer{id: id, index: noPeer}
	}
	n.strangers[x] = p
}

// recipientAt returns whom requesting event x is for.
func (n *Node) recipientAt(x gossip.Index) *peer {
	if p := n.store.recipient(x); p != noPeer {
		return n.peers[p]
	}
	return n.strangers[x]
}
