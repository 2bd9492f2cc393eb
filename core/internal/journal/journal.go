// Package journal writes what a history took in as records of a log, and feeds records back.
//
// A record is what was committed since the last one: a header (version, 8 bytes each of the section's id and the node's
// identity, and the place of its first event), then observations and events in order, each with a tag. Events name
// peers by the number in the graph, and others by how far back they are: feeding records back in order gives the same
// numbers. A record that says that the node's key was used elsewhere has the header, and the event that shows it.
package journal

import (
	"encoding/binary"
	"fmt"

	"parsec/core/internal/gossip"
	"parsec/core/internal/history"
	"parsec/core/internal/members"
	"parsec/core/internal/reason"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

const (
	version        = 2
	observationTag = 0x10 // events have their cause
	forkTag        = 0x11
)

// Journal writes and reads the records of one history.
type Journal struct {
	h        *history.History
	written  gossip.Index // events
	observed uint32       // observations written
	votes    []history.Vote
	bodies   [][]byte // read, and not committed yet: the next observations
	hashes   []wire.Hash
	scratch  []wire.Hash
	others   [1]gossip.Index
}

// New returns a journal of a history that has nothing yet.
func New(h *history.History) *Journal { return &Journal{h: h} }

// Append appends what was committed since the last call to a record, which it begins if that is empty. Nothing new adds
// nothing.
func (j *Journal) Append(b []byte) []byte {
	for x := j.written + 1; x <= j.h.Len(); x++ {
		if len(b) == 0 {
			b = j.head(b, x)
		}
		b = j.event(b, x)
		j.written = x
	}
	return b
}

func (j *Journal) head(b []byte, first gossip.Index) []byte {
	id := j.h.Members.Self().ID
	b = append(append(b, version), j.h.Section.ID[:8]...)
	b = append(b, id[:8]...)
	return binary.AppendUvarint(b, uint64(first))
}

func (j *Journal) event(b []byte, x gossip.Index) []byte {
	ev := j.h.Graph().Event(x)
	votes := j.h.Store.Votes(x)
	for _, o := range votes {
		if o == j.observed {
			body := j.h.Store.Observation(o).Body
			b = binary.AppendUvarint(append(b, observationTag), uint64(len(body)))
			b = append(b, body...)
			j.observed++
		}
	}
	b = append(b, byte(ev.Cause))
	b = binary.AppendUvarint(b, uint64(ev.By))
	if ev.Cause != gossip.Initial {
		b = binary.AppendUvarint(b, uint64(x-ev.Self))
	}
	for _, other := range j.h.Graph().Others(x) {
		b = binary.AppendUvarint(b, uint64(x-other))
	}
	switch ev.Cause {
	case gossip.Requesting:
		if p, id := j.h.Store.Recipient(x); p == members.None {
			b = append(append(b, 0), id[:]...)
		} else {
			b = binary.AppendUvarint(b, uint64(p)+1)
		}
	case gossip.Observation:
		b = binary.AppendUvarint(b, uint64(len(votes)))
		for _, o := range votes {
			b = binary.AppendUvarint(b, uint64(j.observed)-uint64(o))
		}
	}
	return append(b, j.h.Store.Signature(x)[:]...)
}

// Fork is an event under this node's key that it did not make: the evidence.
type Fork struct {
	Header    wire.Header
	Signature [64]byte
}

// AppendFork appends to a record that the node's key was used elsewhere.
func (j *Journal) AppendFork(b []byte, f *Fork) []byte {
	if len(b) == 0 {
		b = j.head(b, j.written+1)
	}
	b = append(b, forkTag, byte(f.Header.Cause))
	b = binary.LittleEndian.AppendUint32(b, f.Header.Index)
	b = binary.LittleEndian.AppendUint32(b, f.Header.Votes)
	b = append(append(append(b, f.Header.SelfParent[:]...), f.Header.Recipient[:]...), f.Header.Root[:]...)
	b = append(b, byte(len(f.Header.OtherParents)))
	for i := range f.Header.OtherParents {
		b = append(b, f.Header.OtherParents[i][:]...)
	}
	return append(b, f.Signature[:]...)
}

// Read feeds one record back. It returns the evidence if the record says that the node's key was used elsewhere. Errors
// wrap [reason.ErrRecord].
func (j *Journal) Read(record []byte) (fork *Fork, err error) {
	r := reader{rest: record}
	v, section, owner, first := r.byte(), r.bytes(8), r.bytes(8), r.uvarint()
	id := j.h.Members.Self().ID
	switch {
	case r.short:
		return nil, fmt.Errorf("%w: it has %d bytes", reason.ErrRecord, len(record))
	case v != version:
		return nil, fmt.Errorf("%w: it is of version %d, not %d", reason.ErrRecord, v, version)
	case string(section) != string(j.h.Section.ID[:8]):
		return nil, fmt.Errorf("%w: it is of another section", reason.ErrRecord)
	case string(owner) != string(id[:8]):
		return nil, fmt.Errorf("%w: it was made with another key", reason.ErrRecord)
	case first != uint64(j.h.Len()+1):
		return nil, fmt.Errorf("%w: its first event is number %d, after %d events", reason.ErrRecord, first, j.h.Len())
	}
	for len(r.rest) > 0 {
		at := len(record) - len(r.rest)
		found, err := j.readOne(&r)
		if err != nil {
			return nil, fmt.Errorf("%w: at byte %d of %d: %w", reason.ErrRecord, at, len(record), err)
		}
		if found != nil {
			fork = found
		}
	}
	if len(j.bodies) > 0 {
		return nil, fmt.Errorf("%w: it ends with an observation that no event votes for", reason.ErrRecord)
	}
	j.written = j.h.Len()
	return fork, nil
}

func (j *Journal) readOne(r *reader) (*Fork, error) {
	switch tag := r.byte(); tag {
	case observationTag:
		body := r.bytes(r.uvarint())
		if r.short {
			return nil, errShort
		}
		j.bodies = append(j.bodies, body)
		return nil, nil
	case forkTag:
		return r.fork(j.h.Members.Self().ID)
	default:
		return nil, j.readEvent(r, gossip.Cause(tag))
	}
}

func (j *Journal) readEvent(r *reader, cause gossip.Cause) error {
	h := j.h
	x := h.Len() + 1
	peers := h.Members.Peers()
	e := history.Event{By: gossip.Peer(r.below(uint64(len(peers)))), Cause: cause}
	if cause > gossip.Response {
		return fmt.Errorf("an entry of an unknown kind, %d", cause)
	}
	if cause != gossip.Initial {
		e.Self = r.back(x)
	}
	if cause.Receive() {
		j.others[0] = r.back(x)
		e.Others = j.others[:]
	}
	var stranger wire.Hash
	if cause == gossip.Requesting {
		if to := r.below(uint64(len(peers)) + 1); to > 0 {
			e.Recipient = peers[to-1]
		} else {
			copy(stranger[:], r.bytes(32))
			e.Stranger = &stranger
		}
	}
	root := wire.Hash{}
	j.votes = j.votes[:0]
	if cause == gossip.Observation {
		if err := j.readVotes(r, &e); err != nil {
			return err
		}
		root = h.Tree.Root(j.hashes)
	}
	signature := r.bytes(64)
	if r.short {
		return errShort
	}
	head := h.Header(&e, root)
	id := h.Section.Event(&head)
	if h.Store.Find(&id) != 0 {
		return fmt.Errorf("event %x, which is there already", id[:8])
	}
	e.ID, e.Signature = &id, (*[64]byte)(signature)
	if _, err := h.Stage(&e); err != nil {
		return err
	}
	_, err := h.Commit(sign.Verified{}, j.votes)
	j.observed, j.bodies = uint32(h.Store.Observations()), j.bodies[:0]
	return err
}

// readVotes reads what an event votes for: observations that are there, and those that the record told before it.
func (j *Journal) readVotes(r *reader, e *history.Event) error {
	h := j.h
	known := uint64(h.Store.Observations())
	all := known + uint64(len(j.bodies))
	count := r.below(wire.MaxVotes + 1)
	j.hashes = j.hashes[:0]
	j.scratch = j.scratch[:0]
	for _, body := range j.bodies {
		j.scratch = append(j.scratch, h.Section.Observation(body))
	}
	for range count {
		o := all - r.within(all)
		if r.short {
			return errShort
		}
		if o < known {
			k := h.Store.Observation(uint32(o))
			j.hashes = append(j.hashes, k.Hash)
			j.add(e, history.Vote{Hash: &k.Hash}, len(k.Body), !h.Election().Done(uint32(o), e.By))
			continue
		}
		i := o - known
		j.hashes = append(j.hashes, j.scratch[i])
		j.add(e, history.Vote{Hash: &j.scratch[i], Body: j.bodies[i]}, len(j.bodies[i]), true)
	}
	if count == 0 {
		return errShort
	}
	return nil
}

func (j *Journal) add(e *history.Event, v history.Vote, size int, open bool) {
	j.votes = append(j.votes, v)
	e.Votes++
	e.Size += size
	if open {
		e.Open++
		e.OpenSize += size
	}
}
