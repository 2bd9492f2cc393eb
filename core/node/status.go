package node

import (
	"maps"
	"runtime"
	"slices"
	"time"

	"parsec/core/node/client"
	"parsec/core/node/internal/transport"
)

// Status returns how the node is.
func (n *Runtime) Status() client.Status {
	v := n.view.Load()
	s := client.Status{
		Identity: FormatIdentity(n.identity), Section: n.section.Name, Mode: n.section.Mode.String(),
		Voters: len(v.voters), Events: uint64(v.events), Undecided: v.waiting,
		Received: v.counts.Events, Duplicates: v.counts.KnownEvents,
		Requests: n.requests.Load(), Refused: n.refused.Load(), Held: n.held.Load(), Acknowledged: n.acknowledged.Load(),
		Uptime: time.Since(n.began).Seconds(), Goroutines: runtime.NumGoroutine(),
	}
	s.State, s.Reason = n.state(v)
	s.Blocks, s.Decided, s.Order = n.ledger.totals()
	s.Waiting, _ = n.intake.waiting()
	w := n.wal.Stats()
	s.Syncs, s.LogBytes = w.Syncs, w.Bytes
	if n.links != nil {
		t := n.links.Stats()
		s.BytesIn, s.BytesOut = t.BytesIn, t.BytesOut
		for _, r := range faults {
			s.Refused += t.Reasons[r]
		}
	}
	s.CPU, s.Resident, s.Files = process()
	s.Heap = liveHeap()
	for _, id := range v.forkers {
		s.Forked = append(s.Forked, FormatIdentity(id))
	}
	if v.forked != nil && !slices.Contains(v.forkers, n.identity) {
		s.Forked = append(s.Forked, FormatIdentity(n.identity))
	}
	for _, id := range v.awaits {
		s.Awaits = append(s.Awaits, FormatIdentity(id))
	}
	known := *n.known.Load()
	for _, id := range slices.SortedFunc(maps.Keys(known), compareIdentities) {
		if id == n.identity {
			continue
		}
		s.Peers = append(s.Peers, client.Peer{
			Identity: FormatIdentity(id), Address: known[id], Connected: n.transport.Connected(id), Voter: slices.Contains(v.voters, id),
		})
	}
	return s
}

// faults are the reasons of the transport for which the other side is to blame. Connections also end, and frames are
// dropped, because a peer was killed or is slow.
var faults = []transport.Reason{
	transport.ReasonStranger, transport.ReasonWrongKey, transport.ReasonSection, transport.ReasonOversize, transport.ReasonGarbage,
	transport.ReasonHandshake, transport.ReasonTooMany,
}

// state says what the node can do, and if it is not all, why.
func (n *Runtime) state(v *view) (state, reason string) {
	switch {
	case v.forked != nil:
		return client.StateForked, v.forked.Error()
	case v.failed != nil:
		return client.StateReading, v.failed.Error()
	case v.restored:
		return client.StateLearning, "its log lacks events that it made, or is said to: it needs answers of more than two thirds of the members, itself counted, and has none of " + names(v.awaits)
	case v.learning && v.voter:
		return client.StateLearning, "asks the others for its own events, and has no answer of " + names(v.awaits)
	case v.voter && v.refusal != nil:
		return client.StateVoting, v.refusal.Error()
	case v.voter && v.full != nil:
		return client.StateVoting, v.full.Error()
	case v.voter:
		return client.StateVoting, ""
	case n.cfg.Join && !v.was:
		return client.StateJoining, "members have not decided to add it yet, or it does not know yet"
	}
	return client.StateRemoved, "members decided to remove it"
}
