package transport

import (
	"context"
	"encoding/binary"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// live returns the bytes that are in use by objects and stacks, garbage taken off.
func live() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// watch measures memory until stop, which returns by how much it rose at most.
func watch() (stop func() int64) {
	base, most := live(), int64(0)
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			most = max(most, live()-base)
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return func() int64 {
		close(done)
		watching.Wait()
		return most
	}
}

// flood calls f from a few goroutines until the test says stop.
func flood(f func()) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			for ctx.Err() == nil {
				f()
			}
		})
	}
	return func() { cancel(); running.Wait() }
}

// TestFloodOfConnections: strangers who connect as fast as they can, from another address than the members', and
// keep what they get. A member that was away comes back meanwhile.
func TestFloodOfConnections(t *testing.T) {
	probe, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skip("this system has one address on loopback:", err)
	}
	probe.Close()
	const limit = 16
	underAttack(t, func(c *Config) {
		c.Listen, c.MaxAddressHandshakes, c.MaxHandshakes = "127.0.0.1:0", limit, limit
	}, func(t *testing.T, v *node) {
		measured := watch()
		before := runtime.NumGoroutine()
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}, Timeout: time.Second}
		var attempts atomic.Int64
		var mu sync.Mutex
		var kept []net.Conn
		stop := flood(func() {
			raw, err := dialer.Dial("tcp", v.Addr())
			if err != nil {
				return
			}
			attempts.Add(1)
			raw.(*net.TCPConn).SetLinger(0) // else ports run out
			mu.Lock()
			defer mu.Unlock()
			if kept = append(kept, raw); len(kept) > 50 {
				kept[0].Close()
				kept = kept[1:]
			}
		})
		defer func() {
			for _, c := range kept {
				c.Close()
			}
		}()
		eventually(t, "the flood is one", func() bool { return attempts.Load() > 1000 })
		c := start(t, 3, nil)
		c.SetPeer(v.id, v.Addr())
		eventually(t, "a member gets in", func() bool { return c.Connected(v.id) })
		from := attempts.Load()
		eventually(t, "the flood goes on", func() bool {
			if n := v.Stats().Handshaking; n > limit {
				t.Errorf("%d handshakes at a time", n)
			}
			return attempts.Load() > from+1000
		})
		if n := runtime.NumGoroutine() - before; n > 3*limit+50 {
			t.Errorf("%d goroutines more", n)
		}
		stop()
		// A handshake: at most 64 KiB each. And what the test itself holds.
		if rose := measured(); rose > limit*(64<<10)+4<<20 {
			t.Errorf("memory rose by %d bytes", rose)
		}
		counted(t, v, ReasonTooMany)
	})
}

// TestGate: whom it lets in, by its own account.
func TestGate(t *testing.T) {
	cfg := Config{Allowed: members(), Deliver: func(ID, []byte) {}, HandshakeRate: 10, AddressRate: 5, MaxHandshakes: 8, MaxAddressHandshakes: 4}
	if err := cfg.complete(); err != nil {
		t.Fatal(err)
	}
	g := newGate(&cfg)
	var home home
	g.move(&home, sourceOf(at("10.0.0.1")))
	var in []*entrant
	got := map[string]int{}
	var evicted int
	for i := range 2000 {
		ip := "10.9." + []string{"0", "1", "2", "3"}[i%4] + ".1"
		if i >= 1000 && i < 1020 {
			ip = "10.0.0.1"
		}
		e, closed := g.enter(stub{addr: at(ip)})
		if e != nil {
			in = append(in, e)
			got[ip]++
		}
		if closed != nil {
			evicted++
		}
		if n := g.handshaking(); n > 8 {
			t.Fatalf("%d at a time", n)
		}
	}
	strangers := len(in) - got["10.0.0.1"]
	// 10 at once, and what a slow machine's seconds bring.
	if strangers < 10 || strangers > 100 {
		t.Errorf("%d strangers got in", strangers)
	}
	if got["10.0.0.1"] < 10 {
		t.Errorf("of a member's 20, %d got in", got["10.0.0.1"])
	}
	if evicted != len(in)-4 && evicted < len(in)-8 {
		t.Errorf("%d in, %d evicted", len(in), evicted)
	}
	for _, e := range in {
		g.leave(e)
		g.leave(e)
	}
	if n := g.handshaking(); n != 0 {
		t.Errorf("%d left", n)
	}
	// The table of sources is bounded.
	for i := range 3 * maxSources {
		g.enter(stub{addr: &net.TCPAddr{IP: binary.BigEndian.AppendUint32(nil, uint32(i)+11<<24)}})
	}
	if len(g.sources) > maxSources {
		t.Errorf("%d sources", len(g.sources))
	}
	if a, b := sourceOf(at("2001:db8::1")), sourceOf(at("2001:db8::ffff:1")); a != b {
		t.Errorf("%v and %v are of one network", a, b)
	}
	if a, b := sourceOf(at("::ffff:10.0.0.1")), sourceOf(at("10.0.0.1")); a != b {
		t.Errorf("%v and %v are one address", a, b)
	}
}

func at(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 1} }

type stub struct {
	net.Conn
	addr net.Addr
}

func (s stub) RemoteAddr() net.Addr { return s.addr }
func (s stub) Close() error         { return nil }

// TestFloodOfFrames: a member sends as fast as it can, and gets its quota.
func TestFloodOfFrames(t *testing.T) {
	for _, c := range []struct {
		name string
		size int
	}{{"small", 1}, {"large", 1 << 20}, {"keepalives", 0}} {
		t.Run(c.name, func(t *testing.T) {
			const perSecond, bytesPerSecond = 500, 4 << 20
			besides(t, func(cfg *Config) {
				cfg.MaxFrame, cfg.ReceiveFrames, cfg.ReceiveBytes = 1<<20, perSecond, bytesPerSecond
			}, func(t *testing.T, v *node) {
				measured := watch()
				_, conn := member(t, v, 3)
				conn.SetDeadline(time.Time{})
				began := time.Now()
				frame := make([]byte, headerSize+c.size)
				binary.LittleEndian.PutUint32(frame, uint32(c.size))
				for len(frame) < 10_000 && c.size < 2 {
					frame = append(frame, frame...)
				}
				stop := flood(func() { conn.Write(frame) })
				eventually(t, "over quota for a while", func() bool { return v.Stats().Peers[idOf(3)].OverQuota > 10 })
				time.Sleep(time.Second / 2)
				conn.NetConn().Close()
				stop()
				took, got := time.Since(began).Seconds()+1, v.Stats().Peers[idOf(3)]
				// A second's burst, and one that waits when it is counted.
				if f, b := float64(got.FramesIn), float64(got.BytesIn); f > perSecond*took+1 || b > bytesPerSecond*took+1<<20 {
					t.Errorf("%v frames of %v bytes in %v s", f, b, took)
				}
				if rose := measured(); rose > 3*(1<<20+100<<10)+4<<20 {
					t.Errorf("memory rose by %d bytes", rose)
				}
			})
		})
	}
}

// TestFloodOfMember: a member that connects again and again has two connections, and one that says how large a frame
// will be gets no memory for that.
func TestFloodOfMember(t *testing.T) {
	underAttack(t, func(c *Config) { c.AddressRate = 10_000; c.MaxFrame = 64 << 20 }, func(t *testing.T, v *node) {
		measured := watch()
		for range 50 {
			_, conn := member(t, v, 3)
			conn.Write(append(binary.LittleEndian.AppendUint32(nil, 64<<20), make([]byte, 1000)...))
			if n := v.Stats().Peers[idOf(3)].Accepted; n > maxAccepted+1 {
				t.Fatalf("%d connections", n)
			}
		}
		counted(t, v, ReasonTooMany)
		eventually(t, "two are left", func() bool { return v.Stats().Peers[idOf(3)].Accepted <= maxAccepted })
		if rose := measured(); rose > 16<<20 {
			t.Errorf("memory rose by %d bytes", rose)
		}
	})
}

// TestStuck: while Deliver blocks for one peer, others' frames come, and that peer's connections stay bounded.
func TestStuck(t *testing.T) {
	a, b, c := start(t, 1, nil), start(t, 2, nil), start(t, 3, func(c *Config) { c.QueueBytes = 9 << 20 })
	meet(t, a, b, c)
	release := make(chan struct{})
	var inside, others atomic.Int64
	a.handle(func(from ID, frame []byte) {
		if from == c.id {
			if inside.Add(1) > 1 {
				t.Error("two at a time")
			}
			<-release
			inside.Add(-1)
		} else {
			others.Add(1)
		}
	})
	c.Send(a.id, []byte{1})
	eventually(t, "stuck", func() bool { return inside.Load() == 1 })
	full := false
	for range 1000 {
		full = !c.Send(a.id, make([]byte, 100_000)) || full
	}
	if !full {
		t.Error("nothing holds the sender back")
	}
	for range 20 { // more connections of the same peer get stuck behind it, and are bounded
		raw, conn, err := knock(t, a, 3, nil)
		if err == nil {
			conn.Write(appendHello(nil, &[32]byte{7}))
			conn.Write([]byte{1, 0, 0, 0, 9})
		}
		_ = raw
		if n := a.Stats().Peers[c.id].Accepted; n > maxAccepted+1 {
			t.Fatalf("%d connections", n)
		}
	}
	for i := range int64(100) {
		b.Send(a.id, []byte{2})
		eventually(t, "others' frames arrive", func() bool { return others.Load() > i })
	}
	close(release)
}

// TestAllowedNoLonger: who is taken off the list is cut, at the next keepalive or when it is forgotten.
func TestAllowedNoLonger(t *testing.T) {
	var gone atomic.Bool
	allowed := members()
	underAttack(t, func(c *Config) {
		c.PingEvery = 20 * time.Millisecond
		c.Allowed = func(id ID) bool { return allowed(id) && !(id == idOf(3) && gone.Load()) }
	}, func(t *testing.T, v *node) {
		c := start(t, 3, nil)
		meet(t, v, c)
		gone.Store(true)
		counted(t, v, ReasonStranger)
		v.SetPeer(c.id, "")
		eventually(t, "forgotten", func() bool { _, ok := v.Stats().Peers[c.id]; return !ok && !c.Connected(v.id) })
	})
}
