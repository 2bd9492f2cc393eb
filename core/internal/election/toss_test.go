package election

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/zeebo/blake3"

	"parsec/core/internal/coin"
	"parsec/core/internal/gossip"
)

// leader is what an event knows of the voter whose event the coin is to be read from.
type leader int

const (
	present leader = iota // its event with an auxiliary value at the flip
	later                 // the same, and two later ones with other ids
	unheard               // nothing of the election
	early                 // an event at the flip that has no auxiliary value yet
	forked                // its event, and a fork
	settled               // an event that decided before the flip
)

// TestSingleSteps takes single steps of SPEC section 4 behind a genuine flip without a supermajority, with the
// concrete coin, by an event whose graph and whose others' meta-votes are made by hand.
func TestSingleSteps(t *testing.T) {
	const byLeader, bySecond, unknown = "the leader's", "the second's", "unknown"
	for _, c := range []struct {
		what      string
		is        leader
		responses map[int]int // by number of voters
		want      string
	}{
		{"leader present", present, map[int]int{2: 0, 3: 0, 4: 0, 7: 0}, byLeader},
		{"leader present, late in the wait", present, map[int]int{2: 9, 3: 9, 4: 9, 7: 9}, byLeader},
		{"leader present, with more events", later, map[int]int{2: 0, 3: 0, 4: 0, 7: 0}, byLeader},
		{"leader unheard of, too few responses", unheard, map[int]int{2: 0, 3: 1, 4: 1, 7: 2}, unknown},
		{"leader unheard of, enough responses", unheard, map[int]int{2: 1, 3: 2, 4: 2, 7: 3}, bySecond},
		{"leader without a value, too few responses", early, map[int]int{2: 0, 3: 1, 4: 1, 7: 2}, unknown},
		{"leader without a value, enough responses", early, map[int]int{2: 1, 3: 2, 4: 2, 7: 3}, bySecond},
		{"leader forked, too few responses", forked, map[int]int{2: 0, 3: 1, 4: 1, 7: 2}, unknown},
		{"leader forked, enough responses", forked, map[int]int{2: 1, 3: 2, 4: 2, 7: 3}, bySecond},
		{"leader decided before, too few responses", settled, map[int]int{2: 0, 3: 1, 4: 1, 7: 2}, unknown},
		{"leader decided before, enough responses", settled, map[int]int{2: 1, 3: 2, 4: 2, 7: 3}, bySecond},
	} {
		for n, responses := range c.responses {
			for _, odd := range []bool{false, true} { // of the event that is to be read; all others are not
				reads := -1
				switch c.want {
				case byLeader:
					reads = 0
				case bySecond:
					reads = 1
				}
				got, err := singleStep(n, c.is, responses, reads, odd)
				want := MetaVote{Round: 1, EstT: reads >= 0 && odd, EstF: reads >= 0 && !odd}
				if err != nil || got != want {
					t.Errorf("%d voters, %s, %d responses: %+v, want %+v (%v); %v", n, c.what, responses, got, want, c.want, err)
				}
			}
		}
	}
}

// singleStep returns the meta-vote at (1, forced true) of an event by the last voter that waits there, about a
// subject with another leader. The voter whose rank is read has ids that are odd or not, all others the opposite.
func singleStep(n int, is leader, responses, read int, odd bool) (MetaVote, error) {
	s, err := stageWait(n, is, responses, read, odd)
	if err != nil {
		return MetaVote{}, err
	}
	if len(s.votes) != 4 {
		return MetaVote{}, fmt.Errorf("meta-votes %+v", s.votes)
	}
	return s.votes[3], nil
}

// wait is a voter's event x at which it waits for a coin, or has it.
type wait struct {
	e      *Election
	x      gossip.Index
	own    gossip.Peer    // who waits
	leader gossip.Peer    // for whom
	last   []gossip.Index // by voter
	votes  []MetaVote     // x's about the subject
}

// stageWait makes the graph and the meta-votes of a single step, and takes it.
func stageWait(n int, is leader, responses, read int, odd bool) (*wait, error) {
	own := n - 1
	subject, ranked, salt := -1, []int(nil), byte(0)
	for ; subject < 0; salt++ { // other identities, until somebody else leads for some subject
		for p := range n {
			if ranked = rankedVoters(n, salt, p); ranked[0] != own && subject < 0 {
				subject = p
			}
		}
	}
	salt--
	ranked = rankedVoters(n, salt, subject)
	e := New(false, false, new(coin.Concrete))
	var voters []gossip.Peer
	for i := range n {
		p, err := e.AddPeer(identityOf(salt, i))
		if err != nil {
			return nil, err
		}
		voters = append(voters, p)
	}
	e.Start(voters)
	if _, err := e.AddObservation(Observation{}, nil); err != nil {
		return nil, err
	}

	last := make([]gossip.Index, n)
	sequences := map[gossip.Index][]MetaVote{}
	var failed error
	insert := func(v int, cause gossip.Cause, self, other gossip.Index, odd bool, votes []MetaVote) gossip.Index {
		x, err := insertAs(e, voters[v], cause, self, other, odd, 0)
		if err != nil {
			failed = err
		}
		last[v], sequences[x] = x, votes
		return x
	}
	for v := range n {
		insert(v, gossip.Initial, 0, 0, false, nil)
	}
	for v := range n {
		is := is
		if v != ranked[0] {
			is = present
		}
		self, bit := last[v], odd == (read >= 0 && v == ranked[max(read, 0)])
		flip := atFlip(v)
		switch is {
		case unheard:
			continue
		case early:
			flip[2].Aux, flip[2].BinT, flip[2].BinF = 0, false, false
		case settled:
			flip = []MetaVote{{Decision: 1, Aux: 1}}
		}
		insert(v, gossip.Request, self, last[(v+1)%n], bit, flip)
		switch is {
		case later:
			insert(v, gossip.Request, last[v], last[(v+1)%n], !bit, flip)
			insert(v, gossip.Request, last[v], last[(v+1)%n], !bit, flip)
		case forked:
			first := last[v]
			insert(v, gossip.Requesting, self, 0, bit, flip)
			insert(own, gossip.Request, last[own], first, !bit, nil)
		case settled:
			// Its last known event has no meta-votes, so the decision is not adopted.
			insert(v, gossip.Observation, last[v], 0, bit, nil)
		}
	}
	// The last voter hears all, waits from a response on that does not count, and then for responses.
	carries := sequences[last[own]]
	bit := e.g.Event(last[own]).Odd
	for v := range own {
		if is != unheard || v != ranked[0] {
			insert(own, gossip.Request, last[own], last[v], !bit, carries)
		}
	}
	waits := append(slices.Clone(carries), MetaVote{Round: 1})
	insert(own, gossip.Response, last[own], last[ranked[n-1]], !bit, waits)
	x := insert(own, gossip.Request, last[own], last[own], !bit, waits)
	for range responses {
		x = insert(own, gossip.Response, last[own], last[own], !bit, waits)
	}
	if failed != nil {
		return nil, failed
	}

	// As if the election had begun with the first event that has meta-votes.
	e.observers.lowest = 1
	e.byPasses(x)
	e.base, e.earliest, e.coins = gossip.Index(n), gossip.Index(n+1), true
	w := &e.window
	for y := e.earliest; y < x; y++ {
		if votes := sequences[y]; votes != nil {
			w.votes[y-w.base] = e.number(votes)
		}
	}
	i := int(x - w.base)
	before := w.votes[w.info[i].sync-w.base]
	e.metaVotes.versions[before].unsettled = true // as of all that wait
	if e.evaluate(x, i, before, &w.info[i]) {
		return nil, errors.New("it ends the election")
	}
	votes := e.spell(w.votes[i], slices.Index(e.voters, voters[subject]))
	return &wait{e, x, voters[own], voters[ranked[0]], last, votes}, nil
}

// atFlip returns meta-votes up to the genuine flip, of which nothing comes: each second voter has the other
// auxiliary value throughout.
func atFlip(voter int) (votes []MetaVote) {
	for step := range uint8(3) {
		votes = append(votes, MetaVote{Step: step, EstT: true, EstF: true, BinT: true, BinF: true, Aux: int8(1 + voter%2)})
	}
	return votes
}

func identityOf(salt byte, voter int) [32]byte { return [32]byte{byte(voter), salt} }

// rankedVoters lists the voters by rank, in the first round of the first election.
func rankedVoters(n int, salt byte, subject int) (ranked []int) {
	const tag = "parsec concrete coin 1"
	identity := identityOf(salt, subject)
	target := blake3.Sum256(slices.Concat([]byte(tag), identity[:], make([]byte, 64), []byte{0, 0, 0, 1}))
	distance := func(v int) []byte {
		identity := identityOf(salt, v)
		d := blake3.Sum256(append([]byte(tag), identity[:]...))
		for i := range d {
			d[i] ^= target[i]
		}
		return d[:]
	}
	for v := range n {
		ranked = append(ranked, v)
	}
	slices.SortFunc(ranked, func(a, b int) int { return bytes.Compare(distance(a), distance(b)) })
	return ranked
}
