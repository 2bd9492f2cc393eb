package link

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

func sprint(v any) string { return fmt.Sprint(v) }

const limit = time.Minute

// server accepts connections and hands each to f, in a goroutine.
func server(t testing.TB, f func(*net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wait.Go(func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(limit))
				f(c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		wait.Wait()
	})
	return l.Addr().String()
}

func echo(c *net.TCPConn) {
	io.Copy(c, c)
	c.CloseWrite()
}

func proxy(t testing.TB, target string, there, back Conditions) *Proxy {
	t.Helper()
	p, err := NewProxy(target, NewWay(there, 1, 2), NewWay(back, 1, 3))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func dial(t testing.TB, address string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(limit))
	return c.(*net.TCPConn)
}

// All bytes arrive, in order, whatever the conditions, and so does the end of one direction while the other goes on.
func TestBytesArrive(t *testing.T) {
	for _, c := range []Conditions{
		{},
		{Delay: 3 * ms, Jitter: 3 * ms},
		{Delay: ms, Jitter: ms, Spread: Pareto, Rate: 30e6},
		{Rate: 10e6, Delay: 30 * ms, Jitter: 20 * ms, Spread: Uniform},
	} {
		t.Run(c.String(), func(t *testing.T) {
			p := proxy(t, server(t, echo), c, c)
			sent := make([]byte, 3<<20)
			rng := rand.NewChaCha8([32]byte{1})
			rng.Read(sent)
			n := dial(t, p.Addr())
			go func() {
				r := rand.New(rand.NewPCG(1, 1))
				for rest := sent; len(rest) > 0; {
					k := min(len(rest), 1+r.IntN(100_000))
					n.Write(rest[:k])
					rest = rest[k:]
				}
				n.CloseWrite()
			}()
			got, err := io.ReadAll(n)
			if err != nil || !bytes.Equal(got, sent) {
				t.Errorf("%d of %d bytes came back: %v", len(got), len(sent), err)
			}
			if s := p.Stats(); s.There != 3<<20 || s.Back != 3<<20 || s.Accepted != 1 || s.Failed != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// trip sends a byte and waits for it.
func trip(t testing.TB, c net.Conn) time.Duration {
	t.Helper()
	began := time.Now()
	b := []byte{7}
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, b); err != nil {
		t.Fatal(err)
	}
	return time.Since(began)
}

func TestDelay(t *testing.T) {
	began := time.Now()
	p := proxy(t, server(t, echo), Conditions{Delay: 30 * ms}, Conditions{Delay: 10 * ms})
	c := dial(t, p.Addr())
	best := time.Hour
	for range 5 {
		d := trip(t, c)
		if d < 40*ms {
			t.Errorf("a round trip of 40 ms took %v", d)
		}
		best = min(best, d)
	}
	if best > 540*ms {
		t.Errorf("the shortest round trip took %v", best)
	}
	if all := time.Since(began); all < 6*40*ms { // one to connect
		t.Errorf("a connection and 5 round trips took %v", all)
	}
	p.there.Set(Conditions{})
	p.back.Set(Conditions{})
	best = time.Hour
	for range 20 {
		best = min(best, trip(t, c))
	}
	if best > 35*ms {
		t.Errorf("without a delay a round trip took %v", best)
	}
}

// Two connections share the rate of the way.
func TestRate(t *testing.T) {
	const size, rate = 100_000, 500_000.
	address := server(t, func(c *net.TCPConn) {
		io.Copy(io.Discard, c)
		c.Write([]byte{1})
	})
	p := proxy(t, address, Conditions{Rate: rate}, Conditions{})
	began := time.Now()
	var wait sync.WaitGroup
	for range 2 {
		c := dial(t, p.Addr())
		wait.Go(func() {
			c.Write(make([]byte, size))
			c.CloseWrite()
			io.ReadFull(c, []byte{0})
		})
	}
	wait.Wait()
	want := 2 * size / rate // seconds
	if got := time.Since(began).Seconds(); got < want || got > 5*want+1 {
		t.Errorf("%d bytes took %.3f s, want %.3f s", 2*size, got, want)
	}
	if s := p.Stats(); s.There != 2*size {
		t.Errorf("%d bytes passed", s.There)
	}
}

func TestCut(t *testing.T) {
	p := proxy(t, server(t, echo), Conditions{}, Conditions{})
	c := dial(t, p.Addr())
	trip(t, c)

	p.back.Cut(true) // there it goes, and not back
	c.Write([]byte{1})
	for deadline := time.Now().Add(limit); p.Stats().There < 2; time.Sleep(ms) {
		if time.Now().After(deadline) {
			t.Fatal("the way there is cut too")
		}
	}
	late := dial(t, p.Addr())
	late.Write([]byte{2})
	c.CloseWrite()
	c.SetReadDeadline(time.Now().Add(100 * ms))
	if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil || err == io.EOF {
		t.Errorf("over a cut way came %d bytes, %v", n, err)
	}
	if s := p.Stats(); s.Back != 1 || s.There != 2 {
		t.Errorf("%+v", s)
	}
	c.SetReadDeadline(time.Now().Add(limit))
	p.back.Cut(false)
	if b, err := io.ReadAll(c); err != nil || !bytes.Equal(b, []byte{1}) {
		t.Errorf("healed, %v came, %v", b, err)
	}
	if _, err := io.ReadFull(late, make([]byte, 1)); err != nil {
		t.Error(err)
	}
}

// The end of a connection is held back by a cut as bytes are.
func TestCutHidesTheEnd(t *testing.T) {
	p := proxy(t, server(t, func(c *net.TCPConn) { // resets
		io.ReadFull(c, make([]byte, 1))
		c.SetLinger(0)
	}), Conditions{}, Conditions{})
	c := dial(t, p.Addr())
	p.back.Cut(true)
	p.back.Cut(false)
	for p.Stats().Accepted == 0 {
		time.Sleep(ms)
	}
	time.Sleep(50 * ms) // the connection to the target is made
	p.back.Cut(true)
	c.Write([]byte{1})
	c.SetReadDeadline(time.Now().Add(200 * ms))
	if _, err := c.Read(make([]byte, 1)); !isTimeout(err) {
		t.Errorf("over a cut way came %v", err)
	}
	p.back.Cut(false)
	c.SetReadDeadline(time.Now().Add(limit))
	if _, err := c.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("healed, %v", err)
	}
}

func isTimeout(err error) bool {
	n, ok := err.(net.Error)
	return ok && n.Timeout()
}

func TestTarget(t *testing.T) {
	name := func(b byte) string {
		return server(t, func(c *net.TCPConn) {
			c.Write([]byte{b})
			io.Copy(io.Discard, c)
		})
	}
	p := proxy(t, name('a'), Conditions{}, Conditions{})
	ask := func(c net.Conn) byte {
		b := []byte{0}
		io.ReadFull(c, b)
		return b[0]
	}
	c := dial(t, p.Addr())
	if got := ask(c); got != 'a' {
		t.Errorf("reached %q", got)
	}
	p.SetTarget(name('b'))
	if _, err := c.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("the old connection: %v", err)
	}
	if got := ask(dial(t, p.Addr())); got != 'b' {
		t.Errorf("reached %q", got)
	}
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	p.SetTarget(gone.Addr().String())
	if c, err := net.Dial("tcp", p.Addr()); err == nil { // it may be reset before Dial returns
		c.SetDeadline(time.Now().Add(limit))
		if got := ask(c); got != 0 {
			t.Errorf("reached %q", got)
		}
		c.Close()
	}
	for deadline := time.Now().Add(limit); p.Stats().Failed == 0 && time.Now().Before(deadline); time.Sleep(ms) {
	}
	if s := p.Stats(); s.Failed != 1 || s.Accepted != 3 {
		t.Errorf("%+v", s)
	}
}

// A node that does not read holds its sender back, and costs a bounded buffer.
func TestBackPressure(t *testing.T) {
	stop := make(chan struct{})
	address := server(t, func(c *net.TCPConn) {
		c.SetReadBuffer(4 << 10)
		<-stop
		io.Copy(io.Discard, c)
	})
	defer close(stop)
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	dst := c.(*net.TCPConn)
	defer dst.Close()
	dst.SetWriteBuffer(4 << 10)
	sink := server(t, func(src *net.TCPConn) {
		closed := make(chan struct{})
		m := newPump(src, dst, NewWay(Conditions{Rate: 200_000}, 0, 0), &new(Proxy).bytesTo, closed)
		var wait sync.WaitGroup
		wait.Go(m.read)
		wait.Go(func() { m.write() })
		hold, _ := m.way.buffer()
		for full, deadline := 0, time.Now().Add(limit); full < 100; time.Sleep(ms) { // and stays so
			m.mu.Lock()
			if m.size > hold || len(m.ring) > hold || time.Now().After(deadline) {
				t.Errorf("holds %d bytes in a buffer of %d, should %d", m.size, len(m.ring), hold)
				full = 100
			}
			if m.size >= hold/4 {
				full++
			}
			m.mu.Unlock()
		}
		close(closed)
		src.SetDeadline(time.Now())
		dst.SetDeadline(time.Now())
		wait.Wait()
	})
	n := dial(t, sink)
	n.SetDeadline(time.Now().Add(limit))
	for {
		if _, err := n.Write(make([]byte, 1<<16)); err != nil {
			break
		}
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	p := proxy(t, server(t, echo), Conditions{Cut: true}, Conditions{})
	first := dial(t, p.Addr())
	for range MaxConnections {
		dial(t, p.Addr())
	}
	if _, err := first.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("the oldest connection: %v", err)
	}
	for deadline := time.Now().Add(limit); ; time.Sleep(ms) {
		p.mu.Lock()
		n := len(p.conns)
		p.mu.Unlock()
		if n == MaxConnections {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d connections", n)
		}
	}
}

func BenchmarkTrip(b *testing.B) {
	address := server(b, echo)
	b.Run("proxy=none", func(b *testing.B) {
		c := dial(b, address)
		for b.Loop() {
			trip(b, c)
		}
	})
	b.Run("proxy=clear", func(b *testing.B) {
		c := dial(b, proxy(b, address, Conditions{}, Conditions{}).Addr())
		for b.Loop() {
			trip(b, c)
		}
	})
}

func BenchmarkStream(b *testing.B) {
	address := server(b, func(c *net.TCPConn) {
		io.CopyN(io.Discard, c, 64<<20)
		c.Write([]byte{1})
	})
	stream := func(b *testing.B, address string) {
		buf := make([]byte, 64<<10)
		b.SetBytes(64 << 20)
		for b.Loop() {
			c := dial(b, address)
			for range 1024 {
				c.Write(buf)
			}
			io.ReadFull(c, buf[:1])
			c.Close()
		}
	}
	b.Run("proxy=none", func(b *testing.B) { stream(b, address) })
	b.Run("proxy=clear", func(b *testing.B) {
		stream(b, proxy(b, address, Conditions{}, Conditions{}).Addr())
	})
	b.Run("proxy=10ms", func(b *testing.B) {
		stream(b, proxy(b, address, Conditions{Delay: 10 * ms}, Conditions{Delay: 10 * ms}).Addr())
	})
}
