package api

import (
	"errors"
	"math/rand/v2"
	"testing"
)

// TestPending compares it with a plain list, for backends that finish frames in any order.
func TestPending(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	p := newPending(func() { t.Error("failed") })
	type frame struct {
		e     *entry
		count int
		done  bool
	}
	var list []frame
	var want uint64
	for range 20000 {
		switch k := r.IntN(3); {
		case k < 2 && len(list) < 50 || len(list) == 0:
			count := 1 + r.IntN(9)
			e := p.push(count)
			list = append(list, frame{e, count, false})
			if r.IntN(10) == 0 {
				p.withdraw(e)
				list[len(list)-1] = frame{e, 0, true}
			}
		default:
			i := r.IntN(len(list))
			if !list[i].done {
				list[i].done = true
				list[i].e.call(nil)
			}
		}
		for len(list) > 0 && list[0].done {
			want += uint64(list[0].count)
			list = list[1:]
		}
		in := 0
		for _, f := range list {
			in += f.count
		}
		acked, empty, failed := p.state()
		if acked != want || empty != (len(list) == 0) || failed != nil || p.inFlight != in {
			t.Fatalf("%d acknowledged, empty %t, %v, %d in flight; want %d, %d frames, %d", acked, empty, failed, p.inFlight, want, len(list), in)
		}
		if p.fits(3, 20) != (in == 0 || in+3 <= 20) {
			t.Fatalf("%d in flight, and 3 fit: %t", in, p.fits(3, 20))
		}
	}
}

// TestPendingFails: nothing is acknowledged after a failure, and the first is the one.
func TestPendingFails(t *testing.T) {
	called := 0
	p := newPending(func() { called++ })
	a, b, c := p.push(1), p.push(2), p.push(3)
	a.call(nil)
	first := errors.New("first")
	c.call(first)
	b.call(errors.New("second"))
	if acked, empty, failed := p.state(); acked != 1 || empty || failed != first || called != 1 {
		t.Errorf("%d acknowledged, empty %t, %v, told %d times", acked, empty, failed, called)
	}
}

// TestPendingAllocates: a frame costs nothing once there have been as many.
func TestPendingAllocates(t *testing.T) {
	p := newPending(nil)
	if n := testing.AllocsPerRun(1000, func() {
		a, b := p.push(1), p.push(2)
		b.call(nil)
		a.call(nil)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
