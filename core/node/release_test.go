package node

import (
	"testing"
	"time"

	"parsec/core"
)

// Messages that wait for a slow disk are bounded in bytes, not only in number.
func TestReleaseBytes(t *testing.T) {
	r := newReleases()
	const each, many = maxReleaseBytes / 4, 10
	frame := make([]byte, each-1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range many {
			out := r.get()
			out.add(core.Identity{}, frame)
			r.push(out)
		}
		out := r.get() // one that is larger than all may be
		out.bytes = make([]byte, maxReleaseBytes+1)
		r.push(out)
	}()
	for end := time.Now().Add(within); len(r.queue) < 4; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not queue what there is room for")
		}
	}
	time.Sleep(20 * time.Millisecond)
	if n := len(r.queue); n != 4 {
		t.Errorf("%d of a quarter each wait", n)
	}
	for range many + 1 {
		out := <-r.queue
		r.mu.Lock()
		bytes := r.bytes
		r.mu.Unlock()
		if bytes > max(maxReleaseBytes, out.weight) {
			t.Errorf("%d bytes wait", bytes)
		}
		r.put(out)
	}
	<-done
	if r.bytes != 0 {
		t.Errorf("%d bytes are left", r.bytes)
	}
}
