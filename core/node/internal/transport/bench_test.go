package transport

import (
	"crypto/tls"
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"
)

func unlimited(c *Config) {
	c.Logger = nil
	c.ReceiveFrames, c.ReceiveBytes = 1<<30, 1<<40
}

// BenchmarkRoundTrip sends a frame there and one back, over TLS on loopback.
func BenchmarkRoundTrip(b *testing.B) {
	for _, size := range []int{50, 1000, 16 << 10} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			x, y := start(b, 1, unlimited), start(b, 2, unlimited)
			meet(b, x, y)
			back := make(chan struct{}, 1)
			y.handle(func(from ID, frame []byte) { y.Send(from, frame) })
			x.handle(func(ID, []byte) { back <- struct{}{} })
			frame := make([]byte, size)
			b.ReportAllocs()
			for b.Loop() {
				if !x.Send(y.id, frame) {
					b.Fatal("not sent")
				}
				<-back
			}
		})
	}
}

// BenchmarkThroughput sends frames one way, over TLS on loopback, as fast as the queue takes them, until all have arrived.
func BenchmarkThroughput(b *testing.B) {
	for _, size := range []int{50, 300, 4 << 10, 100_000, 1 << 20, 8 << 20} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			x, y := start(b, 1, unlimited), start(b, 2, unlimited)
			meet(b, x, y)
			frame := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			began, sent := time.Now(), 0
			for b.Loop() {
				for !x.Send(y.id, frame) {
					time.Sleep(50 * time.Microsecond)
				}
				sent++
			}
			for y.received.Load() < int64(sent) {
				if x.Stats().Lost > 0 {
					b.Fatal("lost")
				}
				time.Sleep(50 * time.Microsecond)
			}
			b.ReportMetric(float64(sent)/time.Since(began).Seconds(), "frames/s")
		})
	}
}

// BenchmarkHandshake is what one costs, both sides of it and TCP, and what one costs who is refused a stranger.
func BenchmarkHandshake(b *testing.B) {
	for _, who := range []struct {
		name string
		key  byte
	}{{"peer", 2}, {"stranger", 99}} {
		b.Run("who="+who.name, func(b *testing.B) {
			x := start(b, 1, func(c *Config) { c.AddressRate, c.HandshakeRate = 1<<20, 1<<20; c.Logger = nil })
			me, err := newIdentity(seedOf(who.key))
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				raw, err := net.Dial("tcp", x.Addr())
				if err != nil {
					b.Fatal(err)
				}
				conn := tls.Client(raw, me.client(x.id))
				err = conn.Handshake()
				if err == nil && who.key == 99 {
					_, err = conn.Read(make([]byte, 1))
				}
				if (err == nil) != (who.key != 99) {
					b.Fatal(err)
				}
				raw.Close()
			}
			b.ReportMetric(float64(runtime.NumGoroutine()), "goroutines")
		})
	}
}
