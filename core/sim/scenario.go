package sim

import (
	"slices"
	"time"

	"parsec/core"
	"parsec/workloads"
)

// Scenario is a family of runs: what the seed is drawn over.
type Scenario struct {
	Name, Does         string
	MinPeers, MaxPeers int  // how many founders the seed chooses from
	Least              int  // the fewest that it makes sense with
	Slow               bool // it takes long, and is run only when it is named
	plan               func(p *plan, r stream)
}

// Scenarios lists all scenarios.
func Scenarios() []Scenario { return scenarios }

// usual lists those that seeds choose from.
func usual() (out []Scenario) {
	for _, s := range scenarios {
		if !s.Slow {
			out = append(out, s)
		}
	}
	return out
}

var scenarios = []Scenario{
	{
		Name: "calm", MinPeers: 2, MaxPeers: 10, Least: 1,
		Does: "good links and honest members: the load alone, several votes in one event",
		plan: func(p *plan, r stream) { p.burst = 6; p.payloads += 2 },
	},
	{
		Name: "delay", MinPeers: 4, MaxPeers: 8, Least: 2,
		Does: "links of every kind: constant, uniform, exponential and heavy-tailed delays, which reorder messages",
		plan: func(p *plan, r stream) { p.anyDelays(r) },
	},
	{
		Name: "loss", MinPeers: 4, MaxPeers: 8, Least: 2,
		Does: "messages are lost, doubled, reordered, and old ones come again at any time",
		plan: func(p *plan, r stream) { p.lossy(r) },
	},
	{
		Name: "partition", MinPeers: 4, MaxPeers: 9, Least: 2,
		Does: "the network falls into parts and comes together again, several times",
		plan: func(p *plan, r stream) {
			for range r.within(1, 3) {
				p.part(r, false, false)
			}
		},
	},
	{
		Name: "one-way", MinPeers: 4, MaxPeers: 9, Least: 2,
		Does: "partitions in one direction, some of which flap",
		plan: func(p *plan, r stream) {
			for range r.within(1, 3) {
				p.part(r, r.percent(70), r.percent(60))
			}
		},
	},
	{
		Name: "slow", MinPeers: 4, MaxPeers: 8, Least: 2,
		Does: "some members are up to fifty times slower than the others, disks included",
		plan: func(p *plan, r stream) {
			p.sync.Mean = 5 * time.Millisecond
			for _, i := range some(r, r.within(1, p.peers/2), p.peers) {
				p.slow[i] = r.within(3, 50)
			}
		},
	},
	{
		Name: "crash", MinPeers: 3, MaxPeers: 8, Least: 2,
		Does: "members crash and lose what they were writing, all of them once perhaps, and come back",
		plan: func(p *plan, r stream) { p.crashing(r, false) },
	},
	{
		Name: "crash-kept", MinPeers: 3, MaxPeers: 8, Least: 2,
		Does: "as crash, but what was being written is durable though nobody was told of it",
		plan: func(p *plan, r stream) { p.crashing(r, true) },
	},
	{
		Name: "backup", MinPeers: 4, MaxPeers: 8, Least: 4,
		Does: "a member crashes and comes back from a backup, without records whose messages were sent",
		plan: func(p *plan, r stream) {
			// One alone: to learn its own events it needs a supermajority of members who did not lose anything. And not
			// at once: what it had sent has to have reached those members.
			p.sync.Mean = 5 * time.Millisecond
			p.crashes = []crash{{
				who: r.below(p.peers), at: r.moment(0, p.horizon), down: 10*interval + r.moment(0, p.horizon/4), backup: r.within(1, 60),
			}}
		},
	},
	{
		Name: "twins", MinPeers: 4, MaxPeers: 8, Least: 4,
		Does: "some members are two processes with one key, paired in every way",
		plan: func(p *plan, r stream) { p.addTwins(r, r.within(1, tolerated(p.peers)), tolerated(p.peers)) },
	},
	{
		Name: "silence", MinPeers: 4, MaxPeers: 8, Least: 4,
		Does: "some members send nothing, or only to some",
		plan: func(p *plan, r stream) {
			for range tolerated(p.peers) {
				v := hostile{mute: r.percent(50)}
				for range p.peers {
					v.shuns = append(v.shuns, r.percent(50))
				}
				p.hostile = append(p.hostile, v)
			}
		},
	},
	{
		Name: "withhold", MinPeers: 4, MaxPeers: 8, Least: 4,
		Does: "some members send what they vote for to some, and the bare votes to others",
		plan: func(p *plan, r stream) {
			for range tolerated(p.peers) {
				p.hostile = append(p.hostile, hostile{withholds: true})
			}
			p.size = 200
		},
	},
	{
		Name: "garbage", MinPeers: 4, MaxPeers: 7, Least: 4,
		Does: "some members send noise, damaged messages, huge claims, messages of another section and bad signatures",
		plan: func(p *plan, r stream) {
			for range tolerated(p.peers) {
				v := hostile{spoils: r.percent(60)}
				v.sends(40*time.Millisecond, 0, attackNoise)
				p.hostile = append(p.hostile, v)
			}
		},
	},
	{
		Name: "forks", MinPeers: 4, MaxPeers: 8, Least: 4,
		Does: "some members make branch upon branch by hand, and build on each other's",
		plan: func(p *plan, r stream) {
			for range r.within(1, tolerated(p.peers)) {
				v := hostile{}
				v.sends(200*time.Millisecond, r.within(1, 8), attackBranch, attackBranch, attackFeed)
				p.hostile = append(p.hostile, v)
			}
		},
	},
	{
		Name: "strangers", MinPeers: 4, MaxPeers: 7, Least: 4,
		Does: "some members bring events of keys that were never added and, where signatures are checked, in others' names",
		plan: func(p *plan, r stream) {
			for range tolerated(p.peers) {
				v := hostile{}
				v.sends(100*time.Millisecond, 20, attackStranger, attackName)
				p.hostile = append(p.hostile, v)
			}
		},
	},
	{
		Name: "hostile", MinPeers: 4, MaxPeers: 7, Least: 4,
		Does: "some members send random messages of any kind, at any time: branches, late refusals, strangers, lessons",
		plan: func(p *plan, r stream) { p.besieged(r) },
	},
	{
		Name: "split", MinPeers: 4, MaxPeers: 6, Least: 4,
		Does: "a scheduler sees all messages and estimates, and delays messages to keep estimates split: the concrete coin",
		plan: func(p *plan, r stream) { p.splitting(r) },
	},
	{
		Name: "split-parity", MinPeers: 4, MaxPeers: 6, Least: 4,
		Does: "as split, with the predictable coin of recordings",
		plan: func(p *plan, r stream) { p.splitting(r); p.coin = core.PredictableRoundParityCoin },
	},
	{
		Name: "join", MinPeers: 1, MaxPeers: 5, Least: 1,
		Does: "peers join under load, several at once",
		plan: func(p *plan, r stream) {
			at := r.moment(0, p.horizon/2)
			for i := range r.within(1, 4) {
				if r.percent(50) {
					at = r.moment(0, p.horizon/2)
				}
				p.changes = append(p.changes, change{at: at, add: true, who: p.peers + i})
			}
		},
	},
	{
		Name: "leave", MinPeers: 4, MaxPeers: 9, Least: 2,
		Does: "members are removed with their events in flight, several at once, and vote for it themselves",
		plan: func(p *plan, r stream) {
			p.anyDelays(r)
			at := r.moment(0, p.horizon/2)
			for _, who := range some(r, r.within(1, (p.peers-1)/2), p.peers) {
				if r.percent(50) {
					at = r.moment(0, p.horizon/2)
				}
				p.changes = append(p.changes, change{at: at, who: who})
			}
		},
	},
	{
		Name: "churn", MinPeers: 4, MaxPeers: 7, Least: 3,
		Does: "peers join, members leave and crash, messages are lost",
		plan: func(p *plan, r stream) {
			p.lossy(r)
			p.churning(r)
			p.crashing(r, r.percent(50))
		},
	},
	{
		Name: "shrink", MinPeers: 2, MaxPeers: 5, Least: 2,
		Does: "all members but one leave, and some join before or after",
		plan: func(p *plan, r stream) {
			at := p.horizon / 8
			for who := 1; who < p.peers; who++ {
				p.changes = append(p.changes, change{at: at, who: who})
				if r.percent(60) {
					at += p.horizon / 8
				}
			}
			if r.percent(50) {
				p.changes = append(p.changes, change{at: r.moment(0, p.horizon), add: true, who: p.peers})
			}
		},
	},
	{
		Name: "storm", MinPeers: 5, MaxPeers: 8, Least: 5,
		Does: "everything at once: loss, partitions, slow members, crashes, churn and one hostile member of each kind by turns",
		plan: func(p *plan, r stream) {
			p.lossy(r)
			p.part(r, r.percent(50), r.percent(50))
			v := hostile{
				withholds: r.percent(30), spoils: r.percent(30), twins: r.percent(40), pairing: pairing(r.below(int(pairings))),
			}
			v.sends(200*time.Millisecond, 4, attackBranch, attackFeed, attackStranger, attackName)
			if r.percent(50) {
				v.weights[attackNoise] = 4
			}
			p.hostile = append(p.hostile, v)
			p.slow[1] = r.within(1, 20)
			p.crashing(r, r.percent(50))
			p.changes = append(p.changes, change{at: r.moment(0, p.horizon), add: true, who: p.peers})
			p.payloads = max(p.payloads, 4)
		},
	},
	{
		Name: "large", MinPeers: 48, MaxPeers: 100, Least: 2, Slow: true,
		Does: "up to 100 members, with loss; takes a minute and up to 3 GB, with -peers 256 over 20 GB",
		plan: func(p *plan, r stream) {
			p.loss = 5
			p.horizon = time.Second
			p.payloads = 8
		},
	},
}

// anyDelays gives each link one of all kinds of delays.
func (p *plan) anyDelays(r stream) {
	p.delays = p.delays[:0]
	for _, s := range []workloads.Shape{workloads.Fixed, workloads.Jittered, workloads.Uniform, workloads.Exponential, workloads.HeavyTailed} {
		for range 2 {
			p.delays = append(p.delays, workloads.Delay{Shape: s, Mean: r.moment(time.Millisecond, 400*time.Millisecond)})
		}
	}
}

func (p *plan) lossy(r stream) {
	p.anyDelays(r)
	p.loss, p.duplicate = r.below(40), r.below(40)
	p.replay = r.moment(20*time.Millisecond, 300*time.Millisecond)
}

// part adds a partition.
func (p *plan) part(r stream, oneWay, flaps bool) {
	from := r.moment(0, p.horizon*3/4)
	q := partition{from: from, until: r.moment(from, p.horizon), oneWay: oneWay}
	if flaps {
		q.flap = r.moment(interval, 10*interval)
	}
	for range p.peers {
		q.side = append(q.side, r.percent(50))
	}
	p.partitions = append(p.partitions, q)
}

// crashing adds crashes of honest founders, each of which may come again.
func (p *plan) crashing(r stream, kept bool) {
	p.sync.Mean = 20 * time.Millisecond
	at := make(map[int]time.Duration)
	for range r.within(2, 2+p.peers) {
		who := len(p.hostile) + r.below(p.peers-len(p.hostile))
		from := at[who]
		c := crash{who: who, at: r.moment(from, p.horizon), down: r.moment(interval, p.horizon/4), kept: kept}
		at[who] = c.at + c.down + interval
		if at[who] < p.horizon {
			p.crashes = append(p.crashes, c)
		}
	}
}

// churning adds peers that join and members that leave: fewer than half, so that somebody stays.
func (p *plan) churning(r stream) {
	for i := range r.within(1, 3) {
		p.changes = append(p.changes, change{at: r.moment(0, p.horizon*3/4), add: true, who: p.peers + i})
	}
	for _, who := range some(r, r.within(0, (p.peers-1)/2), p.peers) {
		p.changes = append(p.changes, change{at: r.moment(0, p.horizon*3/4), who: who})
	}
}

// splitting puts the network into the scheduler's hands.
func (p *plan) splitting(r stream) {
	p.scheduler, p.passes, p.batch = true, true, 1
	if r.percent(70) {
		p.ambush = newAmbush(r, p.peers)
	}
	p.horizon += p.ambush.length()
}

// addTwins makes so many of the founders twins: of those that are hostile already where there may be no more.
func (p *plan) addTwins(r stream, twins, most int) {
	for range twins {
		if v := p.more(most, func(v *hostile) bool { return v.twins }); v != nil {
			v.twins, v.pairing = true, pairing(r.below(int(pairings)))
		}
	}
}

// besieged has founders send messages of all kinds for a second, in a section that has little else to do: a run is to
// take some 20 ms. An honest member may come back and ask what it may have forgotten: of all others, so that hostile ones
// answer too.
func (p *plan) besieged(r stream) {
	p.horizon = r.moment(500*time.Millisecond, 1200*time.Millisecond)
	p.payloads, p.burst, p.spread.Mean = r.within(2, 4), 2, 30*time.Millisecond
	p.addHostile(r, r.within(1, tolerated(p.peers)), tolerated(p.peers))
	if who := r.within(len(p.hostile), p.peers-1); r.percent(40) {
		at := r.moment(p.horizon/8, p.horizon/3)
		p.crashes = []crash{{who: who, at: at, down: r.moment(interval/2, p.horizon/4), restored: r.percent(60), kept: r.percent(50)}}
	}
	switch r.below(6) {
	case 0:
		p.changes = append(p.changes, change{at: r.moment(0, p.horizon/2), add: true, who: p.peers})
	case 1:
		p.changes = append(p.changes, change{at: r.moment(0, p.horizon), who: r.below(p.peers)})
	}
}

// addHostile makes so many of the founders send messages of all kinds: of those that are hostile already where there may
// be no more.
func (p *plan) addHostile(r stream, members, most int) {
	for range members {
		if v := p.more(most, func(v *hostile) bool { return v.answers }); v != nil {
			v.besiege(r)
		}
	}
}

// more returns a founder that is to be hostile in one way more: a new one, or where there are as many as there may be
// one of those that are not so already. It returns nil if all are.
func (p *plan) more(most int, already func(v *hostile) bool) *hostile {
	if len(p.hostile) < most {
		p.hostile = append(p.hostile, hostile{})
		return &p.hostile[len(p.hostile)-1]
	}
	for i := range p.hostile {
		if !already(&p.hostile[i]) {
			return &p.hostile[i]
		}
	}
	return nil
}

// spare drops removals of honest members that would make the hostile ones a third. They are counted as if no other
// change was ever decided: neither the removal of a hostile one nor the addition of an honest one need be in time.
func (p *plan) spare() {
	if len(p.hostile) == 0 {
		return
	}
	left := p.peers
	p.changes = slices.DeleteFunc(p.changes, func(c change) bool {
		if c.add || c.who < len(p.hostile) {
			return false
		}
		if tolerated(left-1) < len(p.hostile) {
			return true
		}
		left--
		return false
	})
}
