// Package workloads generates gossip graphs: named, seeded and documented loads for tests, benchmarks
// and simulations alike.
//
// The caller picks one of four entries:
//
//   - [Lookup] and [Named]: workloads by name, sized by peers, events and seed. README.md beside this
//     file lists them. Begin here.
//   - [Generate]: a discrete-event simulation of gossiping members, from [Params].
//   - [Large]: graphs with the mix of the large conformance recordings, at any number of peers. These
//     are what benchmarks run.
//   - [Wild]: random graphs that no gossip would make.
//
// [Shuffle], [Early] and [Late] give the same graph in another order of insertion; [Mix] measures one.
//
//	w, ok := workloads.Lookup("lossy")
//	rec, err := w.Generate(workloads.Size{Peers: 16, Events: 50_000, Seed: 1})
//	for _, e := range rec.Events { ... } // feed an engine
//
// A graph comes as a [recording.Recording] without blocks: what it decides is for an engine to say.
// Peers' identities sort as their numbers do, as in every recording.
//
// # Determinism
//
// Equal parameters give equal recordings on every platform and with every version of Go: randomness is
// PCG with a stated seed, reduced to ranges here rather than by math/rand/v2 (whose reductions may
// change); time is whole nanoseconds; there is no floating point but square roots, which IEEE 754
// rounds exactly; and no map is ranged over. A test holds hashes of the output: whoever changes them
// makes all earlier benchmark results incomparable, and must say so.
//
// # What is simulated, and what is not
//
// Gossip as SPEC section 6 has it: requesting events, requests, responses, what each message tells
// its recipient, and messages that tell it nothing. Members do not run the election. So membership
// changes at stated times, not when a block says so, and everyone knows who takes part. An engine
// accepts any such graph; only the timing of joins and leaves is an approximation.
package workloads
