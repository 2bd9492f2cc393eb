package sim

import (
	"slices"
	"time"

	"parsec/core/internal/coin"
	"parsec/core/internal/election"
	"parsec/core/internal/simulation"
)

// schedulerTick is how often the scheduler lets a message through.
const schedulerTick = 10 * time.Millisecond

// scheduler is an adversary that has the network in its hands: it sees all messages and all meta-votes, and lets
// messages through when it likes, though all of them in the end. It wants the members' estimates about one voter to
// stay split, so that no step of the binary agreement decides it and coins have to be tossed.
//
// It foresees what a message would do: the meta-votes of the event that its recipient would make, from what the
// recipient and the message have. Of the messages that wait it passes the one that helps most: one that gives its
// recipient the auxiliary value that is wanted, or begins a step with the estimate that fewer hold; and none that
// decides, as long as there is a choice.
type scheduler struct {
	waiting []waiting
	caught  []message // during an ambush: all messages, in order
	idle    int       // ticks in which nothing passed
	focus   int       // the voter that members are to disagree about, in order of identity
}

// waiting is a message that waits, with what its last event sees.
type waiting struct {
	message
	since time.Duration
	view  simulation.View
}

const (
	held     = 4 * time.Second // how long a message waits at most
	patient  = 40              // how many ticks the scheduler waits for a better choice
	zeroIdle = 6               // likewise, where the best changes nothing
	foreseen = 8               // how many messages it looks at a tick
)

// schedule takes a message in.
func (s *run) schedule(m message) {
	if s.now < s.plan.ambush.length() {
		s.scheduler.caught = append(s.scheduler.caught, m)
		return
	}
	w := waiting{message: m, since: s.now}
	if p := s.processes[m.from]; p.probe != nil && p.probe.View != nil {
		w.view = p.probe.View()
	}
	s.scheduler.waiting = append(s.scheduler.waiting, w)
}

// release lets messages through: those that waited too long, and the best of the others.
func (s *run) release() {
	if s.net.healed {
		return
	}
	s.queue.push(action{at: s.now + schedulerTick, kind: doSchedule})
	w := &s.scheduler
	w.waiting = slices.DeleteFunc(w.waiting, func(m waiting) bool {
		late := s.now-m.since >= held
		if late {
			s.deliverAt(s.now, m.message)
		}
		return late
	})
	if len(w.waiting) == 0 {
		return
	}
	views := s.views()
	split := s.refocus(views)
	best, worth := -1, 0
	for _, i := range some(s.scheduling, foreseen, len(w.waiting)) {
		if v := s.worth(&w.waiting[i], views, split); best < 0 || v > worth {
			best, worth = i, v
		}
	}
	if w.idle++; worth < 0 && w.idle < patient || worth == 0 && w.idle < zeroIdle {
		return
	}
	w.idle = 0
	s.deliverAt(s.now, w.waiting[best].message)
	w.waiting = slices.Delete(w.waiting, best, best+1)
}

// releaseAll lets all through that waits.
func (s *run) releaseAll() {
	for _, m := range s.scheduler.waiting {
		s.deliverAt(s.now+s.network.draw(good), m.message)
	}
	s.scheduler.waiting = nil
}

// views returns by process what its last event sees; nothing of those that are down or busy.
func (s *run) views() []simulation.View {
	out := make([]simulation.View, len(s.processes))
	for i, p := range s.processes {
		if p.node != nil && !p.busy && p.probe != nil && p.probe.View != nil {
			out[i] = p.probe.View()
		}
	}
	return out
}

// rank is a process's place among the voters, which in this scenario are the founders.
func (s *run) rank(p int) (n int) {
	for _, id := range s.founders {
		if order(id, s.processes[p].identity) < 0 {
			n++
		}
	}
	return n
}

// own returns what a process's last event holds about a voter; nil if it holds nothing.
func own(v *simulation.View, rank, subject int) []election.MetaVote {
	if rank >= len(v.Votes) || subject >= len(v.Votes[rank]) {
		return nil
	}
	return v.Votes[rank][subject]
}

// refocus looks for a voter that members disagree about, if they do not about the one they did. It reports whether
// there is one.
func (s *run) refocus(views []simulation.View) bool {
	contested := func(subject int) int {
		yes, no := 0, 0
		for p := range views {
			seq := own(&views[p], s.rank(p), subject)
			if len(seq) == 0 {
				continue
			}
			last := seq[len(seq)-1]
			if last.Decision != 0 {
				return 0
			}
			yes, no = yes+one(last.EstT || last.Aux == 1), no+one(last.EstF || last.Aux == 2)
		}
		return min(yes, no)
	}
	w := &s.scheduler
	if contested(w.focus) > 0 {
		return true
	}
	most := 0
	for v := range s.founders {
		if c := contested(v); c > most {
			w.focus, most = v, c
		}
	}
	return most > 0
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// worth says how welcome the delivery of a message is: more is better, and below 0 it had better wait.
func (s *run) worth(m *waiting, views []simulation.View, split bool) int {
	to := &views[m.to]
	if !split || to.Votes == nil || to.Height != m.view.Height || len(m.view.Votes) != len(to.Votes) {
		return s.sow(m)
	}
	me, focus := s.rank(int(m.to)), s.scheduler.focus
	was := own(to, me, focus)
	if len(was) == 0 {
		return s.sow(m)
	}
	var others [][]election.MetaVote
	for q := range to.Votes {
		if q == me {
			continue
		}
		v := to
		if m.view.Nth[q] > to.Nth[q] {
			v = &m.view
		}
		if seq := own(v, q, focus); len(seq) > 0 {
			others = append(others, seq)
		}
	}
	will := election.Advance(len(to.Votes), false, was, others, coinless{})
	return s.welcome(was, will, views)
}

// season is for how long the scheduler has the same member hear and be heard late.
const season = 800 * time.Millisecond

// sow is worth while members do not disagree, or the recipient has no meta-votes yet. First one member is not heard
// of, then half of the members hear of it and the others do not: what it has to say is observed by some, and not by
// others.
func (s *run) sow(m *waiting) int {
	n := s.plan.peers
	first := int(uint64(s.now/season)*0x9e3779b97f4a7c15>>33) % n
	place := func(p int32) int { return (int(p) - first + n) % n } // 0 is the one
	heard := s.now%season > season/2
	switch from, to := place(m.from), place(m.to); {
	case !heard && from == 0, heard && from < n/2 && to >= n/2:
		return -1
	}
	return s.scheduling.below(3)
}

// welcome compares what an event would hold with what the one before it holds.
func (s *run) welcome(was, will []election.MetaVote, views []simulation.View) int {
	now := will[len(will)-1]
	switch {
	case now.Decision != 0:
		return -100
	case len(will) == len(was) && now == was[len(was)-1]:
		return 0 // it tells nothing yet
	}
	t := len(will) - 1
	yes, no := 0, 0 // of the others, at this step: auxiliary values if there is one, estimates else
	for p := range views {
		seq := own(&views[p], s.rank(p), s.scheduler.focus)
		if t >= len(seq) {
			continue
		}
		if v := seq[t]; now.Aux != 0 {
			yes, no = yes+one(v.Aux == 1), no+one(v.Aux == 2)
		} else {
			yes, no = yes+one(v.EstT && !v.EstF), no+one(v.EstF && !v.EstT)
		}
	}
	n := len(s.founders)
	most := [2]int{n / 2, n - n/2} // of false and true: even, where estimates are or at a genuine flip
	if quorum := 2*n/3 + 1; now.Aux != 0 {
		switch t % 3 {
		case 0: // so that some see a supermajority for false, and nobody one for true
			most = [2]int{quorum, n - quorum}
		case 1:
			most = [2]int{n - quorum, quorum}
		}
	}
	switch {
	case now.Aux == 1 || now.Aux == 0 && now.EstT && !now.EstF:
		return wanted(most[1] - yes)
	case now.Aux == 2 || now.Aux == 0 && now.EstF && !now.EstT:
		return wanted(most[0] - no)
	}
	// Both estimates. Whoever had one alone now takes the other one on: that of the value that most are to have at
	// this step is welcome, and of the other one not.
	if t >= len(was) {
		return 1
	}
	gets := was[t].EstF && !was[t].EstT // true
	switch {
	case t%3 == 2:
		return 1
	case gets == (t%3 == 1):
		return 5
	}
	return -5
}

// wanted is the worth of what so many more are to get.
func wanted(more int) int {
	if more <= 0 {
		return -20
	}
	return 10 * more
}

// coinless is a coin that has not fallen yet.
type coinless struct{}

// Toss implements [coin.Coin].
func (coinless) Toss(coin.Query, coin.Reader) (heads, known bool) { return false, false }
