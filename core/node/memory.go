package node

import (
	"fmt"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// Bytes is a number of bytes that is text in JSON and on command lines, like "4GiB": a whole number of B, KiB, MiB, GiB or
// TiB.
type Bytes int64

var units = []string{"B", "KiB", "MiB", "GiB", "TiB"}

// MarshalText writes it in the largest unit of which it is a whole number.
func (b Bytes) MarshalText() ([]byte, error) {
	unit := 0
	for b != 0 && b%1024 == 0 && unit < len(units)-1 {
		b /= 1024
		unit++
	}
	return []byte(strconv.FormatInt(int64(b), 10) + units[unit]), nil
}

// UnmarshalText reads it.
func (b *Bytes) UnmarshalText(text []byte) error {
	s := string(text)
	for unit := len(units) - 1; unit >= 0; unit-- { // all end in B
		number, ok := strings.CutSuffix(s, units[unit])
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n < 0 || n > 1<<62>>(10*unit) {
			break
		}
		*b = Bytes(n << (10 * unit))
		return nil
	}
	return fmt.Errorf("%q: want a whole number of B, KiB, MiB, GiB or TiB, like 4GiB", s)
}

// leastMemory is the least that a node can be allowed: a small section under load has half of it in use.
const leastMemory = 256 << 20

// weighEvery is the time between two looks at what the heap has come to.
const weighEvery = time.Second

// weigh looks whether what is kept for good has grown so much that no more submissions are to be taken. Without pruning it
// does not become less; but what comes and goes counts as well, so it may be over. The other half of Config.Memory is for
// that (core/design/runtime.md, Memory), and for the collector to work in.
func (l *loop) weigh(now time.Time) {
	if l.cfg.Memory == 0 || now.Sub(l.weighedAt) < weighEvery {
		return
	}
	l.weighedAt = now
	was := l.full != nil
	l.full = nil
	if live := liveHeap(); live > uint64(l.cfg.Memory)/2 {
		l.full = fmt.Errorf("its memory is full: %d MiB are in use, and half of the %d MiB allowed are for what is kept (-memory)", live>>20, l.cfg.Memory>>20)
	}
	if is := l.full != nil; is != was {
		if is {
			l.log.Warn("takes no more submissions", "reason", l.full)
		} else {
			l.log.Info("takes submissions again")
		}
		l.look()
	}
}

// liveHeap returns what was in use when memory was collected last, in bytes.
func liveHeap() uint64 {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	return live[0].Value.Uint64()
}
