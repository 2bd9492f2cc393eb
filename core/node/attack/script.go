package attack

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"parsec/core"
	"parsec/core/internal/forge"
	"parsec/core/internal/wire"
)

// script is what one kind of attack sends to one target.
type script struct {
	next  func() (member int, m *wire.Message)                     // what a member sends next; nil: nothing for now
	heard func(member int, m *wire.Message) (answer *wire.Message) // what it answers to what comes from the target; may be nil
}

// crew is the hostile members of a scripted attack, as one target sees them. What their events have in common, for all
// targets, is that they descend from the members' first two.
type crew struct {
	*forge.Forger
	target int // its number
	to     wire.Hash
	firsts []*forge.Event // by member
	tips   []*forge.Event // by member: on top of it all else is made
	labels int            // of branches

	began time.Time
	opens time.Duration // after which members fork in the open
}

// newCrew returns a crew for a target.
func (c *Config) newCrew(target int) (*crew, error) {
	id, err := c.Section.ID()
	if err != nil {
		return nil, err
	}
	w := &crew{Forger: forge.New(id), target: target, to: c.Targets[target].ID, began: time.Now(), opens: cmp.Or(c.Open, 30*time.Second)}
	for _, m := range c.Members {
		first := w.Initial(w.Hold(m.Seed))
		w.firsts = append(w.firsts, first)
		w.tips = append(w.tips, w.Ask(first, c.Targets[0].ID))
	}
	return w, nil
}

// show returns a message of events. Before members fork in the open it is an answer that nobody asked for: what a target
// takes in of it is the same, and a request would be answered with all that its sender does not show to have, for which it
// is held up. Whoever does not look at such answers is sent requests then.
func (w *crew) show(events ...*forge.Event) *wire.Message {
	if w.open() {
		return w.Message(wire.KindRequest, events...)
	}
	return w.Message(wire.KindResponse, events...)
}

// open reports whether it is time to fork in the open.
func (w *crew) open() bool { return time.Since(w.began) >= w.opens }

// victim reports whether the target is one of those that take in what others do not, every other one; those cannot follow
// the rest then, and the rest has no quorum without them.
func (w *crew) victim() bool { return w.target%2 == 0 }

// opening is what shows a member's first events.
func (w *crew) opening(member int) *wire.Message {
	return w.show(w.firsts[member], w.tips[member])
}

// label returns a vote for what no other event votes for.
func (w *crew) label() forge.Vote {
	w.labels++
	return forge.Opaque(fmt.Appendf(nil, "branch %d of target %d", w.labels, w.target))
}

// branch returns a message with a branch of its own.
func (w *crew) branch(member int) *wire.Message {
	b := w.Vote(w.tips[member], w.label())
	return w.show(b, w.Ask(b, w.to))
}

// again is how many frames are sent before the members' first events are shown again: a target that was restarted, or was
// not there, lacks them.
const again = 64

// scripted has all members follow one script for each target.
func scripted(write func(*crew) script) func(context.Context, *Config) (Counts, error) {
	return func(ctx context.Context, c *Config) (all Counts, err error) {
		var stages []*stage
		for i, t := range c.Targets {
			w, err := c.newCrew(i)
			if err != nil {
				return all, err
			}
			stages = append(stages, &stage{crew: w, script: write(w), at: t.ID})
		}
		var members []*links
		defer func() {
			for _, l := range members {
				all.add(l.close())
			}
		}()
		for i, m := range c.Members {
			l, err := c.connect(m, nil, func(l *links, from core.Identity, frame []byte) {
				for _, s := range stages {
					if s.at == from {
						s.answer(l, i, frame)
					}
				}
			})
			if err != nil {
				return all, err
			}
			members = append(members, l)
		}
		var wait sync.WaitGroup
		for _, s := range stages {
			wait.Go(func() { s.play(ctx, members, c.Rate) })
		}
		wait.Wait()
		return all, nil
	}
}

// stage is where a script is played: before one target.
type stage struct {
	script
	at core.Identity

	mu   sync.Mutex // scripts answer while they go on
	crew *crew
}

// play sends what the script has, until ctx ends.
func (s *stage) play(ctx context.Context, members []*links, rate float64) {
	began := time.Now()
	for n := 0; ctx.Err() == nil; n++ {
		if n%again == 0 {
			for i, l := range members {
				l.send(ctx, s.at, s.seal(l, func() *wire.Message { return s.crew.opening(i) }))
			}
		}
		if rate > 0 {
			sleep(ctx, time.Until(began.Add(time.Duration(float64(n)/rate*float64(time.Second)))))
		}
		var member int
		frame := s.seal(members[0], func() (m *wire.Message) {
			member, m = s.next()
			return m
		})
		if frame == nil {
			sleep(ctx, 10*pause)
			continue
		}
		members[member].room(ctx, s.at)
		members[member].send(ctx, s.at, frame)
	}
}

// answer answers a frame, if the script has an answer.
func (s *stage) answer(l *links, member int, frame []byte) {
	if s.heard == nil || len(frame) == 0 || frame[0] != prefixCore {
		return
	}
	out := s.seal(l, func() *wire.Message {
		m, err := s.crew.Open(frame[1:])
		if err != nil {
			return nil
		}
		return s.heard(member, m)
	})
	if out != nil && l.Send(s.at, out) {
		l.n.frames.Add(1)
	}
}

// seal returns the frame of a message, nil for none; make is called under the lock.
func (s *stage) seal(l *links, make func() *wire.Message) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := make()
	if m == nil {
		return nil
	}
	l.n.events.Add(uint64(len(m.Events)))
	return s.crew.Seal([]byte{prefixCore}, m)
}
