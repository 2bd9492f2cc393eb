//go:build unix

package network

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"parsec/cmd/loadgen/internal/network/fault"
)

// A schedule runs against the network, and kills no more nodes than it bears.
func TestSchedule(t *testing.T) {
	n := start(t, config(t, 4, ""))
	faults, err := fault.Parse("0s kill random for 10ms every 10ms x3; 0s pause random for 5ms every 5ms x4", 4)
	if err != nil {
		t.Fatal(err)
	}
	records := fault.Run(t.Context(), faults, n, fault.Options{Nodes: 4, Seed: 1, Noted: func(fault.Record) {
		if sound := len(n.Sound()); sound < 3 {
			t.Errorf("%d sound nodes", sound)
		}
	}})
	if len(records) != 7 || len(n.Sound()) != 4 {
		t.Errorf("sound %v, %+v", n.Sound(), records)
	}
	for _, r := range records {
		if r.Err != "" || r.Until == 0 {
			t.Errorf("%+v", r)
		}
	}
}

func TestCrash(t *testing.T) {
	times := 8
	if testing.Short() {
		times = 3
	}
	n := start(t, config(t, 7, ""))
	noted := 0
	returns, err := n.Crash(t.Context(), Crash{Times: times, AtOnce: 2, Down: 20 * time.Millisecond, Apart: 5 * time.Millisecond, Seed: 3,
		Noted: func(Return) { noted++ }})
	if err != nil {
		t.Fatal(err)
	}
	if len(returns) != times || noted != times || len(n.Sound()) != 7 {
		t.Errorf("%d returns, sound %v", len(returns), n.Sound())
	}
	for _, r := range returns {
		if r.Err != "" || r.Ready <= 0 || r.Back < r.Ready || r.Events != 7 || r.Back < 20*time.Millisecond || r.Blocks == 0 {
			t.Errorf("%+v", r)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var once sync.Once
	returns, err = n.Crash(ctx, Crash{Times: 100, Noted: func(Return) { once.Do(cancel) }})
	if !errors.Is(err, context.Canceled) || len(returns) > 2 || len(n.Running()) != 7 {
		t.Errorf("ended early: %v after %d, running: %v", err, len(returns), n.Running())
	}
}

// A node that serves but does not catch up has not come back.
func TestCrashStuck(t *testing.T) {
	n := start(t, config(t, 4, "stuck"))
	returns, err := n.Crash(t.Context(), Crash{Times: 5, Within: 2 * time.Second})
	if err == nil || !strings.Contains(err.Error(), "did not come back: 1 blocks after 2s") || len(returns) != 1 || returns[0].Err == "" {
		t.Errorf("%v, %+v", err, returns)
	}
}
