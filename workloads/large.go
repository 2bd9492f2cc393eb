package workloads

import (
	"fmt"
	"math"
	"math/bits"
	"time"

	"parsec/core"
	"parsec/core/recording"
)

// reference is what [Mix] says of one large conformance recording, in whole events.
type reference struct {
	mode                                              core.Mode
	peers, events                                     int
	initial, observing, requesting, request, response int
	blocks                                            int // as many as observations: all are decided
}

// The large recordings. A test compares them with the files.
var references = []reference{
	{core.Single, 4, 7269, 4, 1028, 2082, 2080, 2075, 1025},
	{core.Single, 8, 7625, 8, 1032, 2198, 2196, 2191, 1025},
	{core.Single, 16, 11281, 16, 1040, 3415, 3411, 3399, 1025},
	{core.Single, 32, 15632, 32, 1056, 4856, 4855, 4833, 1025},
	{core.Supermajority, 4, 41074, 4, 4100, 12325, 12325, 12320, 1025},
	{core.Supermajority, 8, 82303, 8, 8200, 24702, 24700, 24693, 1025},
	{core.Supermajority, 16, 82718, 16, 8208, 24835, 24834, 24825, 513},
	{core.Supermajority, 32, 16566, 32, 2080, 4826, 4825, 4803, 65},
}

func (r reference) shares() Shares {
	per := func(k int) float64 { return float64(k) / float64(r.events) }
	return Shares{
		Initial:      per(r.initial),
		Observing:    per(r.observing),
		Requesting:   per(r.requesting),
		Request:      per(r.request),
		Response:     per(r.response),
		Observations: per(r.blocks),
		Blocks:       per(r.blocks),
	}
}

// nearest returns the large recording nearest in peers; of two, the smaller.
func nearest(mode core.Mode, peers int) reference {
	var best reference
	for _, r := range references {
		if r.mode == mode && (best.peers == 0 || distance(r.peers, peers) < distance(best.peers, peers)) {
			best = r
		}
	}
	return best
}

func distance(a, b int) int { return max(a-b, b-a) }

// Target returns what a graph of [Large] comes to: the shares of the nearest large recording (beyond 32
// peers that of 32). One thing has to give: in Supermajority mode every member votes for every
// observation, as in the recordings, so with the share of observation events kept, observations and
// blocks per event go as 1/peers. (Votes by a bare supermajority only would bring the blocks back up to
// 48 peers and change what is measured: every single vote would be waited for.)
//
// Initial is not aimed at: it is peers/events.
func Target(mode core.Mode, peers int) Shares {
	r := nearest(mode, peers)
	s := r.shares()
	if mode == core.Supermajority {
		scale := float64(r.peers) / float64(peers)
		s.Observations *= scale
		s.Blocks *= scale
	}
	return s
}

// LargeParams returns the parameters of [Large], for a caller that wants to change some.
//
// Delays relate to gossip intervals as in the recordings: there a member makes 4.5 events of its own
// from a requesting event to the response at 4 peers, 2.7 at 8, 1.8 at 16 and 1.4 at 32, which is an
// interval of peers/2.1 delays. Beyond 32 peers the interval stays, since a member has no reason to
// gossip less often in a larger section.
func LargeParams(mode core.Mode, peers, events int, seed uint64) (Params, error) {
	if mode != core.Single && mode != core.Supermajority {
		return Params{}, fmt.Errorf("%w: no such mode: %v", ErrParams, mode)
	}
	if peers < 4 || events < 32*peers {
		return Params{}, fmt.Errorf("%w: %d peers and %d events: want at least 4 and 32 a peer", ErrParams, peers, events)
	}
	interval := delay * time.Duration(10*min(peers, 32)) / 21

	r := nearest(mode, peers)
	voters, percent := 1, 0
	if mode == core.Supermajority {
		voters, percent = peers, 100
	}
	// Opaque votes keep their share of the events; each observation takes voters of them.
	opaque := r.observing - r.peers
	observations := int(max(1, int64(opaque)*int64(events)/(int64(r.events)*int64(voters))))

	// The run ends, as the recordings do, about when the last observation is decided: none comes up in
	// the last part. The rest of the time they come up evenly.
	syncs := events - observations*voters - 2*peers
	length := interval * time.Duration(syncs) / time.Duration(3*peers)
	// Some messages tell their recipient nothing and make no event: measured, 4 % of the sync events
	// that there could be at 4 peers, 1 % at 8.
	length += length * 7 / time.Duration(10*peers*peers)
	// Twice the root of the events is how far the pace of gossip may put the end off.
	tail := decisionLag(peers) + 2*int(math.Sqrt(float64(events)))
	if mode == core.Supermajority {
		tail += events / observations * 16 / 5 // votes are cast this much later, see Spread
	}
	tail = min(tail, events/2)
	every := length / time.Duration(observations) * time.Duration(events-tail) / time.Duration(events)

	return Params{
		Name:         fmt.Sprintf("large-%v-n%03d-events%d-seed%d", mode, peers, events, seed),
		Seed:         seed,
		Mode:         mode,
		Peers:        peers,
		Events:       events,
		Observations: observations,
		Every:        Delay{Jittered, every},
		VoterPercent: percent,
		Spread:       Delay{Uniform, every * 8 / 5}, // the votes for one are cast over 3.2 times Every
		Gossip:       Delay{Exponential, interval},
		Delay:        Delay{Jittered, delay},
	}, nil
}

// decisionLag is about how many events a section makes from a vote to the block: 14 n log2 n fits the
// recordings of 4 to 32 peers (120, 400, 840 and 2240). The rest is for those that take longer, which
// matters where a section makes few events.
func decisionLag(peers int) int { return 14*peers*bits.Len(uint(peers-1)) + 64 }

// Large returns a graph like the large conformance recordings, of any number of peers from 4: its
// [Mix] is within a tenth of [Target], and so are the blocks that come out of it, if it is long enough
// that the first and the last decision do not matter: 500 events a peer are. Its order is AsSeen.
func Large(mode core.Mode, peers, events int, seed uint64) (*recording.Recording, error) {
	p, err := LargeParams(mode, peers, events, seed)
	if err != nil {
		return nil, err
	}
	return Generate(p)
}
