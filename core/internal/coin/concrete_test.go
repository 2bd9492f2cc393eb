package coin

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/zeebo/blake3"

	"parsec/core/internal/gossip"
)

// section is a reader made up: of n voters, some of which have a carrier.
type section struct {
	voters    []gossip.Peer
	last      [64]byte
	carriers  map[gossip.Peer]gossip.Index
	responses int
	asked     []gossip.Peer // for a carrier each
}

func newSection(n int) *section {
	s := &section{carriers: map[gossip.Peer]gossip.Index{}}
	for p := range n {
		s.voters = append(s.voters, gossip.Peer(3*p+1)) // others know of peers that are no voters
	}
	return s
}

func (s *section) Voters() []gossip.Peer            { return s.voters }
func (s *section) Identity(p gossip.Peer) *[32]byte { return &[32]byte{byte(p >> 8), byte(p), 7} }
func (s *section) Last() [64]byte                   { return s.last }
func (s *section) Responses(Query) int              { return s.responses }
func (s *section) Odd(x gossip.Index) bool          { return x%2 == 1 }
func (s *section) Carrier(_ Query, p gossip.Peer) gossip.Index {
	s.asked = append(s.asked, p)
	return s.carriers[p]
}

// ranked lists the voters by rank, by arithmetic on the distances as numbers.
func (s *section) ranked(q Query) []gossip.Peer {
	sum := func(parts ...[]byte) *big.Int {
		hash := blake3.Sum256(slices.Concat(append([][]byte{[]byte("parsec concrete coin 1")}, parts...)...))
		return new(big.Int).SetBytes(hash[:])
	}
	r := q.Round
	target := sum(s.Identity(q.Subject)[:], s.last[:], []byte{byte(r >> 24), byte(r >> 16), byte(r >> 8), byte(r)})
	distance := func(p gossip.Peer) *big.Int { return new(big.Int).Xor(sum(s.Identity(p)[:]), target) }
	ranked := slices.Clone(s.voters)
	slices.SortFunc(ranked, func(a, b gossip.Peer) int { return distance(a).Cmp(distance(b)) })
	return ranked
}

// The cases of the rule. Carriers are by rank; 0 is none, which is so too of a voter that forked and of one
// whose sequence was decided before the flip.
func TestConcrete(t *testing.T) {
	const heads, tails, unknown = "heads", "tails", "unknown"
	for _, c := range []struct {
		what      string
		n         int
		carriers  []gossip.Index
		responses int
		want      string
	}{
		{"the leader's event is there", 2, []gossip.Index{5, 4}, 0, heads},
		{"the leader's event is there", 3, []gossip.Index{6, 5, 3}, 0, tails},
		{"the leader's alone is there", 4, []gossip.Index{5, 0, 0, 0}, 9, heads},
		{"the leader's alone is there", 7, []gossip.Index{6, 0, 0, 0, 0, 0, 0}, 9, tails},
		{"too few responses", 2, []gossip.Index{0, 5}, 0, unknown},
		{"too few responses", 3, []gossip.Index{0, 5, 5}, 1, unknown},
		{"too few responses", 4, []gossip.Index{0, 5, 5, 5}, 1, unknown},
		{"too few responses", 7, []gossip.Index{0, 5, 5, 5, 5, 5, 5}, 2, unknown},
		{"too few responses", 9, []gossip.Index{0, 5, 5, 5, 5, 5, 5, 5, 5}, 3, unknown},
		{"enough responses", 2, []gossip.Index{0, 5}, 1, heads},
		{"enough responses", 3, []gossip.Index{0, 4, 5}, 2, tails},
		{"enough responses", 4, []gossip.Index{0, 5, 4, 4}, 2, heads},
		{"enough responses", 7, []gossip.Index{0, 4, 5, 5, 5, 5, 5}, 3, tails},
		{"enough responses", 9, []gossip.Index{0, 5, 4, 4, 4, 4, 4, 4, 4}, 4, heads},
		{"the second has none either", 4, []gossip.Index{0, 0, 5, 4}, 2, heads},
		{"the last alone has one", 7, []gossip.Index{0, 0, 0, 0, 0, 0, 4}, 3, tails},
		{"nobody has one", 4, []gossip.Index{0, 0, 0, 0}, 99, unknown},
	} {
		for round := uint32(1); round < 40; round++ {
			s := newSection(c.n)
			s.last[9] = byte(round)
			s.responses = c.responses
			q := Query{Subject: s.voters[int(round)%c.n], Round: round}
			for i, p := range s.ranked(q) {
				s.carriers[p] = c.carriers[i]
			}
			got := unknown
			switch yes, known := new(Concrete).Toss(q, s); {
			case known && yes:
				got = heads
			case known:
				got = tails
			}
			if got != c.want {
				t.Errorf("%d voters, %s, round %d: %s, want %s", c.n, c.what, round, got, c.want)
			}
			if c.carriers[0] != 0 && len(s.asked) != 1 {
				t.Errorf("%d voters, %s: %d carriers asked for", c.n, c.what, len(s.asked))
			}
		}
	}
}

// Round, subject and last decision each change who leads, and each voter leads as often as its place among the
// voters' hashes says. That is not equally often: a voter leads wherever the target shares more of its first bits
// than of any other's, so one whose hash is far from the others' has more of the targets.
func TestLeaders(t *testing.T) {
	const n, tosses = 7, 4000
	var c Concrete
	s := newSection(n)
	share := map[gossip.Peer]float64{}
	var divide func(voters []gossip.Peer, bit int, of float64)
	divide = func(voters []gossip.Peer, bit int, of float64) {
		if len(voters) == 1 {
			share[voters[0]] = of
			return
		}
		var sides [2][]gossip.Peer
		for _, p := range voters {
			side := c.point(s, p)[bit/8] >> (7 - bit%8) & 1
			sides[side] = append(sides[side], p)
		}
		for i, side := range sides {
			switch {
			case len(sides[1-i]) == 0:
				divide(side, bit+1, of)
			case len(side) > 0:
				divide(side, bit+1, of/2)
			}
		}
	}
	divide(s.voters, 0, 1)
	for what, change := range map[string]func(q *Query, i int){
		"round":    func(q *Query, i int) { q.Round = uint32(i + 1) },
		"subject":  func(q *Query, i int) { q.Subject = gossip.Peer(i) },
		"decision": func(_ *Query, i int) { s.last[i%64] = byte(i/64 + 1) },
	} {
		leads := map[gossip.Peer]int{}
		for i := range tosses {
			q := Query{Subject: s.voters[0], Round: 1}
			s.last, s.asked = [64]byte{}, nil
			change(&q, i)
			c.Toss(q, s)
			leads[s.asked[0]]++
		}
		for p, share := range share {
			want := share * tosses
			// Standard deviations are below the root of what is expected.
			if off := float64(leads[p]) - want; off*off > 25*want {
				t.Errorf("by %s, voter %d leads in %d of %d tosses, want about %.0f", what, p, leads[p], tosses, want)
			}
		}
	}
}

func TestPatience(t *testing.T) {
	for n, want := range map[int]int{1: 0, 2: 1, 3: 2, 4: 2, 5: 3, 7: 3, 8: 3, 9: 4, 64: 6, 65: 7, 4096: 12} {
		if got := patience(n); got != want {
			t.Errorf("%d voters: %d responses, want %d", n, got, want)
		}
	}
}

func BenchmarkToss(b *testing.B) {
	for _, n := range []int{4, 32, 256} {
		b.Run(fmt.Sprintf("voters=%d", n), func(b *testing.B) {
			s := newSection(n)
			for _, p := range s.voters {
				s.carriers[p] = 1
			}
			c := new(Concrete)
			b.ReportAllocs()
			for i := range b.N {
				s.asked = s.asked[:0]
				c.Toss(Query{Subject: s.voters[i%n], Round: 1}, s)
			}
		})
	}
}
