package transport

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// ID is an identity: an Ed25519 public key.
type ID = [32]byte

// Config says who a node is, with whom it talks, and what others may cost it. Zero limits are the defaults.
type Config struct {
	Seed    [32]byte // Ed25519 seed; the identity is its public key
	Listen  string   // host:port; port 0 for any
	Section [32]byte // peers that name another one are refused

	// Allowed reports whether an identity is one we talk to. Called at any time, from several goroutines.
	Allowed func(id ID) bool
	// Deliver takes a frame, which is lent for the call. One call at a time for each peer. It may block, which
	// holds up that peer alone; Close waits for it.
	Deliver func(from ID, frame []byte)
	// OnUp, if not nil, is told of each connection that was made to a peer, when Send works. It must not block.
	OnUp func(id ID)
	// Logger, if not nil, is told what went wrong: of each [Reason] at most one line a second, after a first five.
	Logger *slog.Logger

	MaxFrame int // bytes of a frame; default 8 MiB and 4 KiB

	HandshakeTimeout time.Duration // for dialling, or for TLS and hello; default 5 s
	IdleTimeout      time.Duration // without a byte from the peer; default 15 s
	PingEvery        time.Duration // both ends send a keepalive so often; default a third of IdleTimeout, which all nodes should agree on
	// Stall and MinRate are the deadline of a piece of a frame (up to 64 KiB), in or out: Stall, and what it takes
	// at MinRate. Defaults 10 s and 64 KiB/s.
	Stall   time.Duration
	MinRate int // bytes/s

	MaxHandshakes        int // connections accepted and not yet known to be a peer's; past it the oldest is closed; default 128
	MaxAddressHandshakes int // of these, from one address; default 32
	HandshakeRate        int // new handshakes/s from all addresses where no peer is known to be; burst of a second's; default 100
	AddressRate          int // new handshakes/s from one address; burst of two seconds'; default 50

	QueueBytes int   // queued to one peer, with 4 bytes a frame; default 16 MiB
	QueueTotal int64 // queued to all peers; default 256 MiB

	// Past these, reading from the peer is delayed. Bursts of a second's, and of at least one frame.
	ReceiveFrames int // frames/s of a peer, keepalives included; default 20,000
	ReceiveBytes  int // bytes/s of a peer; default 64 MiB

	BackoffMin  time.Duration // mean of the first delay before dialling again, doubled each time; default 50 ms
	BackoffMax  time.Duration // default 5 s
	StableAfter time.Duration // a connection that lasted so long makes delays short again; default 10 s
}

const (
	maxAccepted = 2       // connections accepted of an identity
	pieceSize   = 1 << 16 // bytes read or written under one deadline
)

// orDefault sets what is zero.
func orDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// complete fills in defaults and returns an error for what cannot work.
func (c *Config) complete() error {
	if c.Allowed == nil || c.Deliver == nil {
		return errors.New("transport: no Allowed or no Deliver")
	}
	orDefault(&c.Logger, slog.New(slog.DiscardHandler))
	orDefault(&c.MaxFrame, 8<<20+4096)
	orDefault(&c.HandshakeTimeout, 5*time.Second)
	orDefault(&c.IdleTimeout, 15*time.Second)
	orDefault(&c.PingEvery, c.IdleTimeout/3)
	orDefault(&c.Stall, 10*time.Second)
	orDefault(&c.MinRate, 64<<10)
	orDefault(&c.MaxHandshakes, 128)
	orDefault(&c.MaxAddressHandshakes, 32)
	orDefault(&c.HandshakeRate, 100)
	orDefault(&c.AddressRate, 50)
	orDefault(&c.QueueBytes, max(16<<20, c.MaxFrame+headerSize))
	orDefault(&c.QueueTotal, 256<<20)
	orDefault(&c.ReceiveFrames, 20_000)
	orDefault(&c.ReceiveBytes, 64<<20)
	orDefault(&c.BackoffMin, 50*time.Millisecond)
	orDefault(&c.BackoffMax, 5*time.Second)
	orDefault(&c.StableAfter, 10*time.Second)
	for _, l := range []struct {
		name  string
		value int64
	}{
		{"HandshakeTimeout", int64(c.HandshakeTimeout)}, {"IdleTimeout", int64(c.IdleTimeout)},
		{"PingEvery", int64(c.PingEvery)}, {"Stall", int64(c.Stall)}, {"MinRate", int64(c.MinRate)},
		{"MaxFrame", int64(c.MaxFrame)}, {"MaxHandshakes", int64(c.MaxHandshakes)},
		{"MaxAddressHandshakes", int64(c.MaxAddressHandshakes)}, {"HandshakeRate", int64(c.HandshakeRate)},
		{"AddressRate", int64(c.AddressRate)}, {"QueueTotal", c.QueueTotal},
		{"ReceiveFrames", int64(c.ReceiveFrames)}, {"ReceiveBytes", int64(c.ReceiveBytes)},
		{"BackoffMin", int64(c.BackoffMin)}, {"BackoffMax", int64(c.BackoffMax)}, {"StableAfter", int64(c.StableAfter)},
	} {
		if l.value <= 0 {
			return fmt.Errorf("transport: %s is negative", l.name)
		}
	}
	switch {
	case c.MaxFrame > 1<<30:
		return fmt.Errorf("transport: MaxFrame of %d bytes is over 1 GiB", c.MaxFrame)
	case c.PingEvery > c.IdleTimeout/3:
		return fmt.Errorf("transport: PingEvery %v is over a third of IdleTimeout %v", c.PingEvery, c.IdleTimeout)
	case c.QueueBytes < c.MaxFrame+headerSize:
		return fmt.Errorf("transport: QueueBytes %d has no room for a frame", c.QueueBytes)
	}
	return nil
}

// pieceTime returns how long n bytes of a frame may take.
func (c *Config) pieceTime(n int) time.Duration {
	return c.Stall + time.Duration(n)*time.Second/time.Duration(c.MinRate)
}
