package columns

import "fmt"

// verify panics if event x breaks an invariant of Graph.
func (g *Graph) verify(x Index) {
	e := g.Event(x)
	fail := func(invariant int, format string, args ...any) {
		panic(fmt.Sprintf("gossip: event %d breaks invariant %d: %s", x, invariant, fmt.Sprintf(format, args...)))
	}
	if e.Self >= x || e.Other >= x {
		fail(2, "parents %d and %d", e.Self, e.Other)
	}
	if e.Self != 0 {
		if p := g.Event(e.Self); p.By != e.By || p.Nth+1 != e.Nth {
			fail(3, "self-parent is %d by %d", p.Nth, p.By)
		}
	}
	for c := range g.columns {
		at := g.At(x, Column(c))
		want := Index(0)
		for _, parent := range [2]Index{e.Self, e.Other} {
			if parent != 0 {
				want = max(want, g.At(parent, Column(c)))
			}
		}
		if Column(c) == e.Col {
			want = x
		}
		if at != want {
			fail(1, "entry %d is %d, not %d", c, at, want)
		}
		if at != 0 && g.Event(at).Col != Column(c) {
			fail(1, "entry %d is of column %d", c, g.Event(at).Col)
		}
	}
}
