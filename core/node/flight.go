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
		if entries, n := batch.Entries(p); n > 0 {
			if f.sizes == nil {
				f.sizes = make(map[batch.ID]int)
			}
			f.size += len(p) - f.sizes[batch.ID(entries)] // what others began alike, and this node voted for before a restart
			f.sizes[batch.ID(entries)] = len(p)
		}
	}
}

// decided takes out a payload, if it is this node's.
func (f *flight) decided(payload []byte) {
	if len(f.sizes) == 0 || len(payload) < 1+len(batch.ID{}) {
		return
	}
	id := batch.ID(payload[1:])
	if size, ok := f.sizes[id]; ok && size == len(payload) {
		delete(f.sizes, id)
		f.size -= size
	}
}
