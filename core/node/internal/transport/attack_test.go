package transport

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"
)

// underAttack lets nodes 1 and 2 talk both ways while attack goes at node 1, and checks that nothing of theirs
// is lost, and that nobody else's frame is delivered. change is for both: nodes agree on deadlines.
func underAttack(t *testing.T, change func(*Config), attack func(t *testing.T, victim *node)) {
	t.Helper()
	v := besides(t, change, attack)
	for id, p := range v.Stats().Peers {
		if id != idOf(2) && p.FramesIn > 0 {
			t.Errorf("somebody else's frames were delivered: %+v", p)
		}
	}
}

// besides is underAttack by one whose frames are as good as others'.
func besides(t *testing.T, change func(*Config), attack func(t *testing.T, victim *node)) *node {
	t.Helper()
	a, b := start(t, 1, change), start(t, 2, change)
	meet(t, a, b)
	there, back := traffic(t, a, b), traffic(t, b, a)
	attack(t, a)
	there(100)
	back(100)
	return a
}

func counted(t *testing.T, v *node, r Reason) {
	t.Helper()
	eventually(t, r.String()+" is counted", func() bool { return v.Stats().Reasons[r] > 0 })
}

// closes checks that the other side ends a connection.
func closes(t *testing.T, conn net.Conn) {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(patience))
	_, err := io.Copy(io.Discard, conn)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Error("the connection was not ended")
	}
}

// knock dials a node and does a handshake with the key of n. change may be nil. The error is TLS's; in TLS 1.3 a
// client learns only afterwards that it was refused.
func knock(t *testing.T, v *node, n byte, change func(*tls.Config)) (raw net.Conn, conn *tls.Conn, err error) {
	t.Helper()
	me, err := newIdentity(seedOf(n))
	if err != nil {
		t.Fatal(err)
	}
	cfg := me.config(func(ID) error { return nil })
	if change != nil {
		change(cfg)
	}
	if raw, err = net.Dial("tcp", v.Addr()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Close() })
	raw.SetDeadline(time.Now().Add(patience))
	conn = tls.Client(raw, cfg)
	return raw, conn, conn.Handshake()
}

// member is a connection by the key of n that has done all that an honest peer's does.
func member(t *testing.T, v *node, n byte) (raw net.Conn, conn *tls.Conn) {
	t.Helper()
	raw, conn, err := knock(t, v, n, nil)
	if err == nil {
		_, err = conn.Write(appendHello(nil, &[32]byte{7}))
	}
	if err == nil {
		_, err = io.ReadFull(conn, make([]byte, headerSize+helloSize))
	}
	if err != nil {
		t.Fatal(err)
	}
	return raw, conn
}

// certificate makes a self-signed one with another kind of key.
func certificate(t *testing.T, key crypto.Signer) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestRefused(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	// handshake is an attack that should fail in TLS, with a key and a configuration of its own.
	handshake := func(n byte, change func(*tls.Config)) func(t *testing.T, v *node) {
		return func(t *testing.T, v *node) {
			_, conn, err := knock(t, v, n, change)
			if err == nil {
				conn.Write(appendHello(nil, &[32]byte{7}))
				if n, err := conn.Read(make([]byte, 1)); n > 0 || err == nil {
					t.Error("answered")
				}
			}
		}
	}
	// after sends bytes as a member once TLS is up, without a hello.
	after := func(b []byte) func(t *testing.T, v *node) {
		return func(t *testing.T, v *node) {
			_, conn, err := knock(t, v, 3, nil)
			if err != nil {
				t.Fatal(err)
			}
			conn.Write(b)
			closes(t, conn)
		}
	}
	// frames sends bytes as a member whose hello was answered, and closes if asked.
	frames := func(closing bool, b ...byte) func(t *testing.T, v *node) {
		return func(t *testing.T, v *node) {
			raw, conn := member(t, v, 3)
			conn.Write(b)
			if closing {
				raw.Close()
			} else {
				closes(t, conn)
			}
		}
	}
	for _, c := range []struct {
		name   string
		reason Reason
		attack func(t *testing.T, v *node)
	}{
		{"stranger", ReasonStranger, handshake(99, nil)},
		{"our own key", ReasonWrongKey, handshake(1, func(c *tls.Config) { c.VerifyConnection = nil })},
		{"no certificate", ReasonHandshake, handshake(3, func(c *tls.Config) { c.Certificates = nil })},
		{"ECDSA", ReasonHandshake, handshake(3, func(c *tls.Config) { c.Certificates = []tls.Certificate{certificate(t, ec)} })},
		{"RSA", ReasonHandshake, handshake(3, func(c *tls.Config) { c.Certificates = []tls.Certificate{certificate(t, rs)} })},
		{"two certificates", ReasonHandshake, handshake(3, func(c *tls.Config) {
			der := &c.Certificates[0].Certificate
			*der = append(*der, (*der)[0])
		})},
		{"another's certificate", ReasonHandshake, handshake(99, func(c *tls.Config) {
			other, err := newIdentity(seedOf(3)) // allowed; but the key that signs is not its
			if err != nil {
				t.Fatal(err)
			}
			c.Certificates[0].Certificate = other.cert.Certificate
		})},
		{"TLS 1.2", ReasonHandshake, handshake(3, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12 })},
		{"no protocol", ReasonHandshake, handshake(3, func(c *tls.Config) { c.NextProtos, c.VerifyConnection = nil, nil })},
		{"another protocol", ReasonHandshake, handshake(3, func(c *tls.Config) { c.NextProtos = []string{"parsec/0"} })},
		{"chain of 200 kB", ReasonOversize, handshake(3, func(c *tls.Config) {
			der := &c.Certificates[0].Certificate
			for range 500 {
				*der = append(*der, bytes.Repeat([]byte{1}, 400))
			}
		})},
		{"another section", ReasonSection, func(t *testing.T, v *node) {
			_, conn, err := knock(t, v, 3, nil)
			if err != nil {
				t.Fatal(err)
			}
			conn.Write(appendHello(nil, &[32]byte{8}))
			closes(t, conn)
		}},
		{"replay", ReasonHandshake, replay},
		{"garbage for a handshake", ReasonGarbage, func(t *testing.T, v *node) {
			raw, err := net.Dial("tcp", v.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			raw.Write(bytes.Repeat([]byte("GET / HTTP/1.1\r\n"), 100))
			closes(t, raw)
		}},
		{"garbage for records", ReasonGarbage, func(t *testing.T, v *node) {
			raw, _ := member(t, v, 3)
			raw.Write(append([]byte{23, 3, 3, 0, 40}, make([]byte, 40)...))
			closes(t, raw)
		}},
		{"hello of another version", ReasonGarbage, after(append([]byte{33, 0, 0, 0, 2}, make([]byte, 32)...))},
		{"hello too short", ReasonGarbage, after([]byte{3, 0, 0, 0, 1, 2, 3})},
		{"keepalive for a hello", ReasonGarbage, after(make([]byte, 4))},
		{"frame of 4 GiB for a hello", ReasonGarbage, after([]byte{255, 255, 255, 255, 1})},
		{"frame of 4 GiB", ReasonOversize, frames(false, 255, 255, 255, 255, 1)},
		{"frame of a byte too much", ReasonOversize, frames(false, binary.LittleEndian.AppendUint32(nil, 8<<20+4097)...)},
		{"frame cut off", ReasonGarbage, frames(true, 10, 0, 0, 0, 1, 2, 3)},
		{"length cut off", ReasonGarbage, frames(true, 10, 0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			underAttack(t, nil, func(t *testing.T, v *node) {
				c.attack(t, v)
				counted(t, v, c.reason)
			})
		})
	}
}

// replay records what an honest node sends, and sends it again.
func replay(t *testing.T, v *node) {
	p := newProxy(t, v.Addr())
	c := start(t, 3, nil)
	c.SetPeer(v.id, p.addr())
	eventually(t, "connected", func() bool { return c.Connected(v.id) })
	c.Close()
	p.mu.Lock()
	recorded := bytes.Clone(p.upstream.Bytes())
	p.mu.Unlock()
	if len(recorded) < 500 {
		t.Fatalf("recorded %d bytes", len(recorded))
	}
	raw, err := net.Dial("tcp", v.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	raw.Write(recorded)
	closes(t, raw)
}

// TestDialledOther: who answers where a peer is dialled must be that peer, of our section, over TLS 1.3.
func TestDialledOther(t *testing.T) {
	underAttack(t, nil, func(t *testing.T, a *node) {
		other := start(t, 4, nil)
		a.SetPeer(idOf(3), other.Addr())
		counted(t, a, ReasonWrongKey)
		a.SetPeer(idOf(3), a.Addr())
		a.SetPeer(idOf(3), "")

		foreign := start(t, 5, func(c *Config) { c.Section = [32]byte{8} })
		a.SetPeer(foreign.id, foreign.Addr())
		counted(t, a, ReasonSection)
		counted(t, foreign, ReasonSection)
		if a.Connected(foreign.id) || a.Connected(idOf(3)) {
			t.Error("connected")
		}
		a.SetPeer(foreign.id, "")

		old := listener(t, 6, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12 }, nil)
		a.SetPeer(idOf(6), old.Addr().String())
		counted(t, a, ReasonHandshake)
		a.SetPeer(idOf(6), "")

		nobody, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		nobody.Close()
		a.SetPeer(idOf(7), nobody.Addr().String())
		counted(t, a, ReasonUnreachable)
	})
}

// listener is a member, of the key of n, that is dialled: then serve is called with each connection whose TLS
// handshake succeeds. change and serve may be nil.
func listener(t *testing.T, n byte, change func(*tls.Config), serve func(raw net.Conn, conn *tls.Conn)) net.Listener {
	t.Helper()
	me, err := newIdentity(seedOf(n))
	if err != nil {
		t.Fatal(err)
	}
	cfg := me.config(func(ID) error { return nil })
	if change != nil {
		change(cfg)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	running.Go(func() {
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, raw)
			mu.Unlock()
			running.Go(func() {
				defer raw.Close()
				conn := tls.Server(raw, cfg)
				if conn.Handshake() == nil && serve != nil {
					serve(raw, conn)
				}
			})
		}
	})
	return l
}

// proxy forwards connections to an address until it is told to be silent, and keeps what went there.
type proxy struct {
	l        net.Listener
	running  sync.WaitGroup
	mu       sync.Mutex
	upstream bytes.Buffer
	silent   map[net.Conn]bool
	open     []net.Conn
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{l: l, silent: map[net.Conn]bool{}}
	t.Cleanup(func() {
		l.Close()
		p.mu.Lock()
		for _, c := range p.open {
			c.Close()
		}
		p.mu.Unlock()
		p.running.Wait()
	})
	p.running.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			onward, err := net.Dial("tcp", to)
			if err != nil {
				from.Close()
				continue
			}
			p.mu.Lock()
			p.open = append(p.open, from, onward)
			p.mu.Unlock()
			p.running.Go(func() { p.forward(from, onward, true) })
			p.running.Go(func() { p.forward(onward, from, false) })
		}
	})
	return p
}

func (p *proxy) addr() string { return p.l.Addr().String() }

// hush stops forwarding on the connections that are open now, and keeps them open.
func (p *proxy) hush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open {
		p.silent[c] = true
	}
}

func (p *proxy) forward(from, to net.Conn, keep bool) {
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		p.mu.Lock()
		silent := p.silent[from]
		if keep && p.upstream.Len() < 1<<20 {
			p.upstream.Write(b[:n])
		}
		p.mu.Unlock()
		if silent { // neither data nor the end
			if err != nil {
				return
			}
			continue
		}
		if n > 0 {
			to.Write(b[:n])
		}
		if err != nil {
			to.Close()
			return
		}
	}
}
