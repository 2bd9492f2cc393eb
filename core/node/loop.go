package node

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"parsec/core"
	"parsec/core/node/internal/api"
	"parsec/core/node/internal/batch"
)

// loop owns the core: one goroutine, which takes in what came, votes, gossips, and hands on what the core wants
// done. It never waits for the disk: what it hands on is released when it is durable.
type loop struct {
	*Runtime
	core      *core.Node
	pace      pacer
	peers     map[core.Identity]*neighbour
	proposals []core.Hash // to be voted for with the next event
	entries   []byte      // scratch: submissions taken from the intake
	parts     []part
	cutter    cutter
	flight    flight
	acks      []func(error) // of what was voted for since the last flush
	written   uint64        // where the log ends
	height    uint64        // blocks delivered
	told      uint64        // the height that peers were told last
	toldAt    time.Time
	votedAt   time.Time
	blocked   time.Duration // by the disk, in this turn of the loop
	waiting   int
	changed   bool // there may be other members than others see
	voter     bool
	asking    time.Time // since when it asks for its own events
	reached   time.Time // when a member was connected first
	answered  bool      // asked is closed
	weighedAt time.Time
	full      error // why no submissions are taken: memory
	failed    error // of the log: nothing can be persisted any more, so nothing is made
	forked    error // its key was used elsewhere: nothing is made, for nobody may believe it
}

// neighbour is what the loop knows of a peer.
type neighbour struct {
	height uint64    // as it says
	added  uint64    // the height at which it was added; until it says that it has that, it may not know
	met    time.Time // of the last message to it or from it
	asked  time.Time // of the last request to it that is not answered
	tries  int       // requests to it because of its height, without any gain
	notNow time.Time // until then, its saying so is not believed
	quota  quota

	question question // of the start
	heard    bool     // since the start: so its answers have a way
}

// inbound is a frame that came. The reader of the connection waits until the loop has taken it in.
type inbound struct {
	from  core.Identity
	frame []byte
	done  chan time.Duration
}

// Kinds of frames between nodes: the first byte.
const (
	frameCore   = 0 // a message of the core
	frameStatus = 1 // 8 bytes: how many blocks the sender has decided, little-endian
)

// most frames that are taken in before what they bring is handed on.
const most = 32

// gathered is how many bytes of the core's are handed on before more frames are taken in: one large message fills most of
// a record of the log, and two may be more than it can have.
const gathered = 256 << 10

// voteEvery is the shortest time between two events that vote: each costs every member a signature to check, whatever it
// votes for.
func (l *loop) voteEvery() time.Duration { return l.pace.interval() / 2 }

func (l *loop) run() {
	defer close(l.ended)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var began time.Time
		select {
		case <-l.quit:
			l.flush()
			return
		case in := <-l.frames:
			began = time.Now()
			l.take(in)
		case <-l.intake.filled:
			began = time.Now()
		case err := <-l.broken:
			began = time.Now()
			l.fail(err)
		case id := <-l.ups:
			began = time.Now()
			l.tell(id)
			if slices.Contains(l.view.Load().voters, id) {
				l.pace.progress() // what could not be decided for want of voters may be now
			}
		case call := <-l.calls:
			began = time.Now()
			call(l)
		case <-timer.C:
			began = time.Now()
		}
		l.takeMore()
		now := time.Now()
		l.act(now)
		l.weigh(now)
		l.flush()
		now = time.Now()
		l.pace.worked(now, now.Sub(began)-l.blocked)
		l.blocked = 0
		timer.Reset(time.Until(l.wake(now)))
	}
}

// takeMore takes in frames that wait, so that one write of the log is for all of them that are small.
func (l *loop) takeMore() {
	for range most {
		if l.core.OutputSize() >= gathered {
			return
		}
		select {
		case in := <-l.frames:
			l.take(in)
		default:
			return
		}
	}
}

// take takes in one frame.
func (l *loop) take(in inbound) {
	began := time.Now()
	fine := l.handle(in.from, in.frame)
	var penalty time.Duration
	if !fine {
		// Whoever sends what is refused is heard a hundredth of the time at most.
		penalty = min(max(100*time.Since(began), 10*time.Millisecond), time.Second)
	}
	p, now := l.neighbour(in.from), time.Now()
	status := len(in.frame) > 0 && in.frame[0] == frameStatus
	if hold := p.quota.charge(now, l.pace.rates(), status, l.core.Made(in.from), int(l.core.Len())); hold > penalty {
		penalty = hold
		l.held.Add(1)
		if hold >= time.Second {
			l.complain("a peer wants more than its share, and is held up", "peer", name(in.from), "for", hold)
		}
	}
	in.done <- penalty
}

// handle takes in a frame, and reports whether it was fine.
func (l *loop) handle(from core.Identity, frame []byte) bool {
	p := l.neighbour(from)
	p.heard = true
	if len(frame) == 0 || l.halted() {
		return l.halted()
	}
	switch frame[0] {
	case frameStatus:
		if len(frame) != 9 {
			l.refused.Add(1)
			return false
		}
		p.height = binary.LittleEndian.Uint64(frame[1:])
		return true
	case frameCore:
	default:
		l.refused.Add(1)
		return false
	}
	now := time.Now()
	p.asked, p.met = time.Time{}, now
	if now.Sub(l.votedAt) >= l.voteEvery()/2 && l.votable() {
		l.vote(now) // so that the answer has it
	}
	err := l.core.Handle(from, frame[1:])
	switch {
	case isFork(err):
		l.fork(err)
		return true
	case err == nil, errors.Is(err, core.ErrDuplicateMessage), errors.Is(err, core.ErrMissingPayload), errors.Is(err, core.ErrPremature),
		errors.Is(err, core.ErrSelfState):
		return true
	case errors.Is(err, core.ErrPeerState), errors.Is(err, core.ErrUnknownPeer):
		return true // as happens while members decide at different times
	}
	l.refused.Add(1)
	l.complain("refused a message", "peer", name(from), "error", err)
	return false
}

// act votes and gossips if it is time to.
func (l *loop) act(now time.Time) {
	if l.halted() {
		return
	}
	if l.view.Load().learning {
		l.learn(now)
	}
	if l.votable() && now.Sub(l.votedAt) >= l.voteEvery() {
		l.vote(now)
	}
	if err := l.cannotVote(l.view.Load()); err != nil {
		l.refuseWaiting(err)
	}
	if !l.view.Load().learning && !now.Before(l.pace.due()) {
		l.gossip(now)
	}
	if now.Sub(l.toldAt) >= statusEvery || l.height != l.told && l.core.Waiting() == 0 {
		l.told, l.toldAt = l.height, now
		for _, id := range l.core.Voters() {
			l.tell(id)
		}
	}
}

// votable reports whether there is something to vote for, and this node may.
func (l *loop) votable() bool {
	if l.halted() {
		return false
	}
	if _, size := l.intake.waiting(); (size == 0 || l.flight.full(l.pace.voters)) && len(l.proposals) == 0 {
		return false
	}
	return l.core.CanVote() == nil
}

// vote votes for what has gathered: what others have voted for first, and then submissions, as far as there is room.
func (l *loop) vote(now time.Time) {
	l.votedAt = now
	if len(l.proposals) > 0 {
		l.voteFor()
	}
	if l.flight.full(l.pace.voters) {
		return
	}
	l.entries, l.parts = l.intake.take(l.entries[:0], l.parts[:0], min(l.room(), maxEvent))
	if len(l.parts) == 0 {
		return
	}
	payloads := l.cutter.cut(l.ledger, l.entries)
	if err := l.core.Vote(payloads...); err != nil {
		if err = refused(err); !errors.Is(err, api.ErrNoRoom) && !errors.Is(err, api.ErrCannotVote) {
			l.log.Error("cannot vote", "error", err)
		}
		for _, p := range l.parts {
			p.done(err)
		}
		return
	}
	for _, p := range payloads {
		l.ledger.claim(p)
		l.flight.add(p)
	}
	l.pace.progress()
	for _, p := range l.parts {
		l.acks = append(l.acks, p.done)
		l.acknowledged.Add(uint64(p.count))
	}
}

// maxPart is more than one call submits, a frame of a stream, with what payloads have beside it.
const maxPart = 1<<20 + 128<<10

// room returns how many bytes of submissions may be voted for now; 0 while those that are undecided have to be decided
// first. In Supermajority mode a node's own are its share of what may be undecided: if all members spent all of it on their
// own, none could vote for another's, and nothing would ever be decided.
func (l *loop) room() int {
	votes, size := l.core.Room()
	if l.section.Mode == core.Supermajority {
		n := max(1, l.pace.voters)
		votes -= core.MaxUndecided - core.MaxUndecided/n
		size -= core.MaxUndecidedSize - max(core.MaxUndecidedSize/n, maxPart)
	}
	if votes < 3*maxEvent/maxCut { // payloads of one event: two in a row are more than maxCut
		return 0
	}
	return max(0, size-64<<10) // which is for what payloads have beside their entries
}

// voteFor votes for what others propose, as much as one event may have and there is room for. The rest stays.
func (l *loop) voteFor() {
	l.proposals = slices.DeleteFunc(l.proposals, func(h core.Hash) bool { return !l.core.Open(h) })
	if len(l.proposals) == 0 {
		return
	}
	n := min(len(l.proposals), core.MaxVotes)
	err := l.core.VoteFor(l.proposals[:n]...)
	for n > 1 && errors.Is(err, core.ErrLimit) {
		n /= 2
		err = l.core.VoteFor(l.proposals[:n]...)
	}
	switch {
	case errors.Is(err, core.ErrLimit):
		return // later, when others of this node's votes are decided
	case err != nil:
		l.complain("cannot vote for proposals", "error", err)
	}
	l.proposals = slices.Delete(l.proposals, 0, n)
	l.pace.progress()
}

// refuseWaiting ends the submissions that came while this node could vote, or was thought to be able to soon.
func (l *loop) refuseWaiting(err error) {
	for {
		l.entries, l.parts = l.intake.take(l.entries[:0], l.parts[:0], core.MaxVotesSize)
		if len(l.parts) == 0 {
			return
		}
		for _, p := range l.parts {
			p.done(err)
		}
	}
}

// gossip makes a request, if there is anything to gain by one.
func (l *loop) gossip(now time.Time) {
	to, ok := l.recipient(now)
	if !ok {
		return
	}
	if err := l.core.Gossip(to); err != nil {
		l.complain("cannot gossip", "peer", name(to), "error", err)
	} else {
		l.requests.Add(1)
		p := l.neighbour(to)
		p.asked, p.met = now, now
		p.quota.asked(now, l.pace.rates())
	}
	l.pace.requested(now)
}

// recipient chooses whom to gossip to: while something waits to be decided any peer that is there, else one whose height says
// that it or this node would gain.
func (l *loop) recipient(now time.Time) (core.Identity, bool) {
	busy := l.busy()
	var chosen core.Identity
	var peer *neighbour
	for _, id := range l.core.Recipients() {
		p := l.neighbour(id)
		if !l.transport.Connected(id) || now.Sub(p.asked) < answerWithin || p.quota.deaf(now) {
			continue
		}
		if !busy && !l.gains(p, now) {
			continue
		}
		if !l.transport.Hears(id) && now.Sub(l.heldBack(p)) < answerWithin {
			// What it answers would be lost. After a start, all peers' answers would be, for they dial later than this node:
			// the first requests to each would go unanswered, and each cost answerWithin.
			continue
		}
		if peer == nil || p.met.Before(peer.met) {
			chosen, peer = id, p
		}
	}
	if peer == nil {
		return chosen, false
	}
	if !busy {
		if peer.tries++; peer.tries > 2*patience {
			// It says so, and has nothing to show for it.
			peer.tries, peer.notNow = 0, now.Add(time.Minute)
		}
	}
	return chosen, true
}

// heldBack returns since when a peer that cannot answer has not been asked.
func (l *loop) heldBack(p *neighbour) time.Time {
	if p.met.Before(l.began) {
		return l.began
	}
	return p.met
}

// gains reports whether a peer says that it has decided more than this node, or does not know yet that it was added: one
// that was a member before and was removed does not ask.
func (l *loop) gains(p *neighbour, now time.Time) bool {
	return (p.height > l.height || p.height < p.added) && now.After(p.notNow)
}

// tell tells a peer how many blocks this node has decided.
func (l *loop) tell(id core.Identity) {
	if id == l.core.Identity() || l.halted() {
		return
	}
	var frame [9]byte
	frame[0] = frameStatus
	binary.LittleEndian.PutUint64(frame[1:], l.height)
	l.transport.Send(id, frame[:])
}

// wake returns when there is something to do, if nothing comes.
func (l *loop) wake(now time.Time) time.Time {
	if l.halted() {
		return now.Add(statusEvery)
	}
	if l.view.Load().learning {
		return now.Add(learnEvery)
	}
	at := l.toldAt.Add(statusEvery)
	if l.votable() {
		at = earlier(at, l.votedAt.Add(l.voteEvery()))
	}
	if l.gossips(now) {
		due := l.pace.due()
		if !due.After(now) {
			due = now.Add(l.pace.interval()) // nobody to gossip to: later
			if !l.busy() {
				due = now.Add(answerWithin)
			}
		}
		at = earlier(at, due)
	}
	return at
}

// busy reports whether there is something to decide, or to join.
func (l *loop) busy() bool {
	return l.core.Waiting() > 0 || len(l.proposals) > 0 || !l.voter
}

// gossips reports whether there is anything to gossip for.
func (l *loop) gossips(now time.Time) bool {
	if l.busy() {
		return true
	}
	for _, p := range l.peers {
		if l.gains(p, now) {
			return true
		}
	}
	return false
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// flush hands on what the core wants done.
func (l *loop) flush() {
	if l.failed != nil {
		return
	}
	todo := l.core.Ready()
	if len(todo.Record) == 0 && len(todo.Messages) == 0 && len(todo.Blocks) == 0 && len(todo.Proposals) == 0 && len(l.acks) == 0 {
		l.core.Advance()
		return
	}
	for i := range todo.Proposals {
		if c := &todo.Proposals[i]; c.Kind == core.Opaque {
			if _, n := batch.Entries(c.Payload); n > 0 {
				l.proposals = append(l.proposals, c.Hash)
			}
		}
	}
	rel := l.releases.get()
	if len(todo.Record) > 0 {
		began := time.Now()
		end, err := l.wal.Append(todo.Record)
		l.blocked += time.Since(began)
		if err != nil {
			l.fail(err)
			l.releases.put(rel)
			return
		}
		l.written = end
	}
	rel.end = l.written
	for _, m := range todo.Messages {
		rel.add(m.To, m.Frame)
		if m.Again > 0 {
			l.neighbour(m.To).quota.sent(time.Now(), m.Again)
		}
	}
	for i := range todo.Blocks {
		b := &todo.Blocks[i]
		l.ledger.add(b)
		l.flight.decided(b.Payload)
		l.members(b)
		l.height = b.Number + 1
	}
	rel.height = l.height
	rel.acks = append(rel.acks, l.acks...)
	clear(l.acks)
	l.acks = l.acks[:0]
	if len(todo.Blocks) > 0 {
		l.pace.progress()
		for _, p := range l.peers {
			p.tries = 0
		}
	}
	l.core.Advance()
	if w := l.core.Waiting(); w != l.waiting {
		if w > l.waiting {
			l.pace.progress()
		}
		l.waiting = w
	}
	l.look()
	began := time.Now()
	l.releases.push(rel)
	l.blocked += time.Since(began)
}

// fail ends all that needs the disk. What is there can still be read.
func (l *loop) fail(err error) {
	if l.failed != nil {
		return
	}
	l.failed = err
	l.log.Error("the log cannot be written: this node makes no more events, and only reads", "error", err)
	l.end(unavailable(err))
}
