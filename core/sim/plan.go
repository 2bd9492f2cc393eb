package sim

import (
	"time"

	"parsec/core"
	"parsec/workloads"
)

// interval is the mean time between two gossip requests of a process.
const interval = 100 * time.Millisecond

// plan is all that a scenario chooses for one run, drawn from the seed before anything happens.
type plan struct {
	mode    core.Mode
	coin    core.CoinKind
	signed  bool
	passes  bool          // nodes compute elections by passes, which tell their estimates
	peers   int           // founders, hostile ones among them
	horizon time.Duration // the faults end then
	limit   time.Duration // after which time the run is given up

	// The load.
	payloads int             // how many come up until the horizon
	burst    int             // at a time, at most
	size     int             // bytes of one, at most
	spread   workloads.Delay // until an application hears of one
	sole     bool            // each is voted for by one peer, as Single mode allows

	// The network. By default all links are good.
	delays     []workloads.Delay // each link has one of them
	loss       int               // percent of messages
	duplicate  int               // percent
	replay     time.Duration     // mean time until an old message comes again; 0 for never
	partitions []partition
	scheduler  bool    // it decides which messages are delivered when
	ambush     *ambush // how it begins, nil for as it comes

	// Processes.
	sync    workloads.Delay // how long a record takes to be durable
	slow    map[int]int     // by process: it takes so many times as long for everything
	batch   int             // how many inputs a process takes in before it writes a record, at most
	crashes []crash
	changes []change

	hostile []hostile // the first founders are hostile, in this order
}

// partition keeps messages from some processes to others from getting through, for a time.
type partition struct {
	from, until time.Duration
	flap        time.Duration // with what period it comes and goes, 0 for no such thing
	side        []bool        // by process: on which side it is; late ones are on the side of process 0
	oneWay      bool          // only messages from the true side are lost
}

// crash stops a process and brings it back.
type crash struct {
	who      int
	at, down time.Duration
	kept     bool // the record that was being written is durable all the same
	backup   int  // so many durable records are lost too: it comes back from a backup
	restored bool // it takes its log for a backup, though nothing is lost
}

// change is that members vote to add or remove a peer.
type change struct {
	at  time.Duration
	add bool
	who int // a founder, or a process that joins: founders come first
}

// between is a plan's number drawn from a range.
func between(r stream, from, to time.Duration) time.Duration { return r.moment(from, to) }

// newPlan draws what most scenarios have in common.
func newPlan(r stream, cfg *Config, s *Scenario) *plan {
	p := &plan{
		mode:    core.Mode(r.below(2)),
		coin:    core.ConcreteCoin,
		peers:   r.within(s.MinPeers, s.MaxPeers),
		signed:  cfg.Signatures,
		horizon: between(r, 2*time.Second, 4*time.Second),
		burst:   1,
		size:    24,
		spread:  workloads.Delay{Shape: workloads.Exponential, Mean: r.moment(10*time.Millisecond, time.Second)},
		delays:  []workloads.Delay{{Shape: workloads.Jittered, Mean: 20 * time.Millisecond}},
		sync:    workloads.Delay{Shape: workloads.Uniform, Mean: time.Millisecond},
		slow:    map[int]int{},
		batch:   1 + r.below(3),
	}
	if cfg.Mode != nil {
		p.mode = *cfg.Mode
	}
	if cfg.Peers > 0 {
		p.peers = cfg.Peers
	}
	if cfg.Steps > 0 {
		// A request comes to about seven actions: it is made, arrives and is answered, three records are written.
		p.horizon = max(interval, interval*time.Duration(cfg.Steps)/time.Duration(7*p.peers))
	}
	p.payloads = r.within(3, 12) * int(p.horizon/time.Second+1) / 5
	p.sole = p.mode == core.Single && r.percent(70)
	return p
}

// tolerated is how many of n voters may be hostile.
func tolerated(n int) int { return (n - 1) / 3 }
