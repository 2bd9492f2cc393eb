package program

import (
	"context"
	"time"
)

// Pause waits, and reports whether the time passed before the context ended. A time of 0 or less has passed.
func Pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
