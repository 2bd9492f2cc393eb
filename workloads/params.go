package workloads

import (
	"errors"
	"fmt"
	"time"

	"parsec/core"
	"parsec/core/recording"
)

// Params says what [Generate] simulates. Durations are simulated time; only their proportions matter
// to the graph. The zero value is not valid: Peers, Gossip and either Events or Observations must be
// set.
type Params struct {
	Name string // becomes the recording's name; "simulated" if empty
	Seed uint64
	Mode core.Mode

	Peers int // genesis members, at least 1; with those that join at most recording.MaxPeers

	// Events is how many events the recording gets, exactly. With 0 the run ends when Observations and
	// Changes have come up, every vote is cast, and Settle has passed.
	Events int
	Settle time.Duration

	Order Order

	// Observations bounds the number of opaque observations; 0 is no bound (Events must be set then).
	// Burst of them come up together (0 means 1), Every so often.
	Observations int
	Burst        int
	Every        Delay

	// VoterPercent of the members, rounded up, vote for each observation; which ones is random. 67 is
	// a supermajority for any number of members. 0 is one member. Changes are voted on by all members
	// whatever this says (by all but the offender where there is one).
	VoterPercent int
	// Spread is how long after an observation comes up each of its voters votes, each by itself.
	Spread Delay

	Gossip Delay // from one gossip round of a member to its next
	Fanout int   // recipients of a round, all different; 0 means 1

	Delay       Delay // how long a message takes
	LossPercent int   // of messages are lost

	// SlowPercent of the links (pairs of peers; a link is slow both ways) take SlowDelay in place of
	// Delay.
	SlowPercent int
	SlowDelay   Delay

	Partitions []Partition
	Changes    []Change

	// Forkers of the genesis members run twice with one key from ForkAt on: two instances that share
	// their events up to then (with 0, the initial event and the genesis vote) and know nothing of each
	// other. A third of the members is too many. Of the other peers, ForkOverlap percent talk to both
	// instances, the rest to one. Both instances vote.
	Forkers     int
	ForkAt      time.Duration
	ForkOverlap int
}

// Order is the order of a recording's events.
type Order uint8

const (
	// AsSeen is the order in which one member learns the events, message by message, as in the
	// conformance recordings. The member is a random one that stays and does not fork.
	AsSeen Order = iota
	// Creation is the order in which the events were made.
	Creation
)

// Partition loses all messages sent between groups of peers in [From, Until).
type Partition struct {
	From, Until time.Duration
	Groups      []int // sizes; peers fall into groups in the order of their numbers, the rest form one more
}

// Change is a change of the membership.
type Change struct {
	Kind core.Kind     // Add, Remove or Accusation
	At   time.Duration // when it comes up; members vote Spread later
	// Lag is how long after At it takes effect: a peer that was added begins to take part, one that
	// was removed or accused makes its last event. It stands for the time that the decision takes.
	Lag time.Duration
}

// ErrParams is wrapped by every error about parameters.
var ErrParams = errors.New("workloads: invalid parameters")

func (p Params) check() error {
	adds, leaves := p.countChanges()
	percent := func(v int) bool { return v >= 0 && v <= 100 }
	rules := []struct {
		ok  bool
		say string
	}{
		{p.Mode == core.Supermajority || p.Mode == core.Single, "no such mode"},
		{p.Peers >= 1 && p.Peers+adds <= recording.MaxPeers, "Peers is out of range"},
		{p.Events >= 0 && p.Events <= recording.MaxEvents, "Events is out of range"},
		{p.Events > 0 || p.Observations > 0, "neither Events nor Observations is set"},
		{p.Order <= Creation, "no such order"},
		{p.Observations >= 0 && p.Burst >= 0 && p.Settle >= 0, "Observations, Burst and Settle must not be negative"},
		{p.Every.Mean > 0, "Every must take time"},
		{p.Gossip.Mean > 0, "Gossip must take time"},
		{p.Fanout >= 0 && p.Fanout < max(p.Peers, 2), "Fanout must be less than Peers"},
		{percent(p.VoterPercent) && percent(p.LossPercent) && percent(p.SlowPercent) && percent(p.ForkOverlap),
			"a percentage is not 0 to 100"},
		{p.Forkers >= 0 && (p.Forkers == 0 || 3*p.Forkers < p.Peers), "Forkers must be less than a third of Peers"},
		{p.Forkers == 0 || p.ForkAt >= 0, "ForkAt must not be negative"},
		{p.Forkers+leaves < p.Peers, "one member must stay and not fork"},
	}
	for _, r := range rules {
		if !r.ok {
			return fmt.Errorf("%w: %s", ErrParams, r.say)
		}
	}
	for _, c := range p.Changes {
		if c.Kind != core.Add && c.Kind != core.Remove && c.Kind != core.Accusation {
			return fmt.Errorf("%w: a change cannot be %v", ErrParams, c.Kind)
		}
		if c.At < 0 || c.Lag < 0 {
			return fmt.Errorf("%w: a change lies before the start", ErrParams)
		}
	}
	delays := []struct {
		what string
		d    Delay
	}{{"Every", p.Every}, {"Spread", p.Spread}, {"Gossip", p.Gossip}, {"Delay", p.Delay}, {"SlowDelay", p.SlowDelay}}
	for _, d := range delays {
		if err := d.d.check(d.what); err != nil {
			return err
		}
	}
	return nil
}

// countChanges returns how many peers join, and how many leave that are not forkers.
func (p Params) countChanges() (adds, leaves int) {
	accused := 0
	for _, c := range p.Changes {
		switch c.Kind {
		case core.Add:
			adds++
		case core.Remove:
			leaves++
		case core.Accusation:
			accused++
		}
	}
	return adds, leaves + max(0, accused-p.Forkers)
}

// Generate simulates a section and returns its gossip graph, without blocks. Errors wrap [ErrParams].
// In AsSeen order an event takes about 0.7 us at 8 peers and 8 us at 256, in Creation order 0.5 and 1;
// memory is 60 bytes an event and 4 more for each member that it has not reached yet.
func Generate(p Params) (*recording.Recording, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	s := newSection(p)
	s.run()
	return s.recording(), nil
}
