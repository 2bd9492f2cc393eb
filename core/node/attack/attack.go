// Package attack is hostile to nodes, to test what they bear: [Stranger] without a key of the section, [Member] and
// [Greedy] with one. All send as fast as they can. It is a testing tool, for sections of one's own: nothing else uses it, and no
// node needs it.
package attack

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"parsec/core"
)

// Target is a node that is attacked.
type Target struct {
	ID      core.Identity
	Address string // where it listens for peers, host:port
}

// Config says whom to attack, and as whom.
type Config struct {
	Targets []Target
	From    netip.Addr // address to connect from, so that others on this machine have another; zero: any
	Random  uint64     // seed of what is random
	Workers int        // of each kind of attack, for each target; 0: 2

	// Of Member and Greedy alone.
	Seed    [32]byte // its key
	Section core.Section
	Listen  string // where nodes reach the member, for their answers; "": nowhere
}

// Counts says what an attacker did.
type Counts struct {
	Connections uint64 `json:"connections"`
	Refused     uint64 `json:"refused"`    // connections that were not made, or closed by the target
	Handshakes  uint64 `json:"handshakes"` // begun, of TLS
	Frames      uint64 `json:"frames"`     // sent as a member
	Waits       uint64 `json:"waits"`      // times that a frame had to wait for room or a connection: the target takes no more
	Bytes       uint64 `json:"bytes"`      // sent, about
	Answers     uint64 `json:"answers"`    // frames that came back
	AnswerBytes uint64 `json:"answer_bytes"`
	Events      uint64 `json:"events"` // that it made
}

// counts are Counts while the attack goes on.
type counts struct {
	connections, refused, handshakes, frames, waits, bytes, answers, answerBytes, events atomic.Uint64
}

func (c *counts) sum() Counts {
	return Counts{
		Connections: c.connections.Load(), Refused: c.refused.Load(), Handshakes: c.handshakes.Load(),
		Frames: c.frames.Load(), Waits: c.waits.Load(), Bytes: c.bytes.Load(),
		Answers: c.answers.Load(), AnswerBytes: c.answerBytes.Load(), Events: c.events.Load(),
	}
}

// pause is between two tries that failed at once: the attacker is to load its targets, not its own processor.
const pause = time.Millisecond

// each runs f for each target, with workers in all, until ctx ends. It is called again and again; what it returns tells
// whether to pause before.
func (c *Config) each(ctx context.Context, wait *sync.WaitGroup, number uint64, f func(context.Context, Target, *rand.Rand) bool) {
	workers := c.Workers
	if workers == 0 {
		workers = 2
	}
	for i, t := range c.Targets {
		for w := range workers {
			rng := rand.New(rand.NewPCG(c.Random, number<<32|uint64(i)<<8|uint64(w)))
			wait.Go(func() {
				for ctx.Err() == nil {
					if !f(ctx, t, rng) {
						sleep(ctx, pause)
					}
				}
			})
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
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
