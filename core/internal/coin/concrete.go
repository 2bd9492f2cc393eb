package coin

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/zeebo/blake3"

	"parsec/core/internal/gossip"
)

// Reader is what the concrete coin reads of the running election. Whatever it tells about a query is a function
// of what the query's event descends from, but for Last, which is the same for all events of an election.
type Reader interface {
	// Voters lists the voters. It is valid until they change.
	Voters() []gossip.Peer
	Identity(p gossip.Peer) *[32]byte
	// Last returns the key that was decided last before this election: the observation's hash and, for a
	// Single key, the voter's identity; zeroes for what there is none of.
	Last() [64]byte
	// Carrier returns the voter's event that carries its auxiliary value at the genuine flip of the round
	// before the query's; 0 for none.
	Carrier(q Query, voter gossip.Peer) gossip.Index
	// Responses counts the response events of the event's own chain after the one that began to wait for
	// this coin, up to the event itself.
	Responses(q Query) int
	// Odd returns the lowest bit of an event's id.
	Odd(x gossip.Index) bool
}

// tag keeps the coin's hashes apart from all others.
const tag = "parsec concrete coin 1"

// Concrete is the coin of RFC 0049: the lowest bit of the id of an event that the round's leader made. Voters
// are ranked anew for each subject and round, so that nobody leads for long, and by the last decided key, so
// that nobody knows before an election who will lead in it. core/design/coin.md says all of it.
//
// It keeps the voters' hashes and who led last about each, 110 bytes a peer, once a coin was called for. The zero
// value is ready.
type Concrete struct {
	points [][32]byte // by peer: where it is ranked by; zeroes while not computed
	led    []led      // by subject
}

// led is who leads for a subject in one round of one election. Voters do not change during an election.
type led struct {
	last   [64]byte
	round  uint32 // from 1; 0 for none yet
	leader gossip.Peer
}

// Toss implements [Coin]. Time that of the reader, which is asked for one carrier while the leader has one, or too
// few responses are there to do without; and O(voters) with a subject's first toss in a round, or without the leader.
func (c *Concrete) Toss(q Query, r Reader) (heads, known bool) {
	voters := r.Voters()
	leader := c.leader(q, r, voters)
	if x := r.Carrier(q, leader); x != 0 {
		return r.Odd(x), true
	}
	if r.Responses(q) < patience(len(voters)) {
		return false, false
	}
	target := c.target(q, r)
	best, carrier := leader, gossip.Index(0)
	for _, v := range voters {
		if v == leader || carrier != 0 && !c.nearer(r, &target, v, best) {
			continue
		}
		if x := r.Carrier(q, v); x != 0 {
			best, carrier = v, x
		}
	}
	return carrier != 0 && r.Odd(carrier), carrier != 0
}

// leader returns the voter that is ranked first. It is the same for all events of an election, and a member that waits
// asks with each of its events.
func (c *Concrete) leader(q Query, r Reader, voters []gossip.Peer) gossip.Peer {
	if more := int(q.Subject) + 1 - len(c.led); more > 0 {
		c.led = append(c.led, make([]led, more)...)
	}
	l, last := &c.led[q.Subject], r.Last()
	if l.round == q.Round && l.last == last {
		return l.leader
	}
	target := c.target(q, r)
	leader := voters[0]
	for _, v := range voters[1:] {
		if c.nearer(r, &target, v, leader) {
			leader = v
		}
	}
	*l = led{last, q.Round, leader}
	return leader
}

// patience is how many responses the leader is waited for in a section of n voters: log2(n), rounded up.
func patience(n int) int { return bits.Len(uint(max(n, 1) - 1)) }

func (c *Concrete) target(q Query, r Reader) [32]byte {
	var in [len(tag) + 32 + 64 + 4]byte
	n := copy(in[:], tag)
	n += copy(in[n:], r.Identity(q.Subject)[:])
	last := r.Last()
	n += copy(in[n:], last[:])
	binary.BigEndian.PutUint32(in[n:], q.Round)
	return blake3.Sum256(in[:])
}

// nearer reports whether a is ranked before b. No two are ranked alike: their identities differ.
func (c *Concrete) nearer(r Reader, target *[32]byte, a, b gossip.Peer) bool {
	x, y := distance(c.point(r, a), target), distance(c.point(r, b), target)
	return bytes.Compare(x[:], y[:]) < 0
}

func distance(point, target *[32]byte) (d [32]byte) {
	for i := range d {
		d[i] = point[i] ^ target[i]
	}
	return d
}

func (c *Concrete) point(r Reader, p gossip.Peer) *[32]byte {
	if more := int(p) + 1 - len(c.points); more > 0 {
		c.points = append(c.points, make([][32]byte, more)...)
	}
	point := &c.points[p]
	if *point == ([32]byte{}) {
		var in [len(tag) + 32]byte
		copy(in[copy(in[:], tag):], r.Identity(p)[:])
		*point = blake3.Sum256(in[:])
	}
	return point
}
