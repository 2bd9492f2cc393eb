package transport

// Stats are counters since the start, but for gauges, which say so.
type Stats struct {
	Reasons [NumReasons]uint64 // what was refused, closed, held up or dropped, by [Reason]

	FramesIn, FramesOut uint64 // keepalives are not counted
	BytesIn, BytesOut   uint64 // of frames, with 4 bytes each, before encryption
	Unconnected         uint64 // frames that Send dropped for want of a connection
	Lost                uint64 // frames queued when a connection broke; some of them may have been sent

	Handshaking int   // gauge: connections accepted and not known to be a peer's
	Accepted    int   // gauge: connections from peers
	Connected   int   // gauge: peers that there is a connection to
	Queued      int64 // gauge: bytes

	Peers map[ID]PeerStats
}

// PeerStats are those of one peer. They start again when a peer was forgotten that is no longer allowed.
type PeerStats struct {
	FramesIn, FramesOut uint64
	BytesIn, BytesOut   uint64
	QueueFull           uint64 // frames dropped
	Unconnected         uint64
	Lost                uint64
	OverQuota           uint64 // frames whose reading was delayed

	Address   string // that is dialled, or ""
	Accepted  int    // gauge
	Connected bool
	Queued    int // gauge: bytes
}

// Stats returns a copy of the counters. It takes the lock of each peer in turn: call it a few times a second at most.
// The sums lack what peers counted that were forgotten.
func (t *Transport) Stats() Stats {
	s := Stats{Handshaking: t.gate.handshaking(), Queued: t.queued.Load(), Peers: map[ID]PeerStats{}}
	for i := range s.Reasons {
		s.Reasons[i] = t.journal.counts[i].Load()
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	for id, p := range t.peers {
		c := &p.stats
		ps := PeerStats{
			FramesIn: c.framesIn.Load(), FramesOut: c.framesOut.Load(), BytesIn: c.bytesIn.Load(), BytesOut: c.bytesOut.Load(),
			QueueFull: c.full.Load(), Unconnected: c.unconnected.Load(), Lost: c.lost.Load(), OverQuota: c.delayed.Load(),
		}
		if q := p.out.Load(); q != nil {
			ps.Connected, ps.Queued = true, q.queued()
		}
		p.mu.Lock()
		ps.Address, ps.Accepted = p.address, len(p.accepted)
		p.mu.Unlock()
		s.add(ps)
		s.Peers[id] = ps
	}
	return s
}

// add adds a peer to the sums.
func (s *Stats) add(p PeerStats) {
	s.FramesIn += p.FramesIn
	s.FramesOut += p.FramesOut
	s.BytesIn += p.BytesIn
	s.BytesOut += p.BytesOut
	s.Unconnected += p.Unconnected
	s.Lost += p.Lost
	s.Accepted += p.Accepted
	if p.Connected {
		s.Connected++
	}
}
