// Package sim simulates whole sections in one process, on one seed, and tries to break them: nodes of package core with
// disks, applications and timers, a network with faults, and members that do not keep to the protocol.
//
//	r, err := sim.Run(ctx, sim.Config{Scenario: "twins", Seed: 7, Signatures: true})
//	if err != nil {
//		return err // the configuration, or the context
//	}
//	if r.Failure != nil {
//		fmt.Println(r.Failure)
//		rec, err := r.Recording() // a member's graph, for package recording
//	}
//
// The same [Config] gives the same [Result] on every run, whatever the number of processors and with the race detector
// or without; so does its trace hash, on machines of one architecture (compressed messages have other bytes elsewhere).
// A run starts no goroutine, reads no clock and knows no random source but its seed. Runs are independent of each
// other: any number may go on at once.
//
// # What happens in a run
//
// A [Scenario] draws a plan from the seed: how many founders, which consensus mode, which faults. Each process is a
// core.Node used as its documentation demands: what it returns is made durable, then sent, then applied, and until
// then it takes in nothing. Applications vote for payloads, and to add and remove peers, as they hear of them. Up to
// the plan's horizon everything may go wrong: messages are delayed, lost, doubled, reordered and replayed, partitions
// come and go, processes are slow or crash, hostile members, fewer than a third, send what they like and collude, and
// in some scenarios a scheduler decides which message arrives when. Then all faults end: links are good, crashed
// processes are back, hostile members are gone. A simulated minute later at the latest, everything must be decided.
//
// # What is checked
//
// All the time: that blocks are numbered without a gap, and the same at all members; that none is decided twice, that
// it has enough votes for the mode, of members, each of which was made and can be proved; that no honest member
// refuses what another one sends, but for reasons that pass by. After every call: that nothing is in a graph that its
// node's events do not show. After a crash: that a node recovers bit for bit, a hostile member's too. In the end: the
// same of all, and that graphs hold nothing that must not be there and give the same blocks in any order. What each
// checker demands exactly is in core/design/simulator.md.
//
// A [Failure] is of one of three kinds: [Safety], [CutOff], [Stuck]. It names members by number, role and identity;
// [Result.Command] is the one command that repeats it.
package sim
