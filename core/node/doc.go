// Package node runs one member of a section: it joins the state machine of package core to a log on disk, a
// transport to the other members and an HTTP interface for clients. Goroutines, sockets, disk and time are here and
// below, nowhere else.
//
// # What clients may count on
//
//   - A submission is an id, data, and until, the number of the last block at which it counts. Nobody can have other data
//     decided in its place: the same id with other data, or another until, is another submission.
//   - Acknowledged means: on this node's disk. What was acknowledged is decided once enough members are up, also after this
//     node is killed and started again, unless its log is lost or members remove it first, or block until comes before.
//     A node whose key was used elsewhere takes part no more: it refuses whoever asks for what it acknowledged, and
//     the same, submitted at another node, is decided once.
//   - Decided means: in a block. All members have the same blocks, and number the same submissions alike.
//   - A submission is decided once: if it is submitted again, at this node or at another, before or after a restart, the
//     first one in the order of blocks counts, and the others are left out.
//   - Expired means: the block of its until is decided, and it was not. It never will be.
//
// # How it works
//
//	clients -> intake -> vote ----\                  /-> log --> send, show blocks, acknowledge
//	peers ---> transport --------> core.Node -> Ready            (when durable)
//	clock ---> pace -> gossip ----/
//
// One goroutine, the loop, owns the core. It never waits for the disk: what the core wants sent, shown or acknowledged
// is queued behind the log's position, and released when the log is durable up to there, so that one sync serves
// all that came in while the one before it ran. Submissions gather into payloads of up to 256 KiB between one event that
// votes and the next: an event costs every member a signature to check, a submission next to nothing.
//
// A node gossips while it knows of a vote that is not decided, at a pace that depends on the number of voters and on
// how busy it is, and more and more slowly where that brings nothing new. When all is decided it makes no event at all:
// an idle section's graph does not grow. Nodes tell each other how many blocks they have every five seconds,
// and whoever is behind asks.
//
// At its start a node makes no event before the members it reaches have told which of its events they know (learn.go). An event
// of its own key that it did not make ends its part for good (fork.go).
//
// In Supermajority mode a node votes for every batch of submissions that another member voted for, if it is well-formed:
// what the payloads mean is not its affair.
//
// # What it holds against others
//
// Peers are authenticated before anything is read from them (package transport, core/design/transport.md). Whoever
// sends a message that is refused for a fault of the sender's is not read from for a hundred times as long as it took to
// refuse it; others go on. What is valid has shares: of requests, of events made, and of bytes that a peer was sent
// before and asks for again (quota.go). Whoever has had more than a member needs is not read from until its share has come
// up with it, and not asked. Members of a section are to be told alike how fast to gossip ([Config].Gossip): the shares
// follow from it. A peer's claim to be further than it is makes this node ask it some 64 times, then once a
// minute. core/design/runtime.md has what attacks come to, and how much memory they can take. Clients wait while more than 8 MiB of submissions have not been voted for.
//
// # What grows
//
// There is no pruning yet: events, the data of submissions, and 24 to 38 bytes for each stay in memory, and the log on
// disk, for as long as the section lives. [Config].Memory is a bound: past half of it the node takes no more submissions.
package node
