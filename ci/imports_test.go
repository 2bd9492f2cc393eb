package ci

import (
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pkg is what one package may import besides the standard library. The tests of a package may import
// what its code may, itself, and more.
type pkg struct {
	path string // below the module
	why  string // why the package stands where it stands
	code []allowed
	test []allowed // only its _test files
}

// allowed is a package of ours, below the module, or a module of others.
type allowed struct{ path, why string }

// packages is the whole tree. A package that is not in it fails, and so does an allowance that
// nothing uses: what is written here is what is so. Dependencies point one way:
//
//	gossip <- election <- core <- recording <- workloads <- {bench, sim}
//
// Whatever a library package imports, every user of the library has to trust and to build.
var packages = []pkg{
	{
		path: "bench",
		why:  "benchmarks of whole paths: tests, and no code",
		test: []allowed{
			{"bench/measure", "counts allocations and what is retained"},
			{"core", "modes, and the engine that is measured"},
			{"core/recording", "replays the large recordings"},
			{"workloads", "makes the sizes that were not recorded"},
		},
	},
	{
		path: "bench/measure",
		why:  "what benchmarks and commands count in the same way",
		code: []allowed{
			{"core", "feeds an engine"},
			{"core/recording", "with a recording's events"},
			{"github.com/montanaflynn/stats", "percentiles by nearest rank"},
		},
		test: []allowed{
			{"workloads", "something to feed"},
			{"golang.org/x/perf", "reads the units as benchstat does"},
		},
	},
	{
		path: "ci",
		why:  "looks at the tree from outside",
		test: []allowed{{"github.com/google/pprof", "reads the profiles that are kept"}},
	},
	{
		path: "ci/fuzz",
		why:  "a program around the go command",
	},
	{
		path: "ci/rehome",
		why:  "it has to run while the module's imports are broken",
	},
	{
		path: "cmd/internal/nodecmd",
		why:  "commands that several programs have",
		code: []allowed{
			{"cmd/internal/program", "the frame of commands"},
			{"core", "identities of keys"},
			{"core/node", "what the commands run"},
		},
	},
	{
		path: "cmd/internal/program",
		why:  "the frame that the programs share",
	},
	{
		path: "cmd/loadgen",
		why:  "the program that loads sections: flags, and who does what with whom",
		code: []allowed{
			{"cmd/internal/nodecmd", "its local sections are this program, started again"},
			{"cmd/internal/program", "its frame"},
			{"cmd/loadgen/internal/check", "kinds of violations"},
			{"cmd/loadgen/internal/goal", "assertions and the search"},
			{"cmd/loadgen/internal/latency", "what the histograms are of"},
			{"cmd/loadgen/internal/load", "runs the load"},
			{"cmd/loadgen/internal/network", "a section on this machine"},
			{"cmd/loadgen/internal/network/fault", "what is done to it"},
			{"cmd/loadgen/internal/network/link", "profiles of its links"},
			{"cmd/loadgen/internal/report", "what is written"},
			{"cmd/loadgen/internal/schedule", "when what is due"},
			{"core", "names of modes"},
			{"core/node/attack", "names of attacks"},
			{"core/node/client", "speaks to nodes"},
		},
		test: []allowed{
			{"cmd/loadgen/internal/fake", "sections in memory"},
			{"github.com/montanaflynn/stats", "slopes of what nodes hold"},
			{"go.uber.org/goleak", "what a run leaves running"},
		},
	},
	{
		path: "cmd/loadgen/internal/check",
		why:  "judges what nodes say: it asks nothing and has no clock",
		code: []allowed{{"core/node/client", "blocks, as nodes deliver them"}},
		test: []allowed{{"pgregory.net/rapid", "sections at random"}},
	},
	{
		path: "cmd/loadgen/internal/fake",
		why:  "a section that does what tests want; no program has it",
		code: []allowed{
			{"cmd/loadgen/internal/load", "what a load asks of nodes"},
			{"core/node/client", "blocks and statuses"},
		},
	},
	{
		path: "cmd/loadgen/internal/goal",
		why:  "judges results and chooses rates; it runs what it is given",
		code: []allowed{
			{"cmd/loadgen/internal/check", "kinds of violations"},
			{"cmd/loadgen/internal/latency", "quantiles"},
			{"cmd/loadgen/internal/load", "results"},
			{"cmd/loadgen/internal/schedule", "how rates are written"},
		},
		test: []allowed{{"cmd/loadgen/internal/fake", "a section whose capacity is known"}},
	},
	{
		path: "cmd/loadgen/internal/latency",
		why:  "histograms, and what they are of",
		code: []allowed{{"github.com/HdrHistogram/hdrhistogram-go", "the histograms"}},
		test: []allowed{{"pgregory.net/rapid", "times at random"}},
	},
	{
		path: "cmd/loadgen/internal/load",
		why:  "runs a load; whom it loads and how it is shown are for others",
		code: []allowed{
			{"cmd/internal/program", "waits that end with a context"},
			{"cmd/loadgen/internal/check", "judges what nodes say"},
			{"cmd/loadgen/internal/latency", "keeps the latencies"},
			{"cmd/loadgen/internal/schedule", "says when what is due"},
			{"core/node/client", "ids, blocks and statuses"},
			{"golang.org/x/sys", "sleeps precisely"},
		},
		test: []allowed{
			{"cmd/loadgen/internal/fake", "a section to load"},
			{"go.uber.org/goleak", "no goroutine is left behind"},
		},
	},
	{
		path: "cmd/loadgen/internal/network",
		why:  "a section of processes on this machine: it knows nodes from outside",
		code: []allowed{
			{"cmd/internal/program", "waits that end with a context"},
			{"cmd/loadgen/internal/network/fault", "faults that it does"},
			{"cmd/loadgen/internal/network/link", "links between its nodes"},
			{"cmd/loadgen/internal/network/process", "its nodes' processes"},
			{"core/node", "reads keys and sections in nodes' folders"},
			{"core/node/attack", "attackers"},
			{"core/node/client", "what a node says of itself"},
			{"golang.org/x/sys", "asks whether a folder is in memory"},
		},
		test: []allowed{
			{"core", "identities of nodes"},
			{"go.uber.org/goleak", "no goroutine is left"},
		},
	},
	{
		path: "cmd/loadgen/internal/network/fault",
		why:  "when faults happen: what they do is up to others",
		code: []allowed{
			{"cmd/internal/program", "waits that end with a context"},
			{"cmd/loadgen/internal/network/link", "names of links and their conditions"},
			{"core/node/attack", "names of attacks"},
		},
		test: []allowed{{"go.uber.org/goleak", "no goroutine is left"}},
	},
	{
		path: "cmd/loadgen/internal/network/link",
		why:  "conditions of TCP connections, whatever they carry",
		test: []allowed{{"go.uber.org/goleak", "no goroutine is left"}},
	},
	{
		path: "cmd/loadgen/internal/network/process",
		why:  "children of whatever program: it knows no node",
		code: []allowed{{"golang.org/x/sys", "waits for a process without taking its number away"}},
		test: []allowed{{"go.uber.org/goleak", "no goroutine is left"}},
	},
	{
		path: "cmd/loadgen/internal/report",
		why:  "what a load run was, and its renderings: data, and nothing that runs",
		code: []allowed{
			{"cmd/internal/program", "files that get their names when they are whole"},
			{"github.com/HdrHistogram/hdrhistogram-go", "histograms, their encodings and their log"},
		},
		test: []allowed{
			{"golang.org/x/perf", "reads the benchmarks back as benchstat does"},
		},
	},
	{
		path: "cmd/loadgen/internal/schedule",
		why:  "when submissions are due: arithmetic, and nothing that runs",
		code: []allowed{
			{"workloads", "distributions of intervals and sizes"},
			{"github.com/klauspost/compress", "traces may be compressed with zstd"},
		},
		test: []allowed{{"pgregory.net/rapid", "schedules at random, written and read"}},
	},
	{
		path: "cmd/parsec",
		why:  "the program: on top of everything",
		code: []allowed{
			{"cmd/internal/nodecmd", "makes keys and sections, runs nodes"},
			{"cmd/internal/program", "its frame"},
			{"bench/measure", "counts allocations and what is retained"},
			{"core", "modes, for the simulator"},
			{"core/recording", "reads and replays"},
			{"core/sim", "simulates sections"},
			{"profiles/flame", "draws flame graphs"},
			{"github.com/google/pprof", "cuts profiles down to the engine's work"},
			{"golang.org/x/perf", "writes the Go benchmark format; medians with intervals"},
		},
	},
	{
		path: "cmd/perf",
		why:  "the program that measures commits against each other",
		code: []allowed{
			{"cmd/internal/program", "its frame"},
			{"cmd/perf/internal/cachegrind", "counts instructions"},
			{"cmd/perf/internal/checkout", "builds commits"},
			{"cmd/perf/internal/contrast", "compares"},
			{"cmd/perf/internal/floor", "the machine's noise"},
			{"cmd/perf/internal/ledger", "what was tracked"},
			{"cmd/perf/internal/samples", "reads results"},
			{"cmd/perf/internal/trial", "runs builds in turns"},
			{"cmd/perf/internal/verdict", "judges"},
			{"profiles/flame", "draws flame graphs and their differences"},
			{"github.com/google/pprof", "reads, merges and cuts profiles"},
			{"golang.org/x/perf", "reads benchmarks, prints figures with their units"},
		},
	},
	{
		path: "cmd/perf/internal/cachegrind",
		why:  "a program around valgrind",
		code: []allowed{
			{"cmd/perf/internal/samples", "names and times of benchmarks"},
			{"cmd/perf/internal/trial", "runs a build's binary"},
		},
	},
	{
		path: "cmd/perf/internal/checkout",
		why:  "a commit in a folder of its own: it runs git and go, and knows nothing of what it builds",
	},
	{
		path: "cmd/perf/internal/contrast",
		why:  "compares two arms of samples: statistics, and nothing that runs",
		code: []allowed{
			{"cmd/perf/internal/samples", "what is compared"},
			{"golang.org/x/perf", "medians, intervals and the U test"},
		},
	},
	{
		path: "cmd/perf/internal/floor",
		why:  "statistics of many runs; it runs nothing",
		code: []allowed{
			{"cmd/perf/internal/contrast", "the test whose power is computed"},
			{"cmd/perf/internal/samples", "what the runs measured"},
			{"cmd/perf/internal/trial", "the profile of the runs"},
			{"cmd/perf/internal/verdict", "whether the gate would have failed"},
			{"github.com/montanaflynn/stats", "medians, MAD and nearest-rank percentiles"},
		},
	},
	{
		path: "cmd/perf/internal/ledger",
		why:  "files of what was tracked",
		code: []allowed{
			{"github.com/klauspost/compress", "compresses with zstd"},
			{"github.com/zeebo/blake3", "hashes of the manifests"},
		},
	},
	{
		path: "cmd/perf/internal/samples",
		why:  "reads the output of benchmarks, strictly",
		code: []allowed{
			{"golang.org/x/perf", "reads the Go benchmark format"},
		},
	},
	{
		path: "cmd/perf/internal/trial",
		why:  "runs builds against each other, and judges nothing",
		code: []allowed{
			{"cmd/perf/internal/checkout", "builds, and runs what can be interrupted"},
			{"cmd/perf/internal/samples", "reads what the processes print"},
		},
	},
	{
		path: "cmd/perf/internal/verdict",
		why:  "judges figures: a pure function, and what is accepted",
		code: []allowed{
			{"cmd/perf/internal/contrast", "the comparison that is judged"},
			{"cmd/perf/internal/samples", "its two arms"},
		},
	},
	{
		path: "core",
		why:  "the public API: a pure state machine, for which the standard library and a hash are nearly enough",
		code: []allowed{
			{"core/internal/bug", "deliberate bugs, for the simulator to find"},
			{"core/internal/coin", "it chooses the section's coin"},
			{"core/internal/election", "an engine feeds each event to the elections and takes out blocks"},
			{"core/internal/gossip", "causes and places of events"},
			{"core/internal/history", "what a node knows for good"},
			{"core/internal/intake", "how messages come in"},
			{"core/internal/journal", "how records are written and read"},
			{"core/internal/members", "who is who"},
			{"core/internal/outbox", "what goes out"},
			{"core/internal/reason", "its errors"},
			{"core/internal/sign", "it signs its events"},
			{"core/internal/simulation", "what the simulator may switch off"},
			{"core/internal/store", "observations, as users get them"},
			{"core/internal/wire", "kinds of messages, bodies and proofs"},
			{"github.com/zeebo/blake3", "derives secrets from the private key"},
		},
		test: []allowed{
			{"core/internal/plain", "the oracle that the engine is compared with"},
			{"core/recording", "graphs that were recorded"},
			{"workloads", "graphs that were not"},
		},
	},
	{
		path: "core/internal/bug",
		why:  "names of bugs, and whether one is in force: constants but for one build tag",
	},
	{
		path: "core/internal/coin",
		why:  "the coin alone, so that another one can take its place",
		code: []allowed{
			{"core/internal/gossip", "a coin names peers and events as the graph does"},
			{"github.com/zeebo/blake3", "the concrete coin ranks voters by hashes"},
		},
	},
	{
		path: "core/internal/election",
		why:  "decides on a graph that it does not change",
		code: []allowed{
			{"core/internal/bug", "deliberate bugs, for the simulator to find"},
			{"core/internal/coin", "flips it where the meta-votes call for a flip"},
			{"core/internal/gossip", "reads events, ancestry and forks"},
			{"golang.org/x/sys", "asks the processor whether it has the instructions of the vector code"},
		},
		test: []allowed{
			{"core/internal/plain", "the oracle that meta-votes are compared with"},
			{"github.com/zeebo/blake3", "ranks voters by itself, to know whose event the concrete coin reads"},
		},
	},
	{
		path: "core/internal/gossip",
		why:  "the bottom: a graph knows nothing of what is decided on it",
		code: []allowed{
			{"core/internal/bug", "deliberate bugs, for the simulator to find"},
			{"golang.org/x/sys", "asks the processor whether it has the instructions of the vector code"},
		},
	},
	{
		path: "core/internal/history",
		why:  "what a node knows for good: the one place where events come in",
		code: []allowed{
			{"core/internal/bug", "deliberate bugs, for the simulator to find"},
			{"core/internal/coin", "hands it to the elections"},
			{"core/internal/election", "feeds it each event and takes out what is decided"},
			{"core/internal/gossip", "stages events in the graph"},
			{"core/internal/members", "licences, and numbers for who is added"},
			{"core/internal/reason", "why an event may not come in"},
			{"core/internal/sign", "asks for proof that a signature was checked"},
			{"core/internal/store", "keeps what events consist of"},
			{"core/internal/wire", "headers and bodies, which are hashed"},
		},
		test: []allowed{
			{"core/internal/forge", "events of any shape"},
			{"core/internal/sample", "sections whose keys are all at hand"},
		},
	},
	{
		path: "core/internal/intake",
		why:  "messages, in stages: it makes no event and sends nothing",
		code: []allowed{
			{"core/internal/bug", "deliberate bugs, for the simulator to find"},
			{"core/internal/gossip", "causes and places of events"},
			{"core/internal/history", "stages and commits events"},
			{"core/internal/members", "whom names in messages mean"},
			{"core/internal/reason", "why something is refused"},
			{"core/internal/sign", "checks signatures in batches"},
			{"core/internal/store", "finds observations of a message by hash"},
			{"core/internal/wire", "decodes messages"},
		},
		test: []allowed{
			{"core/internal/forge", "messages as hostile members make them"},
			{"core/internal/sample", "sections whose keys are all at hand"},
		},
	},
	{
		path: "core/internal/journal",
		why:  "records of a log: it stores nothing",
		code: []allowed{
			{"core/internal/gossip", "causes and places of events"},
			{"core/internal/history", "writes what was committed, and commits what it reads"},
			{"core/internal/members", "numbers of peers"},
			{"core/internal/reason", "why a record does not continue"},
			{"core/internal/sign", "records are trusted"},
			{"core/internal/wire", "headers and bodies"},
		},
	},
	{
		path: "core/internal/members",
		why:  "who is who: who votes is the election's to say",
		code: []allowed{
			{"core/internal/bug", "deliberate bugs, for the simulator to find"},
			{"core/internal/gossip", "numbers of peers"},
			{"core/internal/reason", "what speaks against a key"},
			{"core/internal/sign", "keys of peers"},
			{"core/internal/wire", "identities"},
		},
	},
	{
		path: "core/internal/outbox",
		why:  "messages to others: it takes nothing in",
		code: []allowed{
			{"core/internal/gossip", "what a peer lacks of the graph"},
			{"core/internal/history", "what events consist of"},
			{"core/internal/members", "whom it writes to and about"},
			{"core/internal/reason", "why a question is not answered"},
			{"core/internal/wire", "encodes messages"},
		},
		test: []allowed{
			{"core/internal/forge", "events of any shape"},
			{"core/internal/sample", "sections whose keys are all at hand"},
		},
	},
	{
		path: "core/internal/plain",
		why:  "the test oracle: it shares nothing with what it checks, not even types",
		code: []allowed{{"github.com/zeebo/blake3", "the concrete coin ranks voters by hashes"}},
		test: []allowed{
			{"core", "modes and rules of recordings"},
			{"core/recording", "what the oracle has to reproduce"},
		},
	},
	{
		path: "core/internal/reason",
		why:  "why something is refused: the errors that rooms of the core share",
		code: []allowed{
			{"core/internal/wire", "says which of its errors is a limit"},
		},
	},
	{
		path: "core/internal/sample",
		why:  "small sections for tests of the rooms: histories without a node",
		code: []allowed{
			{"core/internal/coin", "a coin that is known"},
			{"core/internal/forge", "events of any shape"},
			{"core/internal/gossip", "causes and places of events"},
			{"core/internal/history", "stages and commits them"},
			{"core/internal/sign", "histories want a verifier"},
			{"core/internal/wire", "bodies and sections"},
		},
	},
	{
		path: "core/internal/sign",
		why:  "signatures and nothing else: it knows no event",
		code: []allowed{
			{"github.com/oasisprotocol/curve25519-voi", "curve arithmetic: decoding, sums of many points, ZIP-215"},
			{"github.com/zeebo/blake3", "draws the coefficients of batches"},
		},
		test: []allowed{
			{"github.com/hdevalence/ed25519consensus", "another implementation of the same rules"},
		},
	},
	{
		path: "core/internal/forge",
		why:  "events and messages as hostile members make them, for tests and attackers",
		code: []allowed{
			{"core/internal/sign", "signs events with keys that it was given"},
			{"core/internal/wire", "hashes events, and lays out messages"},
		},
		test: []allowed{{"core", "a node that takes in what was forged"}},
	},
	{
		path: "core/internal/simulation",
		why:  "options that users cannot name",
		code: []allowed{{"core/internal/election", "meta-votes, for the simulator to look at"}},
	},
	{
		path: "core/internal/store",
		why:  "what events and observations consist of: it relates nothing",
		code: []allowed{
			{"core/internal/gossip", "places of events"},
			{"core/internal/wire", "hashes and kinds"},
		},
	},
	{
		path: "core/internal/wire",
		why:  "hashes and encodings: it knows syntax, and nothing of what is ordered, signed or sent",
		code: []allowed{
			{"github.com/klauspost/compress", "compresses messages with s2"},
			{"github.com/zeebo/blake3", "the hash of events, observations and trees of votes"},
		},
	},
	{
		path: "core/node",
		why:  "the runtime: it joins the core, a log, a transport and an HTTP interface, which know nothing of each other",
		code: []allowed{
			{"core", "the member that it runs"},
			{"core/node/client", "how a node tells how it is"},
			{"core/node/internal/api", "serves clients"},
			{"core/node/internal/batch", "makes payloads of submissions, and reads them"},
			{"core/node/internal/transport", "carries frames to and from peers"},
			{"core/node/internal/wal", "keeps records"},
			{"github.com/prometheus/client_golang", "metrics"},
			{"github.com/zeebo/blake3", "a hash of the order of submissions, and of the data of each"},
		},
		test: []allowed{
			{"core/node/attack", "members that do not keep to the rules"},
			{"core/internal/simulation", "makes long logs fast: unsigned ones"},
			{"go.uber.org/goleak", "what a stopped node leaves running"},
		},
	},
	{
		path: "core/node/attack",
		why:  "hostile to nodes: a testing tool, beside the transport whose language it speaks",
		code: []allowed{
			{"core", "makes a member's requests"},
			{"core/internal/forge", "events of any shape"},
			{"core/internal/sign", "signs a member's events"},
			{"core/internal/wire", "makes frames that are refused, and events"},
			{"core/node/internal/batch", "votes for other data under ids that it heard of"},
			{"core/node/internal/transport", "connects as a member does"},
			{"github.com/klauspost/compress", "packs bombs"},
		},
		test: []allowed{{"go.uber.org/goleak", "no goroutine is left"}},
	},
	{
		path: "core/node/client",
		why:  "what programs that use a section link: it knows nothing of how one works",
		code: []allowed{{"core/node/internal/batch", "submissions as nodes lay them out"}},
		test: []allowed{
			{"core/node/internal/api", "the other side"},
			{"core/node/internal/solo", "a node to speak to"},
			{"go.uber.org/goleak", "looks for goroutines left behind"},
		},
	},
	{
		path: "core/node/internal/api",
		why:  "the HTTP interface of a node, which it knows by an interface of its own",
		code: []allowed{
			{"core/node/client", "what both sides say"},
			{"core/node/internal/batch", "submissions as they come in streams and go out in blocks"},
		},
		test: []allowed{
			{"core/node/internal/solo", "a node to serve"},
			{"go.uber.org/goleak", "looks for goroutines left behind"},
		},
	},
	{
		path: "core/node/internal/batch",
		why:  "how submissions become payloads, and which count where: an encoding and a rule, which nodes and clients share",
		code: []allowed{{"github.com/zeebo/blake3", "the hash by which a submission's data is named"}},
	},
	{
		path: "core/node/internal/solo",
		why:  "a node of one, for tests of what is around a node",
		code: []allowed{
			{"core/node/client", "states and positions"},
			{"core/node/internal/api", "it is what that serves"},
			{"core/node/internal/batch", "reads what it decides"},
		},
	},
	{
		path: "core/node/internal/transport",
		why:  "frames between peers that are who they say: it knows nothing of what is in them",
		code: []allowed{
			{"golang.org/x/time", "token buckets: of handshakes, of what a peer may send, of lines in the log"},
		},
		test: []allowed{
			{"go.uber.org/goleak", "no goroutine is left behind"},
		},
	},
	{
		path: "core/node/internal/wal",
		why:  "a log of records on disk: it knows nothing of what they say",
		code: []allowed{{"golang.org/x/sys", "locks a file on Windows"}},
		test: []allowed{
			{"go.uber.org/goleak", "finds writers that were left running"},
			{"pgregory.net/rapid", "draws lives of a log"},
		},
	},
	{
		path: "core/recording",
		why:  "a user of core like any other, beside it because it defines what core must compute",
		code: []allowed{
			{"core", "recordings are made of core's types"},
			{"core/internal/coin", "meta-votes were recorded with the predictable coin"},
			{"core/internal/election", "checks recorded meta-votes with the code that elections run"},
			{"github.com/klauspost/compress", "recordings are compressed with zstd"},
		},
	},
	{
		path: "core/sim",
		why:  "whole sections in one process: it uses nodes as their users do, and forges what no user can",
		code: []allowed{
			{"core", "the nodes that it simulates, and engines to compare them with"},
			{"core/internal/bug", "deliberate bugs of a node's runtime, and names of all"},
			{"core/internal/coin", "the scheduler foresees meta-votes without a coin"},
			{"core/internal/election", "the scheduler foresees meta-votes"},
			{"core/internal/sign", "signs forged events with hostile members' keys"},
			{"core/internal/simulation", "leaves signatures out, and looks at estimates"},
			{"core/internal/wire", "forges messages"},
			{"core/recording", "writes graphs down"},
			{"workloads", "distributions of delays"},
			{"github.com/zeebo/blake3", "the hash of the trace, and keys from the seed"},
		},
	},
	{
		path: "profiles/flame",
		why:  "draws any profile: it knows nothing of PARSEC",
		code: []allowed{
			{"github.com/google/pprof", "its driver renders the page"},
		},
	},
	{
		path: "workloads",
		why:  "loads for benchmarks and simulations; a user of the public API",
		code: []allowed{
			{"core", "a load is made of core's events"},
			{"core/recording", "a load can be written down and replayed"},
		},
	},
}

// testOnly are packages that no package's code may import, whatever the table says.
var testOnly = map[string]string{
	"cmd/loadgen/internal/fake": "nothing but a test may load what is no section",
	"core/internal/plain":       "the oracle is slow on purpose; a user's binary must not have it",
}

// imports are what the files of one package import: ours as paths below the module, those of others
// in full. The standard library is left out.
type imports struct{ code, test map[string]bool }

// importsOf reads the imports of every package of the module in dir, from all its files, whatever
// system or build tag they are for; go list would see only those for one.
func importsOf(t *testing.T, dir, module string) map[string]imports {
	t.Helper()
	var files, nested []string
	walk(t, dir, func(name string) {
		switch {
		case path.Base(name) == "go.mod" && name != "go.mod":
			nested = append(nested, path.Dir(name)+"/")
		case strings.HasSuffix(name, ".go") && !slices.Contains(strings.Split(name, "/"), "testdata"):
			files = append(files, name)
		}
	})
	all := map[string]imports{}
	fset := token.NewFileSet()
	for _, name := range files {
		if slices.ContainsFunc(nested, func(dir string) bool { return strings.HasPrefix(name, dir) }) {
			continue // a module of its own
		}
		src := readFile(t, filepath.Join(dir, name))
		f, err := parser.ParseFile(fset, name, src, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		at := path.Dir(name)
		if _, ok := all[at]; !ok {
			all[at] = imports{map[string]bool{}, map[string]bool{}}
		}
		into := all[at].code
		if strings.HasSuffix(name, "_test.go") {
			into = all[at].test
		}
		for _, spec := range f.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if below(p, module) {
				into[strings.TrimPrefix(strings.TrimPrefix(p, module), "/")] = true
			} else if first, _, _ := strings.Cut(p, "/"); strings.Contains(first, ".") || p == "C" {
				into[p] = true
			}
		}
	}
	return all
}

// checkImports compares what is imported with the table and returns what is wrong.
func checkImports(table []pkg, got map[string]imports) []string {
	var wrong []string
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	listed := map[string]bool{}
	for _, p := range table {
		if listed[p.path] {
			bad("%s: in the table twice", p.path)
		}
		listed[p.path] = true
		if p.why == "" {
			bad("%s: no reason given", p.path)
		}
		have, ok := got[p.path]
		if !ok {
			bad("%s: in the table but not in the tree", p.path)
			continue
		}
		used := map[string]bool{}
		check := func(from string, imported map[string]bool, may []allowed) {
			for _, imp := range slices.Sorted(maps.Keys(imported)) {
				i := slices.IndexFunc(may, func(a allowed) bool {
					return a.path == imp || isModule(a.path) && below(imp, a.path)
				})
				if i < 0 {
					bad("%s: imports %s, which the table does not allow", from, imp)
					continue
				}
				used[may[i].path] = true
			}
		}
		for _, a := range p.code {
			if why, ok := testOnly[a.path]; ok {
				bad("%s: %s may only be imported by tests: %s", p.path, a.path, why)
			}
		}
		check(p.path, have.code, p.code)
		for _, a := range p.code {
			if !used[a.path] {
				bad("%s: may import %s but does not", p.path, a.path)
			}
		}
		own := allowed{p.path, "an external test imports what it tests"}
		check("tests of "+p.path, have.test, slices.Concat(p.code, p.test, []allowed{own}))
		for _, a := range p.test {
			if !used[a.path] {
				bad("tests of %s: may import %s but do not", p.path, a.path)
			}
			if slices.ContainsFunc(p.code, func(b allowed) bool { return a.path == b.path }) {
				bad("tests of %s: %s is allowed to all of the package already", p.path, a.path)
			}
		}
		for _, a := range slices.Concat(p.code, p.test) {
			if a.why == "" {
				bad("%s: no reason given for importing %s", p.path, a.path)
			}
		}
	}
	for _, at := range slices.Sorted(maps.Keys(got)) {
		if !listed[at] {
			bad("%s: not in the table; add it with what it may import, and why", at)
		}
	}
	return wrong
}

// isModule reports whether an allowed path is a module of others: those start with a host.
func isModule(p string) bool {
	host, _, _ := strings.Cut(p, "/")
	return strings.Contains(host, ".")
}

// below reports whether an import path is root or lies below it.
func below(p, root string) bool { return p == root || strings.HasPrefix(p, root+"/") }

func TestImports(t *testing.T) {
	for _, w := range checkImports(packages, importsOf(t, root, modulePath(t))) {
		t.Error(w)
	}
}

// linked are the modules that end up in the binary of whoever imports a library package.
var linked = []struct {
	path    string
	modules []string
	why     string
}{
	{"core", coreLinks, "messages are compressed with s2, events hashed with BLAKE3 (which links cpuid) and signed on curve25519; " +
		"elections ask for vectors"},
	{"core/recording", coreLinks, "zstd is of a module that core links anyway"},
}

var coreLinks = []string{"github.com/klauspost/compress", "github.com/klauspost/cpuid/v2",
	"github.com/oasisprotocol/curve25519-voi", "github.com/zeebo/blake3", "golang.org/x/sys"}

func TestLinkedModules(t *testing.T) {
	importsOf(t, root, modulePath(t)) // for go test's cache: see walk
	for _, l := range linked {
		out := goCommand(t, root, nil, "list", "-buildvcs=false", "-deps",
			"-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "./"+l.path)
		got := strings.Fields(out)
		slices.Sort(got)
		if got = slices.Compact(got); !slices.Equal(got, l.modules) {
			t.Errorf("%s links %v, want %v (%s)", l.path, got, l.modules, l.why)
		}
	}
}

func TestCheckImports(t *testing.T) {
	set := func(paths ...string) map[string]bool {
		m := map[string]bool{}
		for _, p := range paths {
			m[p] = true
		}
		return m
	}
	const plain = "core/internal/plain"
	table := []pkg{
		{path: "a", why: "bottom"},
		{path: "b", why: "on top of a",
			code: []allowed{{"a", "why"}, {"example.com/m", "why"}},
			test: []allowed{{plain, "why"}}},
		{path: plain, why: "oracle"},
	}
	good := func() map[string]imports {
		return map[string]imports{
			"a":   {set(), set("a")},
			"b":   {set("a", "example.com/m/sub"), set("a", "b", plain)},
			plain: {set(), set()},
		}
	}
	for _, c := range []struct {
		name   string
		change func(table []pkg, got map[string]imports)
		want   string // "" for none
	}{
		{"all is well", func([]pkg, map[string]imports) {}, ""},
		{"new package", func(_ []pkg, got map[string]imports) { got["c"] = imports{} },
			"c: not in the table; add it with what it may import, and why"},
		{"package gone", func(_ []pkg, got map[string]imports) { delete(got, "a") },
			"a: in the table but not in the tree"},
		{"import against the order", func(_ []pkg, got map[string]imports) { got["a"].code["b"] = true },
			"a: imports b, which the table does not allow"},
		{"module not allowed", func(_ []pkg, got map[string]imports) { got["b"].code["example.com/mm"] = true },
			"b: imports example.com/mm, which the table does not allow"},
		{"cgo", func(_ []pkg, got map[string]imports) { got["a"].code["C"] = true },
			"a: imports C, which the table does not allow"},
		{"package below an allowed one", func(_ []pkg, got map[string]imports) { got["b"].code["a/x"] = true },
			"b: imports a/x, which the table does not allow"},
		{"allowed in tests only", func(_ []pkg, got map[string]imports) { got["b"].code[plain] = true },
			"b: imports core/internal/plain, which the table does not allow"},
		{"test import not allowed", func(_ []pkg, got map[string]imports) { got["a"].test["b"] = true },
			"tests of a: imports b, which the table does not allow"},
		{"allowance unused", func(_ []pkg, got map[string]imports) { delete(got["b"].code, "a") },
			"b: may import a but does not"},
		{"test allowance unused", func(_ []pkg, got map[string]imports) { delete(got["b"].test, plain) },
			"tests of b: may import core/internal/plain but do not"},
		{"allowed twice", func(table []pkg, _ map[string]imports) { table[1].test[0].path = "a" },
			"tests of b: a is allowed to all of the package already"},
		{"oracle allowed to code", func(table []pkg, got map[string]imports) {
			table[0].code = []allowed{{plain, "why"}}
			got["a"].code[plain] = true
		}, "a: core/internal/plain may only be imported by tests: " + testOnly[plain]},
		{"no reason", func(table []pkg, _ map[string]imports) { table[1].code[0].why = "" },
			"b: no reason given for importing a"},
		{"no reason for the package", func(table []pkg, _ map[string]imports) { table[0].why = "" },
			"a: no reason given"},
		{"twice", func(table []pkg, _ map[string]imports) { table[2] = table[0] },
			"a: in the table twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab := slices.Clone(table)
			for i := range tab {
				tab[i].code, tab[i].test = slices.Clone(tab[i].code), slices.Clone(tab[i].test)
			}
			got := good()
			c.change(tab, got)
			wrong := checkImports(tab, got)
			if c.want == "" && len(wrong) > 0 || c.want != "" && !slices.Contains(wrong, c.want) {
				t.Errorf("got %q, want %q", wrong, c.want)
			}
		})
	}
}
