package node

import (
	"parsec/core/node/client"
	"parsec/core/node/internal/batch"
)

// maxFlight is how many bytes of payloads the voters together have under way, about: voted for and not decided. More would
// not come through faster. It would lie in messages that grow, until those to one member no longer fit into one; while it
// waits in intakes, submitters see that the section is at its limit.
const (
	maxFlight   = 16 << 20
	leastFlight = 512 << 10 // of one voter
	maxEvent    = 1 << 20   // bytes of the submissions that one event votes for
)

const _ = uint(maxEvent - client.MaxFrame) // what comes in one call has room in one event

// flight is what this node has under way. A payload is known by its first submission: no other of this node's has that.
type flight struct {
	sizes map[batch.ID]int
	size  int
}

// full reports whether it is enough, in a section of so many voters.
func (f *flight) full(voters int) bool { return f.size >= max(maxFlight/max(voters, 1), leastFlight) }

// add adds payloads that were voted for.
func (f *flight) add(payloads [][]byte) {
	for _, p := range payloads {
		id, ok := firstOf(p)
		if !ok {
			continue
		}
		if f.sizes == nil {
			f.sizes = make(map[batch.ID]int)
		}
		f.size += len(p) - f.sizes[id] // what others began alike, and this node voted for before a restart
		f.sizes[id] = len(p)
	}
}

// firstOf returns the id of a payload's first submission, or what stands in its place.
func firstOf(payload []byte) (id batch.ID, ok bool) {
	if len(payload) < 1+len(id) {
		return id, false
	}
	return batch.ID(payload[1:]), true
}

// decided takes out a payload, if it is this node's.
func (f *flight) decided(payload []byte) {
	id, ok := firstOf(payload)
	if size, mine := f.sizes[id]; ok && mine && size == len(payload) {
		delete(f.sizes, id)
		f.size -= size
	}
}
