package check

import (
	"encoding/binary"
	"hash/maphash"

	"parsec/core/node/client"
)

// An id of a run is its nonce, 5 bytes of sequence number, big-endian (schedules have no more), and 6 bytes of hash of that, of until and of the
// data, with a seed that nobody else knows. So whether all of a submission is as it was handed over shows in itself, at every
// node and however late, and nothing is kept for that. That other data or another until passes has one chance in 2^48.
const (
	sequenceAt = len(Config{}.Nonce)
	hashAt     = sequenceAt + 5
)

// ID returns the id of a submission of this run. It may be called by many goroutines at a time.
func (c *Checker) ID(seq, until uint64, data []byte) (id client.ID) {
	id = c.begin(seq)
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], c.hash(&id, until, data))
	copy(id[hashAt:], b[:])
	return id
}

// begin returns an id without its hash.
func (c *Checker) begin(seq uint64) (id client.ID) {
	copy(id[:], c.cfg.Nonce[:])
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], seq)
	copy(id[sequenceAt:], b[3:])
	return id
}

// hash returns the hash of a submission without the end of its id, which depends on it.
func (c *Checker) hash(id *client.ID, until uint64, data []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	_, _ = h.Write(id[:hashAt])
	_, _ = h.Write(binary.LittleEndian.AppendUint64(make([]byte, 0, 8), until))
	_, _ = h.Write(data)
	return h.Sum64()
}

// entry returns what stands for a submission in the order: its sequence number if all of it is as this run submitted it.
func (c *Checker) entry(item *client.Item) uint64 {
	id := &item.ID
	h := c.hash(id, item.Until, item.Data)
	var end [8]byte
	copy(end[:], id[hashAt:])
	tail := binary.BigEndian.Uint64(end[:])
	if [5]byte(id[:]) == c.cfg.Nonce && h&^0xffff == tail {
		return sequence(id)
	}
	return h ^ tail | foreignBit
}

func sequence(id *client.ID) uint64 {
	var b [8]byte
	copy(b[3:], id[sequenceAt:hashAt])
	return binary.BigEndian.Uint64(b[:])
}
