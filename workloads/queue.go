package workloads

import "time"

// action is something that happens at a moment of simulated time.
type action struct {
	at   time.Duration
	seq  uint64 // order of scheduling: breaks ties, so that the order is total
	kind actionKind
	who  int32 // a member; what else it is depends on the kind
	what int32 // a message, an observation, a change
}

type actionKind uint8

const (
	gossip  actionKind = iota // member who starts a gossip round
	deliver                   // message what arrives
	vote                      // member who votes for observation what
	propose                   // new observations come up
	change                    // Params.Changes[what] is voted on
	join                      // member who begins to take part
	leave                     // peer who takes part no more
	fork                      // the forkers split
	finish                    // the run ends
)

func (a action) before(b action) bool {
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}

// queue is a binary heap of actions by time.
type queue struct {
	heap []action
	seq  uint64
}

func (q *queue) push(a action) {
	a.seq = q.seq
	q.seq++
	q.heap = append(q.heap, a)
	i := len(q.heap) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !a.before(q.heap[up]) {
			break
		}
		q.heap[i] = q.heap[up]
		i = up
	}
	q.heap[i] = a
}

// pop takes the earliest action out; the queue must not be empty.
func (q *queue) pop() action {
	top := q.heap[0]
	last := len(q.heap) - 1
	a := q.heap[last]
	q.heap = q.heap[:last]
	i := 0
	for {
		down := 2*i + 1
		if down >= last {
			break
		}
		if down+1 < last && q.heap[down+1].before(q.heap[down]) {
			down++
		}
		if !q.heap[down].before(a) {
			break
		}
		q.heap[i] = q.heap[down]
		i = down
	}
	if last > 0 {
		q.heap[i] = a
	}
	return top
}
