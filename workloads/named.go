package workloads

import (
	"fmt"
	"time"

	"parsec/core"
	"parsec/core/recording"
)

// Workload is a load by name.
type Workload struct {
	Name string
	// Doc is a sentence or more: what it models, with its parameters; what it is hard on; which recorded
	// traffic it resembles.
	Doc string
	// MinPeers is the smallest section in which it is what it says.
	MinPeers int

	params func(Size) Params     // of a simulated one
	wild   func(Size) WildParams // of a random one
	large  bool
	mode   core.Mode
}

// Size is how large a workload is to be.
type Size struct {
	Peers  int    // genesis members
	Events int    // exactly; 500 a peer or more, for all that is to happen to leave its mark
	Seed   uint64 // equal sizes and seeds give equal graphs
}

// Generate returns the workload's graph. Its name holds all that is needed to repeat it.
func (w Workload) Generate(z Size) (*recording.Recording, error) {
	if z.Peers < w.MinPeers {
		return nil, fmt.Errorf("%w: %s needs %d peers, not %d", ErrParams, w.Name, w.MinPeers, z.Peers)
	}
	if z.Events < 2*z.Peers || z.Events > recording.MaxEvents {
		return nil, fmt.Errorf("%w: %d events are too few or too many for %d peers", ErrParams, z.Events, z.Peers)
	}
	name := fmt.Sprintf("%s-n%03d-events%d-seed%d", w.Name, z.Peers, z.Events, z.Seed)
	switch {
	case w.large:
		p, err := LargeParams(w.mode, z.Peers, z.Events, z.Seed)
		if err != nil {
			return nil, err
		}
		p.Name = name
		return Generate(p)
	case w.wild != nil:
		p := w.wild(z)
		p.Name, p.Seed, p.Peers, p.Events = name, z.Seed, z.Peers, z.Events
		return Wild(p)
	}
	p := w.params(z)
	p.Name = name
	return Generate(p)
}

// Lookup returns the workload of that name.
func Lookup(name string) (Workload, bool) {
	for _, w := range named {
		if w.Name == name {
			return w, true
		}
	}
	return Workload{}, false
}

// Named returns all workloads, in the order of the README.
func Named() []Workload { return append([]Workload(nil), named...) }

// The pace of the named workloads: a member gossips once in eight message delays, which keeps about as
// many messages under way as in the recordings of 16 peers.
const (
	delay    = 50 * time.Millisecond
	interval = 8 * delay
)

// calm is a section in which nothing goes wrong. Votes are votePercent of the events; in each
// observation voterPercent of the members take part (0: one member).
func calm(z Size, mode core.Mode, voterPercent, votePercent int) Params {
	voters := max(1, (z.Peers*voterPercent+99)/100)
	every := interval * time.Duration(voters*(100-votePercent)) / time.Duration(3*z.Peers*votePercent)
	return Params{
		Seed:         z.Seed,
		Mode:         mode,
		Peers:        z.Peers,
		Events:       z.Events,
		Every:        Delay{Jittered, every},
		VoterPercent: voterPercent,
		Spread:       Delay{Uniform, interval},
		Gossip:       Delay{Exponential, interval},
		Delay:        Delay{Jittered, delay},
	}
}

// moment returns the time by which about percent of a calm section's events are made.
func moment(z Size, percent int) time.Duration {
	return interval * time.Duration(z.Events) / time.Duration(3*z.Peers) * time.Duration(percent) / 100
}

var named = []Workload{
	{
		Name: "single", MinPeers: 2, mode: core.Single,
		Doc: "Single mode, each observation voted for by one member, 10 % of the events; nothing goes wrong. " +
			"Hard on ordering: many keys are decided at once. Like the recordings single-*.",
		params: func(z Size) Params { return calm(z, core.Single, 0, 10) },
	},
	{
		Name: "supermajority", MinPeers: 1,
		Doc: "Supermajority mode, every member votes for every observation, 7 % of the events. " +
			"Hard on elections: about one for each block. Like super-*.",
		params: func(z Size) Params { return calm(z, core.Supermajority, 100, 7) },
	},
	{
		Name: "partial-votes", MinPeers: 2,
		Doc: "Supermajority mode, 67 % of the members, drawn anew, vote for each observation: a bare supermajority. " +
			"Hard on interesting content, which waits for the last of these votes. Like partial-votes-*.",
		params: func(z Size) Params { return calm(z, core.Supermajority, 67, 6) },
	},
	{
		Name: "bursty", MinPeers: 2, mode: core.Single,
		Doc: "Single mode, observations come 50 at a time at heavy-tailed intervals, some 20 % of the events. " +
			"Hard on long unconsensused lists and on blocks of many keys. Like single-*, in gusts.",
		params: func(z Size) Params {
			p := calm(z, core.Single, 0, 20)
			p.Burst = 50
			p.Every = Delay{HeavyTailed, 50 * p.Every.Mean}
			return p
		},
	},
	{
		Name: "idle", MinPeers: 2,
		Doc: "Supermajority mode, votes are 1 % of the events: gossip that finds little to decide. " +
			"Hard on the cost of an event outside elections. Like the end of every recording, for long.",
		params: func(z Size) Params { return calm(z, core.Supermajority, 100, 1) },
	},
	{
		Name: "fan-out", MinPeers: 4,
		Doc: "Supermajority mode, each gossip round goes to 3 peers at once (2 with 4 peers). " +
			"Hard on runs of requesting events and on many messages under way. Like super-* with outstanding requests.",
		params: func(z Size) Params {
			p := calm(z, core.Supermajority, 100, 7)
			p.Fanout = min(3, z.Peers-2)
			p.Gossip.Mean *= time.Duration(p.Fanout)
			return p
		},
	},
	{
		Name: "lossy", MinPeers: 2,
		Doc: "Supermajority mode, a quarter of the messages is lost, delays are exponential and twice the gossip interval; votes are some 9 % of the events. " +
			"Hard on uneven knowledge: requests without response, big catching-up messages. Like lossy-slow-*.",
		params: func(z Size) Params { return losing(calm(z, core.Supermajority, 100, 6)) },
	},
	{
		Name: "lossy-single", MinPeers: 2, mode: core.Single,
		Doc: "Single mode, otherwise as lossy. Hard on keys that some members order late, since one lost message holds them back. " +
			"Like lossy-slow-*, with one vote for each observation.",
		params: func(z Size) Params { return losing(calm(z, core.Single, 0, 6)) },
	},
	{
		Name: "slow-links", MinPeers: 4, mode: core.Single,
		Doc: "Single mode, a third of the links is 40 times slower than the rest and heavy-tailed; votes are some 9 % of the events. " +
			"Hard on old other-parents and reordered messages. Like lossy-slow-*, without the loss.",
		params: func(z Size) Params { return slowing(calm(z, core.Single, 0, 8)) },
	},
	{
		Name: "slow-links-supermajority", MinPeers: 4,
		Doc: "Supermajority mode, otherwise as slow-links. Hard on votes that come in late, one by one, over slow links. " +
			"Like lossy-slow-*, without the loss.",
		params: func(z Size) Params { return slowing(calm(z, core.Supermajority, 100, 8)) },
	},
	{
		Name: "partition", MinPeers: 4,
		Doc: "Supermajority mode, a quarter of the members cut off from 20 to 35 % of the run, halves from 50 to 65 %: " +
			"first one side goes on deciding, then none. Hard on votes that wait, on long catching up and on decisions in a row. Like partition-*.",
		params: func(z Size) Params { return parting(calm(z, core.Supermajority, 100, 7), z) },
	},
	{
		Name: "partition-single", MinPeers: 4, mode: core.Single,
		Doc: "Single mode, otherwise as partition. Hard on the many keys that are decided at once when it ends. " +
			"Like partition-*, with one vote for each observation.",
		params: func(z Size) Params { return parting(calm(z, core.Single, 0, 7), z) },
	},
	{
		Name: "churn", MinPeers: 4,
		Doc: "Supermajority mode, 3 peers are added and one removed in turn, all members voting; each takes effect after 10 % of the run. " +
			"Hard on restarts with other voters and on joiners who learn all history at once. Like churn-*.",
		params: func(z Size) Params { return churning(calm(z, core.Supermajority, 100, 5), z) },
	},
	{
		Name: "churn-single", MinPeers: 4, mode: core.Single,
		Doc:    "Single mode, otherwise as churn. Hard on restarts that find many decided and undecided keys. Like churn-single-*.",
		params: func(z Size) Params { return churning(calm(z, core.Single, 0, 5), z) },
	},
	{
		Name: "accuse", MinPeers: 4,
		Doc: "Supermajority mode, a third (rounded down to what is tolerated) of the members fork at 15 % of the run, are accused in turn " +
			"from 25 % on and stop 10 % later. Hard on removal while their events are still built on. Like accuse-*, with the forks in.",
		params: func(z Size) Params {
			p := calm(z, core.Supermajority, 100, 5)
			p.Forkers = min(3, (z.Peers-1)/3)
			p.ForkAt, p.ForkOverlap = moment(z, 15), 20
			for i := range p.Forkers {
				p.Changes = append(p.Changes, Change{core.Accusation, moment(z, 25+20*i), moment(z, 10)})
			}
			return p
		},
	},
	{
		Name: "forks", MinPeers: 4,
		Doc: "Supermajority mode, as many forkers as are tolerated, from the start to the end, never accused; a fifth of the peers talk " +
			"to both instances. Hard on sees and strongly sees: most events have forks behind them. Like forks-* and twin-votes-*.",
		params: func(z Size) Params { return forking(calm(z, core.Supermajority, 100, 8), z) },
	},
	{
		Name: "forks-single", MinPeers: 4, mode: core.Single,
		Doc:    "Single mode, otherwise as forks: both instances vote for what the forker votes for. Like forks-single-*.",
		params: func(z Size) Params { return forking(calm(z, core.Single, 0, 4), z) },
	},
	{
		Name: "late-forks", MinPeers: 4,
		Doc: "Supermajority mode, one member forks at half of the run and both instances talk to everyone. " +
			"Hard on the change from the fork-free path. Like forks-*-twins1, after a long peace.",
		params: func(z Size) Params {
			p := calm(z, core.Supermajority, 100, 7)
			p.Forkers, p.ForkAt, p.ForkOverlap = 1, moment(z, 50), 100
			return p
		},
	},
	{
		Name: "wild", MinPeers: 2,
		Doc: "Supermajority mode, a random graph: members of four speeds, half of the other-parents new, half of any age, causes at random, " +
			"one observation for each 25 events of a member, votes 3 % of the events. Hard on every assumption about what gossip looks like. Like wild-*.",
		wild: func(z Size) WildParams {
			return WildParams{Observations: z.Events / (25 * z.Peers), VotePercent: 6, FreshPercent: 50, Causes: true}
		},
	},
	{
		Name: "wild-forks", MinPeers: 4, mode: core.Single,
		Doc: "Single mode, as wild with as many forkers as are tolerated, of up to three branches each. " +
			"Hard on forks of forks, seen in any combination. Like wild-forks-*.",
		wild: func(z Size) WildParams {
			return WildParams{Mode: core.Single, Observations: z.Events / (25 * z.Peers), VotePercent: 6, FreshPercent: 50, Causes: true, Forkers: (z.Peers - 1) / 3}
		},
	},
	{
		Name: "large-single", MinPeers: 4, mode: core.Single, large: true,
		Doc: "What benchmarks run: see Large. Single mode; shares of events and blocks are those of the large recording nearest in peers. " +
			"Like perf-single-*, at any size.",
	},
	{
		Name: "large-supermajority", MinPeers: 4, large: true,
		Doc: "What benchmarks run: see Large. Supermajority mode; shares of events are those of the large recording nearest in peers, " +
			"blocks go as 1/peers. Like perf-supermajority-*, at any size.",
	},
}

func losing(p Params) Params {
	p.LossPercent = 25
	p.Delay = Delay{Exponential, 2 * interval}
	return p
}

func slowing(p Params) Params {
	p.SlowPercent = 33
	p.SlowDelay = Delay{HeavyTailed, 40 * delay}
	return p
}

func parting(p Params, z Size) Params {
	p.Partitions = []Partition{
		{From: moment(z, 20), Until: moment(z, 35), Groups: []int{max(1, z.Peers/4)}},
		{From: moment(z, 50), Until: moment(z, 65), Groups: []int{z.Peers / 2}},
	}
	return p
}

func churning(p Params, z Size) Params {
	lag := moment(z, 10)
	p.Changes = []Change{
		{core.Add, moment(z, 15), lag},
		{core.Add, moment(z, 32), lag},
		{core.Remove, moment(z, 35), lag},
		{core.Add, moment(z, 55), lag},
	}
	return p
}

func forking(p Params, z Size) Params {
	p.Forkers, p.ForkOverlap = (z.Peers-1)/3, 20
	return p
}
