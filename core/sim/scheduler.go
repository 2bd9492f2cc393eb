package sim

import (
	"slices"
	"time"

	"parsec/core/internal/simulation"
)

// schedulerTick is how often the scheduler lets messages through.
const schedulerTick = 10 * time.Millisecond

// scheduler is an adversary that has the network in its hands: it sees all messages and all estimates, and lets
// messages through when it likes, though all of them in the end. It wants the members' estimates about a voter to
// stay split, so that no step of the binary agreement decides and coins have to be tossed.
//
// For one voter after the other, the one that members disagree about most, it makes two camps: those that hold true
// alone and the others. Messages within a camp pass; between camps they wait until nothing else is left, and then
// one at a time, to the larger camp first.
type scheduler struct {
	waiting []waiting
	idle    int // ticks in which nothing could pass
}

type waiting struct {
	message
	since time.Duration
}

// held is how long a message waits at most.
const held = 3 * time.Second

// schedule takes a message in.
func (s *run) schedule(m message) {
	s.scheduler.waiting = append(s.scheduler.waiting, waiting{m, s.now})
}

// camps tells for each process whether it is in the true camp; ok is false if members do not disagree.
func (s *run) camps() (camp []bool, ok bool) {
	all := make([][]simulation.Estimate, len(s.processes))
	width := 0
	for i, p := range s.processes {
		if p.node == nil || !p.honest || p.probe == nil || p.busy {
			continue
		}
		all[i] = p.probe.Estimates()
		width = max(width, len(all[i]))
	}
	best, worst := -1, 0
	for v := range width {
		yes, no := 0, 0
		for _, e := range all {
			if v >= len(e) || e[v].Decided {
				continue
			}
			if e[v].True {
				yes++
			}
			if e[v].False {
				no++
			}
		}
		if m := min(yes, no); m > worst {
			best, worst = v, m
		}
	}
	if best < 0 {
		return nil, false
	}
	camp = make([]bool, len(s.processes))
	for i, e := range all {
		camp[i] = best < len(e) && e[best].True && !(e[best].False && s.scheduling.percent(50))
	}
	return camp, true
}

// release lets messages through.
func (s *run) release() {
	if s.net.healed {
		return
	}
	s.queue.push(action{at: s.now + schedulerTick, kind: doSchedule})
	w := &s.scheduler
	if len(w.waiting) == 0 {
		return
	}
	camp, split := s.camps()
	passed := 0
	w.waiting = slices.DeleteFunc(w.waiting, func(m waiting) bool {
		pass := s.now-m.since >= held
		if !pass && split {
			pass = camp[m.from] == camp[m.to] && s.scheduling.percent(60)
		} else if !pass {
			// While nobody disagrees: halves that change hear late of each other, so that they come to.
			side := uint64(s.now/(20*schedulerTick)) * 0x9e3779b97f4a7c15 >> 20
			pass = side>>(m.from%16)&1 == side>>(m.to%16)&1 && s.scheduling.percent(40)
		}
		if pass {
			s.deliverAt(s.now+time.Millisecond, m.message)
			passed++
		}
		return pass
	})
	if passed > 0 {
		w.idle = 0
		return
	}
	if w.idle++; w.idle >= 4 && len(w.waiting) > 0 {
		w.idle = 0
		i := s.scheduling.below(len(w.waiting))
		s.deliverAt(s.now+time.Millisecond, w.waiting[i].message)
		w.waiting = slices.Delete(w.waiting, i, i+1)
	}
}

// releaseAll lets all through that waits.
func (s *run) releaseAll() {
	for _, m := range s.scheduler.waiting {
		s.deliverAt(s.now+s.network.draw(good), m.message)
	}
	s.scheduler.waiting = nil
}
