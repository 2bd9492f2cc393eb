// Package core is PARSEC: a Protocol for Asynchronous, Reliable, Secure and Efficient Consensus. The members of
// a section gossip signed events; every member reads the same blocks, in the same order, out of the shape of the
// graph that those events form. There is no leader, and fewer than a third of the members may be hostile.
//
// A [Node] is one member: a pure state machine that makes, signs and checks events, orders them and says what to
// persist, send and deliver. It does no input or output, reads no clock and starts no goroutine. An [Engine] is the
// ordering alone, for those who keep events and check signatures themselves.
//
// # What the caller of a node sees to
//
//   - **Order.** What [Node.Ready] returns is done in the order of its fields: the record is appended to a log and
//     durable before a byte of any message leaves, or the member may fork itself after a crash, and be taken for
//     hostile. Blocks are applied in order. Then [Node.Advance] is called.
//   - **The log.** Records are kept, all of them, in order, and undamaged: [Recover] trusts them. A record
//     tells neither its length nor a checksum: frame it with both, and cut off an incomplete last one, which was never
//     durable, so that nothing of it was sent. Losing the last
//     ones before their messages were sent is no harm. Losing more is a fork: so a node asks the others for its own last
//     events before it makes one ([NodeConfig].Nonce, and [Node.Begin] when nobody else will answer). Where the log was
//     lost or is a backup, [NodeConfig].Restored says so. Both lower that risk, and do not take it away.
//   - **One node for one key.** Two that run at a time fork. A node that meets an event of its key that it did not make does
//     nothing any more: every call returns [ErrForked], and [Node.Forked] says what to do.
//   - **Blocks once.** Applications note the number of the block they applied with what it did, and give the next
//     one as [NodeConfig].Applied: blocks are delivered again from there after a restart.
//   - **Transport.** It makes sure whom a message is from and gives it to [Node.Handle] as it came. It may lose,
//     repeat, delay and reorder messages.
//   - **Gossip.** Nothing happens by itself: call [Node.Gossip] now and then, with a recipient drawn at random from
//     [Node.Recipients]. Each call makes an event, so a section with nothing to say should slow down: [Node.Waiting]
//     tells whether votes wait for it. A request that is lost is not sent again; the next one has all that it had.
//   - **Votes.** Whoever wants a payload decided in Supermajority mode sees to it that enough members vote for it:
//     what others voted for comes as a proposal ([Ready].Proposals), and [Node.VoteFor] votes for it too.
//     It keeps room for those ([Node.Room]): where all members have as much undecided of their own as they may, none can
//     vote for another's, and nothing is decided any more.
//     A vote is acknowledged to a user when its record is durable, not before.
//   - **Membership.** A peer is added and removed by votes ([Node.VoteAdd], [Node.VoteRemove]). A node that stays
//     away while all whom it knew leave needs [NodeConfig].Contacts.
//   - **Forkers.** A node builds on no event of a peer whose fork it sees, but only a vote removes that peer. Its branches
//     cost what other events cost, and there is no limit to them but that of events.
//   - One goroutine at a time uses a node.
//
// # The loop
//
//	node, err := core.Recover(cfg, log.Records())
//	for {
//		select {
//		case m := <-network: // from is who the transport says it is
//			err = node.Handle(m.from, m.frame) // which errors speak against the peer is said there
//		case payload := <-users:
//			err = node.Vote(payload)
//		case <-ticker:
//			if to := node.Recipients(); len(to) > 0 {
//				err = node.Gossip(to[rand.IntN(len(to))])
//			}
//		}
//		todo := node.Ready()
//		log.AppendAndSync(todo.Record) // a copy: what Ready returned is used again after Advance
//		for _, m := range todo.Messages {
//			network.Send(m.To, m.Frame) // likewise
//		}
//		for _, block := range todo.Blocks {
//			application.Apply(block)
//		}
//		agreed := application.Agrees(todo.Proposals) // hashes
//		node.Advance()
//		err = node.VoteFor(agreed...)
//	}
//
// # What hostile peers can cost
//
// Messages have limits in bytes, events and contents, before and after decompression; they are checked before
// anything is allocated for them. Checks come cheapest first and signatures after what costs nothing; of a message, 16
// bad signatures are looked at, and what descends from a bad one is not. A refused message takes about as long a byte
// as an honest one, or less (0.2 us), and leaves nothing. On behalf of one peer a node keeps at most one message that waits
// for contents ([MaxHeld]) and such contents ([MaxHeldBodies]). A peer can ask for contents that the last message to it
// named, once. Whatever else is kept was signed by a member. What a member may have undecided is limited
// ([MaxUndecided], [MaxUndecidedSize]). Events are kept for good: a member that makes many makes all others keep many.
//
// No bound but the caller's own: how often a member asks. A request of 200 bytes by one that claims to know nothing is
// answered with as much as a message holds, at most 8 MB, or [NodeConfig].MaxAnswer. Whoever counts the messages and errors of each peer, and
// hands on as many as it can afford, has both. What tells peers apart that cost much is [Outgoing].Again, bytes that a
// peer was sent before, and [Node.Made], events that it made.
//
// # What the caller of an engine sees to
//
//   - Every event is inserted after its parents, and once. Members that insert the same events get the same
//     blocks, whatever the order; when a block comes out, and with how many votes, may differ.
//   - An event was made by its creator: its signature was checked.
//   - A peer that forks is accused and removed, and few branches of it are taken in the meantime, by a rule that
//     depends on the graph alone (core/design/acceptance.md). An engine takes any number.
//   - An event's Hash is its id: all members give the same, and whoever makes the event cannot choose it but by
//     trying others. The coin is a bit of it, see [ConcreteCoin].
//   - Identities of peers differ, and so do hashes of observations ([Engine.AddObservation] does not look).
//   - One goroutine at a time uses an engine.
//   - Blocks are copied before the next call if they are to be kept: see [Engine.Blocks].
//
// Its loop:
//
//	engine, err := core.NewEngine(core.Config{Peers: peers, Genesis: genesis})
//	for event := range events {
//		place, err := engine.Insert(event) // place names it as a parent of later events
//		for _, block := range engine.Blocks() {
//			apply(block)
//		}
//	}
//
// # Terms
//
// A peer is an identity; those whose votes count now are the voters, the genesis group at first. An
// observation is what is voted on: an application's payload, or that a peer be added or removed. A vote is
// an observation that an event carries; it may carry several. A block is a decided observation with the votes for it.
//
// An event x descends from what can be reached from it over parents. Two events of one creator with the
// same number in its chain are a fork; x sees y if it descends from y and from no fork by y's creator; it
// strongly sees y if events by a supermajority of the voters, more than two thirds, that x sees do see y.
//
// Blocks are decided by one meta-election after the other. In it, an event's interesting content is what
// enough voters voted for as far as the event can tell; an observer is an event that strongly sees the first
// interesting event of a supermajority of voters. From observers on, events carry meta-votes: one binary
// agreement for each voter on whether its first interesting event counts. When an event has all of them
// decided, the contents that count are decided, in an order that all members compute alike.
//
// core/design/SPEC.md says all this exactly, and core/design/acceptance.md which events a node accepts. Of the coins
// there, the concrete one is here.
package core
