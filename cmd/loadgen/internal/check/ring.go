package check

// ring is a queue of numbers that are found by their place since the beginning. The zero ring is empty and begins at 0.
type ring struct {
	b    []uint64 // its length is a power of two, or 0
	base uint64   // place of the first that is kept
	head uint64   // place of the next that will come
}

func (r *ring) at(i uint64) uint64 { return r.b[i&uint64(len(r.b)-1)] }

func (r *ring) push(v uint64) {
	if r.head-r.base == uint64(len(r.b)) {
		bigger := make([]uint64, max(1024, 2*len(r.b)))
		for i := r.base; i < r.head; i++ {
			bigger[i&uint64(len(bigger)-1)] = r.at(i)
		}
		r.b = bigger
	}
	r.b[r.head&uint64(len(r.b)-1)] = v
	r.head++
}

// drop forgets what is before place to.
func (r *ring) drop(to uint64) { r.base = min(max(r.base, to), r.head) }

// begin makes an empty ring begin elsewhere.
func (r *ring) begin(at uint64) { r.base, r.head = at, at }
