package node

import (
	"context"
	"errors"
	"testing"
	"time"

	"parsec/core/node/internal/batch"
)

func TestIntake(t *testing.T) {
	in := newIntake()
	big := batch.Append(nil, &batch.ID{1}, 1, make([]byte, batch.MaxData))
	n := 0
	for len(in.entries)+len(big) <= maxIntake {
		if err := in.submit(t.Context(), big, 1, nil); err != nil {
			t.Fatal(err)
		}
		n++
	}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if err := in.submit(ctx, big, 1, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("no room: %v", err)
	}
	waits := make(chan error, 1)
	go func() { waits <- in.submit(t.Context(), big, 1, func(err error) { waits <- err }) }()
	entries, parts := in.take(nil, nil, 3*len(big)+1)
	if len(parts) != 3 || len(entries) != 3*len(big) {
		t.Errorf("took %d parts, %d bytes", len(parts), len(entries))
	}
	if err := <-waits; err != nil {
		t.Errorf("there is room again: %v", err)
	}
	if count, size := in.waiting(); count != n-2 || size != count*len(big) {
		t.Errorf("%d wait, %d bytes", count, size)
	}
	in.mu.Lock()
	for i := range in.parts[:len(in.parts)-1] {
		in.parts[i].done = func(error) {}
	}
	in.mu.Unlock()
	refusal := errors.New("no more")
	in.refuse(refusal)
	if err := <-waits; err != refusal {
		t.Errorf("one that waited: %v", err)
	}
	if err := in.submit(t.Context(), big, 1, nil); err != refusal {
		t.Errorf("after that: %v", err)
	}
	if entries, parts := in.take(nil, nil, 1); len(entries)+len(parts) > 0 {
		t.Error("something is left")
	}
}
