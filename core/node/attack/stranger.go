package attack

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// strange attacks with no key of the section: it connects and goes away, begins TLS handshakes with
// keys of its own and sends on as if they had been taken, sends garbage, and keeps connections on which a byte comes now
// and then.
func strange(ctx context.Context, c *Config) (Counts, error) {
	n := new(counts)
	var wait sync.WaitGroup
	for i, f := range []func(*counts, context.Context, Target, *rand.Rand) bool{c.knock, c.handshake, c.garbage, c.drip} {
		c.workers(ctx, &wait, uint64(i), func(ctx context.Context, t Target, rng *rand.Rand) bool { return f(n, ctx, t, rng) })
	}
	wait.Wait()
	return n.sum(), nil
}

// knock connects and goes away.
func (c *Config) knock(n *counts, ctx context.Context, t Target, _ *rand.Rand) bool {
	_, end, err := c.dial(ctx, t, n)
	if err != nil {
		return false
	}
	end()
	return true
}

// protocol is what nodes speak over TLS.
const protocol = "parsec/1"

// handshake does TLS with a key of its own. In TLS 1.3 that looks well to the client until it reads the refusal, so
// it sends a hello, and frames, meanwhile.
func (c *Config) handshake(n *counts, ctx context.Context, t Target, rng *rand.Rand) bool {
	conn, end, err := c.dial(ctx, t, n)
	if err != nil {
		return false
	}
	defer end()
	conn.SetDeadline(time.Now().Add(dialTimeout))
	n.handshakes.Add(1)
	client := tls.Client(conn, &tls.Config{
		Certificates: []tls.Certificate{certificate(rng)}, InsecureSkipVerify: true, NextProtos: []string{protocol},
		MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519},
	})
	hello := make([]byte, 4+33+4+1000)
	hello[0], hello[4] = 33, 1
	hello[37], hello[38] = 1000&0xff, 1000>>8
	for {
		k, err := client.Write(hello)
		n.bytes.Add(uint64(k))
		if err != nil {
			n.refused.Add(1)
			return true
		}
		hello = hello[len(hello)-1004:] // frames from now on
	}
}

// certificate makes one of a new key.
func certificate(rng *rand.Rand) tls.Certificate {
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = byte(rng.Uint32())
	}
	key := ed25519.NewKeyFromSeed(seed)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		panic(err) // our own template
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// garbage sends random bytes, half of them as if they were of a TLS record.
func (c *Config) garbage(n *counts, ctx context.Context, t Target, rng *rand.Rand) bool {
	conn, end, err := c.dial(ctx, t, n)
	if err != nil {
		return false
	}
	defer end()
	conn.SetDeadline(time.Now().Add(dialTimeout))
	b := make([]byte, 16<<10)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	if rng.IntN(2) == 0 {
		copy(b, []byte{22, 3, 1, 0x40, 0}) // a handshake record of 16 KiB
	}
	for {
		k, err := conn.Write(b)
		n.bytes.Add(uint64(k))
		if err != nil {
			n.refused.Add(1)
			return true
		}
	}
}

// drip keeps connections open on which a byte comes now and then, as many as a worker can.
func (c *Config) drip(n *counts, ctx context.Context, t Target, _ *rand.Rand) bool {
	const (
		most  = 100 // connections
		every = 200 * time.Millisecond
	)
	var conns []net.Conn
	var ends []func()
	defer func() {
		for _, end := range ends {
			end()
		}
	}()
	// A record of 512 bytes that carries the first message of a handshake, as far as anyone can tell from its beginning.
	record := []byte{22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3}
	for range most {
		conn, end, err := c.dial(ctx, t, n)
		if err != nil {
			break
		}
		conns, ends = append(conns, conn), append(ends, end)
	}
	for at := 0; len(conns) > 0 && at < 512 && ctx.Err() == nil; at++ {
		b := []byte{0}
		if at < len(record) {
			b[0] = record[at]
		}
		left := conns[:0]
		for _, conn := range conns {
			conn.SetWriteDeadline(time.Now().Add(every))
			if _, err := conn.Write(b); err != nil {
				n.refused.Add(1)
				continue
			}
			n.bytes.Add(1)
			left = append(left, conn)
		}
		conns = left
		sleep(ctx, every)
	}
	return false
}

// dialTimeout bounds how long a connection takes to be made.
const dialTimeout = 5 * time.Second

// dial connects to a target; the connection ends when ctx does. Closing resets it: otherwise its port would be taken for
// a minute, and ports would run out, for honest connections too.
func (c *Config) dial(ctx context.Context, t Target, n *counts) (conn net.Conn, closed func(), err error) {
	d := net.Dialer{Timeout: dialTimeout}
	if c.From.IsValid() {
		d.LocalAddr = &net.TCPAddr{IP: c.From.AsSlice()}
	}
	conn, err = d.DialContext(ctx, "tcp", t.Address)
	if err != nil {
		n.refused.Add(1)
		return nil, nil, err
	}
	n.connections.Add(1)
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	return conn, func() {
		stop()
		conn.Close()
	}, nil
}
