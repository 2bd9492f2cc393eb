package transport

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"
)

// impatient has short deadlines for those that the attacker has to meet. Honest traffic of the test meets them with
// ease: it never waits for anything but a processor.
func impatient(c *Config) {
	c.HandshakeTimeout = time.Second
	c.Stall = time.Second
}

// trickle sends a byte at a time until the connection ends, which it has to.
func trickle(t *testing.T, w io.Writer, b byte) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if _, err := w.Write([]byte{b}); err != nil {
			return
		}
	}
	t.Error("the connection was not ended")
}

func TestSlow(t *testing.T) {
	for _, c := range []struct {
		name   string
		reason Reason
		change func(*Config)
		attack func(t *testing.T, v *node)
	}{
		{"handshake", ReasonSlow, impatient, func(t *testing.T, v *node) {
			raw, err := net.Dial("tcp", v.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			raw.Write([]byte{22, 3, 1, 0, 200}) // a record of which the rest comes a byte at a time
			trickle(t, raw, 1)
		}},
		{"no hello", ReasonSlow, impatient, func(t *testing.T, v *node) {
			raw, _, err := knock(t, v, 3, nil)
			if err != nil {
				t.Fatal(err)
			}
			closes(t, raw)
		}},
		{"frame", ReasonSlow, impatient, func(t *testing.T, v *node) {
			_, conn := member(t, v, 3)
			conn.Write(binary.LittleEndian.AppendUint32(nil, 1<<20))
			trickle(t, conn, 1)
		}},
		{"length", ReasonSlow, func(c *Config) { c.IdleTimeout = 3 * time.Second }, func(t *testing.T, v *node) {
			raw, conn := member(t, v, 3)
			conn.Write([]byte{9, 0})
			closes(t, raw)
		}},
		{"nothing", ReasonIdle, func(c *Config) { c.IdleTimeout = 3 * time.Second }, func(t *testing.T, v *node) {
			raw, _ := member(t, v, 3)
			closes(t, raw)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			underAttack(t, c.change, func(t *testing.T, v *node) {
				c.attack(t, v)
				counted(t, v, c.reason)
			})
		})
	}
}

// TestSlowReader: a peer that we dialled and that reads nothing costs no more than its queue, and is cut.
func TestSlowReader(t *testing.T) {
	const queue = 2 << 20
	underAttack(t, func(c *Config) { c.Stall, c.QueueBytes, c.MaxFrame, c.MinRate = time.Second, queue, 1<<20, 1<<20 }, func(t *testing.T, v *node) {
		release := make(chan struct{})
		defer close(release)
		l := listener(t, 3, nil, func(raw net.Conn, conn *tls.Conn) {
			io.ReadFull(conn, make([]byte, headerSize+helloSize))
			conn.Write(appendHello(nil, &[32]byte{7}))
			<-release
		})
		id := idOf(3)
		v.SetPeer(id, l.Addr().String())
		eventually(t, "connected", func() bool { return v.Connected(id) })
		full := false
		eventually(t, "cut for being slow", func() bool {
			for range 100 { // more than the kernel takes
				full = !v.Send(id, make([]byte, 100_000)) || full
			}
			if q := v.Stats().Peers[id].Queued; q > queue {
				t.Errorf("%d bytes queued", q)
			}
			return v.Stats().Reasons[ReasonSlow] > 0
		})
		s := v.Stats()
		if !full || s.Reasons[ReasonQueueFull] == 0 || s.Peers[id].Lost == 0 {
			t.Errorf("%+v", s)
		}
		v.SetPeer(id, "")
		eventually(t, "nothing stays queued", func() bool { return !v.Connected(id) && v.Stats().Peers[id].Queued == 0 })
	})
}

// TestBackwards: a peer that we dialled may send keepalives only.
func TestBackwards(t *testing.T) {
	underAttack(t, nil, func(t *testing.T, v *node) {
		for i, b := range [][]byte{{1, 0, 0, 0, 9}, {255, 255, 255, 255}} {
			l := listener(t, 3, nil, func(raw net.Conn, conn *tls.Conn) {
				conn.Write(append(appendHello(nil, &[32]byte{7}), b...))
				io.Copy(io.Discard, conn)
			})
			v.SetPeer(idOf(3), l.Addr().String())
			eventually(t, "counted", func() bool { return v.Stats().Reasons[ReasonGarbage] > uint64(i) })
		}
	})
}

// TestHalfOpen: a connection that goes silent without an end is found by both of its ends, and made again.
func TestHalfOpen(t *testing.T) {
	t.Parallel()
	soon := func(c *Config) { c.IdleTimeout = 3 * time.Second }
	underAttack(t, soon, func(t *testing.T, v *node) {
		c := start(t, 3, soon)
		p := newProxy(t, v.Addr())
		c.SetPeer(v.id, p.addr())
		eventually(t, "connected", func() bool { return c.Connected(v.id) && v.Stats().Peers[c.id].Accepted == 1 })
		// Keepalives alone hold it, both ways, for longer than the limit.
		if !testing.Short() {
			time.Sleep(4 * time.Second)
		}
		if !c.Connected(v.id) || c.Stats().Reasons[ReasonIdle]+v.Stats().Reasons[ReasonIdle] > 0 {
			t.Error("an idle connection was not kept")
		}
		p.hush()
		counted(t, v, ReasonIdle)
		counted(t, c, ReasonIdle)
		eventually(t, "connected again", func() bool { return c.Connected(v.id) })
	})
}
