package transport

import (
	"crypto/ed25519"
	"encoding/binary"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is for what has to happen; nothing waits for it to pass.
const patience = 60 * time.Second

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in %v: %s", patience, what)
		}
	}
}

func seedOf(n byte) [32]byte { return [32]byte{n, 0xaa} }

func idOf(n byte) ID {
	s := seedOf(n)
	return ID(ed25519.NewKeyFromSeed(s[:]).Public().(ed25519.PublicKey))
}

// members are allowed: keys 1 to 9.
func members() func(ID) bool {
	set := map[ID]bool{}
	for n := byte(1); n < 10; n++ {
		set[idOf(n)] = true
	}
	return func(id ID) bool { return set[id] }
}

// node is a transport whose frames are counted and kept if asked.
type node struct {
	*Transport
	id       ID
	received atomic.Int64
	mu       sync.Mutex
	handler  func(from ID, frame []byte)
	ups      atomic.Int64
}

func (n *node) handle(f func(from ID, frame []byte)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.handler = f
}

// start makes the node of key n. change may be nil.
func start(t testing.TB, n byte, change func(*Config)) *node {
	t.Helper()
	v := &node{id: idOf(n)}
	cfg := Config{
		Seed: seedOf(n), Listen: "127.0.0.1:0", Section: [32]byte{7}, Allowed: members(),
		Deliver: func(from ID, frame []byte) {
			v.mu.Lock()
			f := v.handler
			v.mu.Unlock()
			if f != nil {
				f(from, frame)
			}
			v.received.Add(1)
		},
		OnUp:       func(ID) { v.ups.Add(1) },
		Logger:     slog.New(slog.NewTextHandler(testLog{t}, nil)),
		BackoffMin: 5 * time.Millisecond, BackoffMax: 100 * time.Millisecond,
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if v.Transport, err = Listen(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Logf("%s", b)
	return len(b), nil
}

// meet lets nodes dial each other and waits until they are connected.
func meet(t testing.TB, nodes ...*node) {
	t.Helper()
	for _, a := range nodes {
		for _, b := range nodes {
			a.SetPeer(b.id, b.Addr())
		}
	}
	for _, a := range nodes {
		for _, b := range nodes {
			if a != b {
				eventually(t, "connected", func() bool { return a.Connected(b.id) })
			}
		}
	}
}

// traffic sends numbered frames from a to b as long as the test goes on, never more than window ahead of what has
// arrived, and checks that they arrive in order and none is lost. stop waits until at least min have arrived.
func traffic(t testing.TB, a, b *node) (stop func(min int64)) {
	t.Helper()
	var arrived atomic.Int64
	var wrong atomic.Bool
	b.handle(func(from ID, frame []byte) {
		if from != a.id {
			return
		}
		if len(frame) < 8 || binary.LittleEndian.Uint64(frame) != uint64(arrived.Load()) {
			wrong.Store(true)
			return
		}
		arrived.Add(1)
	})
	done := make(chan struct{})
	var sender sync.WaitGroup
	sender.Go(func() {
		for i := int64(0); ; {
			select {
			case <-done:
				return
			default:
			}
			frame := make([]byte, 8+i%1000)
			binary.LittleEndian.PutUint64(frame, uint64(i))
			if i-arrived.Load() < 50 && a.Send(b.id, frame) {
				i++
			} else {
				time.Sleep(time.Millisecond)
			}
		}
	})
	end := sync.OnceFunc(func() { close(done); sender.Wait() })
	t.Cleanup(end)
	return func(min int64) {
		t.Helper()
		from := arrived.Load()
		eventually(t, "honest traffic goes on", func() bool { return arrived.Load() >= from+min || wrong.Load() })
		end()
		if wrong.Load() {
			t.Error("honest frames were lost or changed")
		}
	}
}
