// Package link puts conditions on the TCP connections between processes of one machine: delay, jitter, loss, a rate,
// and cuts, by a proxy for each link, in user space: no privileges and no tc are needed.
//
// A [Way] is one direction between two nodes, with its [Conditions]. A [Proxy] listens on loopback; the node that dials
// is told its address as its peer's. Bytes from the dialling node go over one way, bytes back over the other, and all
// connections between the two share them, as they would share a cable.
//
// # The model
//
// What is read from a connection at a time, a chunk, is treated as if it were sent at once. It leaves at
//
//	free   = max(now, free) + bytes/rate          the way is busy until then
//	at     = free + delay + jitter + loss         but not before what was sent before it: TCP keeps the order
//
// TCP hides losses: what is lost is sent again, late. So a loss is a delay here. Of each 1460 bytes, a segment, one is
// lost with the given probability, on its own. It is noticed after a round trip (twice the delay) where three segments
// of the chunk follow it, else by timeout, after a round trip and 200 ms, as Linux has it; if it is lost again, after
// twice as long each time, up to six times. A chunk waits for the slowest of its segments, and what follows for it.
//
// A connection takes a round trip to be made. Then it begins at full speed: there is no slow start, and no congestion
// control that answers to losses. So long fat lossy links are faster here than TCP would have them. Chances are drawn
// from a seed for each way, but what makes a chunk depends on timing: a run does not repeat another's losses exactly.
//
// A cut holds bytes back, both those under way and those to come, and the ends of connections too. Neither side
// learns of it but by its own deadlines. Healed, the way goes on at once with what it held; TCP would wait for its next
// attempt, by then up to as late as the cut was long. A connection whose one way is cut still has the other.
//
// # What it costs
//
// A connection has a buffer for each way, of 16 KiB to 4 MiB: as much as the way holds at its rate and delay, no more.
// When it is full, nothing more is read, and TCP holds the sender back. With no rate given, a way of 100 ms passes at
// most 40 MB/s. A chunk costs two system calls and two wakings. On a shared
// machine of two cores a clear way took 48 us more for a round trip than no proxy (75 instead of 27 us), and passed 0.86
// instead of 2 GB/s.
package link
