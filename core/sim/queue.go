package sim

import "time"

// action is something that happens at a moment of simulated time.
type action struct {
	at    time.Duration
	seq   uint64 // order of scheduling: breaks ties, so that the order is total
	kind  actionKind
	who   int32  // a process
	what  int32  // a message, a proposal, a change: what the kind says
	epoch uint32 // of the process: what was begun before a crash is void after it
}

type actionKind uint8

const (
	doGossip   actionKind = iota // who makes a request to somebody
	doVote                       // who votes for what it has heard of
	doHear                       // who hears of proposal what
	doPropose                    // proposal what comes up
	doDeliver                    // message what arrives
	doSynced                     // who's record is durable
	doCrash                      // who stops
	doRestart                    // who comes back
	doJoin                       // who begins to join
	doReplay                     // an old message comes again
	doMischief                   // hostile member who does something nobody asked for
	doSchedule                   // the scheduler lets messages through
	doAmbush                     // the scheduler makes move what of its ambush
	doHeal                       // all faults end
)

func (a *action) before(b *action) bool {
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
		if !a.before(&q.heap[up]) {
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
		if down+1 < last && q.heap[down+1].before(&q.heap[down]) {
			down++
		}
		if !q.heap[down].before(&a) {
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
