package load

// queue holds sequence numbers. The zero queue is empty. It keeps the memory that it once had.
type queue struct {
	b          []uint64 // its length is a power of two, or 0
	head, tail uint64
}

func (q *queue) len() int { return int(q.tail - q.head) }

func (q *queue) push(seq uint64) {
	if q.len() == len(q.b) {
		bigger := make([]uint64, max(1024, 2*len(q.b)))
		n := q.len()
		for i := range n {
			bigger[i] = q.b[(q.head+uint64(i))&uint64(len(q.b)-1)]
		}
		q.b, q.head, q.tail = bigger, 0, uint64(n)
	}
	q.b[q.tail&uint64(len(q.b)-1)] = seq
	q.tail++
}

func (q *queue) first() uint64 { return q.b[q.head&uint64(len(q.b)-1)] }

func (q *queue) pop() uint64 {
	seq := q.first()
	q.head++
	return seq
}
