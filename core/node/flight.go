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

// flight is what this node has under way. A payload is known by its salt: no other of this node's has that.
type flight struct {
	sizes map[batch.Salt]int
	size  int
}

// full reports whether it is enough, in a section of so many voters.
func (f *flight) full(voters int) bool { return f.size >= max(maxFlight/max(voters, 1), leastFlight) }

// add adds a payload that was voted for.
func (f *flight) add(payload []byte) {
	salt, ok := saltOf(payload)
	if !ok {
		return
	}
	if f.sizes == nil {
		f.sizes = make(map[batch.Salt]int)
	}
	f.size += len(payload) - f.sizes[salt] // another's, that this node voted for before a restart, may have the same
	f.sizes[salt] = len(payload)
}

// saltOf returns a payload's salt, or what stands in its place.
func saltOf(payload []byte) (salt batch.Salt, ok bool) {
	if len(payload) < batch.Head {
		return salt, false
	}
	return batch.Salt(payload[1:]), true
}

// decided takes out a payload, if it is this node's.
func (f *flight) decided(payload []byte) {
	salt, ok := saltOf(payload)
	if size, mine := f.sizes[salt]; ok && mine && size == len(payload) {
		delete(f.sizes, salt)
		f.size -= size
	}
}
