package election

import (
	"fmt"
	"slices"

	"parsec/core/internal/gossip"
)

// verify panics if an invariant is broken once events up to x are processed:
//
//  1. the contents of a chain ascend, and a key is in one of them at most;
//  2. the first interesting event of a voter that did not fork is that of its chain's contents, and none is
//     before observers.lowest;
//  3. the window holds all events from the one before observers.lowest on, and a row has for each voter the
//     last event that is seen of it, or that a fork by it is behind;
//  4. the numbers of meta-votes are in use, and only sync events by voters have them;
//  5. every voter's class exists;
//  6. to 8. are said at levels.
func (e *Election) verify(x gossip.Index) {
	fail := func(invariant int, format string, args ...any) {
		panic(fmt.Sprintf("election: after event %d, invariant %d is broken: %s", x, invariant, fmt.Sprintf(format, args...)))
	}
	c := &e.content
	for v := range c.queue {
		last := gossip.Index(0)
		listed := map[uint32]bool{}
		for i := c.queue[v].head; i != 0; i = c.nodes[i].next {
			n := c.nodes[i]
			if n.event < last || listed[n.key] {
				fail(1, "chain %d: key %d at event %d after %d", v, n.key, n.event, last)
			}
			last = n.event
			listed[n.key] = true
		}
		if e.n < 2 || v >= e.n || e.voterForked(int16(v)) {
			continue
		}
		first := e.pop(v)
		if e.observers.first[v] != first {
			fail(2, "voter %d: first is %d, not %d", v, e.observers.first[v], first)
		}
		if first < e.observers.lowest {
			fail(2, "chain %d: first is %d, before %d", v, first, e.observers.lowest)
		}
	}
	if e.n < 2 || e.observers.lowest == never {
		return
	}
	if e.levels.on {
		e.verifyLevels(fail)
		return
	}
	w := &e.window
	if w.base >= e.observers.lowest || w.base+gossip.Index(w.size) != e.came+1 {
		fail(3, "it has %d events from %d", w.size, w.base)
	}
	for j, p := range e.voters {
		got := e.row(w.size - 1)[j]
		if gossip.IsFork(got) {
			got = 0
		}
		if want, _ := e.g.Tip(x, p); got != want {
			fail(3, "voter %d: %d, not %d", j, got, want)
		}
	}
	l := &e.metaVotes
	if e.earliest != 0 {
		for y := e.earliest; y < e.next; y++ {
			i := y - w.base
			number := w.votes[i]
			if int(number) >= l.used || int(number)%l.groups != 0 || number != 0 && w.info[i].kind == bystander {
				fail(4, "event %d has number %d of %d", y, number, l.used)
			}
		}
	}
	for v, of := range l.classes.of {
		if int(of) >= l.classes.count {
			fail(5, "voter %d is in class %d of %d", v, of, l.classes.count)
		}
	}
}

// verifyLevels checks what is said at levels.
func (e *Election) verifyLevels(fail func(int, string, ...any)) {
	l := &e.levels
	for j, b := range l.base {
		n := 0
		for i := range b.at {
			c := gossip.Peer(i)
			if b.at[c] != never {
				n++
			}
			if j > 0 && j <= l.depth && b.at[c] < l.base[j-1].at[c] {
				fail(6, "level %d of chain %d is at %d, the one below at %d", j, c, b.at[c], l.base[j-1].at[c])
			}
			switch {
			case j > l.depth:
			case b.at[c] != never:
				if x := l.chains.at(c, b.next[c]); x != b.at[c] {
					fail(7, "level %d of chain %d is at %d, its place has %d", j, c, b.at[c], x)
				}
			case slices.Contains(e.voters, c) && b.next[c] != l.chains.tail[c] && (j == 0 || l.base[j-1].at[c] != never):
				fail(7, "level %d of chain %d was looked for up to %d of %d", j, c, b.next[c], l.chains.tail[c])
			}
		}
		if n != b.count {
			fail(8, "level %d is on %d chains, not %d", j, n, b.count)
		}
	}
}
