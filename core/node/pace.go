package node

import "time"

// Gossip costs a section three signed events an exchange, each of which every member checks. So it goes fast
// only while something waits to be decided, and stops when nothing does.
const (
	pacePerVoter = 2500 * time.Microsecond // so the events of all voters together are as many a second whatever their number
	maxStretch   = 8                       // times the fastest, where the machine does not keep up
	patience     = 32                      // requests without anything new before it slows down
	slowest      = 10 * time.Second        // while something waits that does not get decided
	answerWithin = time.Second             // after which a request counts as lost
	statusEvery  = 5 * time.Second         // what a node tells its peers of its height
)

// pacer says when the next request is due. It has no clock: it is told the time.
type pacer struct {
	fastest time.Duration // as configured; 0: by the number of voters
	voters  int
	stretch float64   // 1 to maxStretch: grows while the loop is busy
	idle    int       // requests since anything new
	last    time.Time // of the last request
	busy    time.Duration
	since   time.Time // busy is of the time since
}

// interval is the time between two requests now.
func (p *pacer) interval() time.Duration {
	d := time.Duration(float64(p.base()) * max(p.stretch, 1))
	for n := p.idle; n >= patience && d < slowest; n -= patience / 4 {
		d *= 2
	}
	return min(d, slowest)
}

// base is the time between two requests of a node that is not busy and has something to gain.
func (p *pacer) base() time.Duration {
	if p.fastest > 0 {
		return p.fastest
	}
	return max(time.Duration(p.voters)*pacePerVoter, 2*pacePerVoter)
}

// due returns when the next request is to be made.
func (p *pacer) due() time.Time { return p.last.Add(p.interval()) }

// requested notes a request.
func (p *pacer) requested(now time.Time) {
	p.last = now
	p.idle++
}

// progress notes that something new came: a vote or a block.
func (p *pacer) progress() { p.idle = 0 }

// worked notes how long the loop was at work, and once in a while looks what share of the time that is. A loop that
// is at work most of the time makes more events than it, or the machine, can bear: those of all others it has to
// check as well.
func (p *pacer) worked(now time.Time, d time.Duration) {
	p.busy += d
	span := now.Sub(p.since)
	if span < 200*time.Millisecond {
		return
	}
	share := float64(p.busy) / float64(span)
	switch p.stretch = max(p.stretch, 1); {
	case span > time.Second: // it slept
	case share > 0.6:
		p.stretch = min(p.stretch*1.25, maxStretch)
	case share < 0.4:
		p.stretch = max(p.stretch*0.9, 1)
	}
	p.busy, p.since = 0, now
}
