package report

import "time"

// Format names the version of the data model and of its JSON.
const Format = "parsec-load/1"

// Run is what a load run was and did. The zero value but for Format is a run that did nothing; Validate says what must
// hold. Lists that are empty are nil after reading.
type Run struct {
	Format     string       `json:"format"`
	Command    Rows[string] `json:"command"` // the arguments that repeat it, the program's name first
	Parameters Parameters   `json:"parameters"`
	Machine    Machine      `json:"machine"`
	Build      Build        `json:"build"`
	Start      time.Time    `json:"start"`            // UTC, without a monotonic reading: time.Now().Round(0).UTC()
	Duration   float64      `json:"duration_seconds"` // from Start to the last submission's end, or to the interrupt

	Invalid     Rows[string]    `json:"invalid"`     // why the load was not what it should have been; none: it was
	Notes       Rows[string]    `json:"notes"`       // what is to be known of it besides
	Interrupted bool            `json:"interrupted"` // the figures are of the part before
	Failed      string          `json:"failed"`      // what ended the run before its time, if an error did
	Violations  Rows[Violation] `json:"violations"`  // of safety
	Assertions  Rows[Assertion] `json:"assertions"`

	Totals  Totals            `json:"totals"`
	Pacing  Quantiles         `json:"pacing"`  // by how much loadgen handed over too late, by its own fault
	Latency Clocks[Histogram] `json:"latency"` // of the measured phases

	Step      float64        `json:"step_seconds"` // from one interval, or sample of a node, to the next; see [Step]
	Phases    Rows[Phase]    `json:"phases"`
	Intervals Rows[Interval] `json:"intervals"`
	Windows   Rows[Window]   `json:"windows"` // see AddWindow
	Nodes     Rows[Node]     `json:"nodes"`
	Loadgen   Rows[Own]      `json:"loadgen"`
	Faults    Rows[Fault]    `json:"faults"`
	Restarts  Rows[Restart]  `json:"restarts"`
}

// Parameters are what was asked for.
type Parameters struct {
	Nodes    int           `json:"nodes"`
	Down     int           `json:"down"`     // of them, those that never ran
	Mode     string        `json:"mode"`     // single, supermajority
	Network  string        `json:"network"`  // local, or targets: a network that others run
	Targets  Rows[string]  `json:"targets"`  // addresses of targets
	Loop     string        `json:"loop"`     // open, closed
	Arrivals string        `json:"arrivals"` // constant, poisson, stages, trace
	Schedule string        `json:"schedule"` // in the words of the command line: 20k, 30s@5k,1m@20k
	Rate     float64       `json:"rate"`     // submissions a second that the schedule comes to; 0 in a closed loop
	Warmup   float64       `json:"warmup_seconds"`
	Size     int           `json:"size"`        // bytes of a submission; of varying ones the mean
	Sizes    string        `json:"sizes"`       // in words, if they vary
	Workers  int           `json:"workers"`     // streams, or clients of a closed loop
	Seed     uint64        `json:"seed,string"` // a string in JSON: half of all seeds are no exact numbers in JavaScript
	Profile  string        `json:"profile"`     // of the links between nodes: none, or a named one
	Faults   string        `json:"faults"`      // schedule of faults, in the words of the command line
	Others   Rows[Setting] `json:"others"`      // what else was not as it is by default
}

// Setting is another parameter.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Machine is what everything ran on.
type Machine struct {
	CPU    string `json:"cpu"`          // model
	CPUs   int    `json:"cpus"`         // logical
	Memory uint64 `json:"memory_bytes"` // 0 where the system does not tell
	OS     string `json:"os"`
	Arch   string `json:"arch"`
}

// Build is what loadgen, and with it the nodes of a local network, was built from.
type Build struct {
	Go       string `json:"go"`       // version
	Module   string `json:"module"`   // path and version
	Commit   string `json:"commit"`   // empty if it was not built in a checkout
	Modified bool   `json:"modified"` // the checkout had changes that were not committed
}

// Violation is a breach of what a section promises.
type Violation struct {
	At       float64 `json:"at_seconds"`
	Kind     string  `json:"kind"` // order, loss, duplicate, invention, fork
	Node     string  `json:"node"`
	What     string  `json:"what"`     // in a sentence
	Evidence string  `json:"evidence"` // what was seen, in lines
}

// Assertion is what the run was to reach.
type Assertion struct {
	Text string `json:"text"` // in the words of the command line: p99<800ms
	Held bool   `json:"held"`
	Got  string `json:"got"` // 812 ms
}

// Totals are counts of submissions of the measured phases, and what they come to a second.
type Totals struct {
	Seconds      float64 `json:"seconds"`  // that the measured phases took
	Intended     uint64  `json:"intended"` // that the schedule had
	Sent         uint64  `json:"sent"`
	Refused      uint64  `json:"refused"` // sent, and the node said no
	Acknowledged uint64  `json:"acknowledged"`
	Contacted    uint64  `json:"decided_contacted"` // at the node that took it
	All          uint64  `json:"decided_all"`       // at all nodes that were up
	Lost         uint64  `json:"lost"`              // acknowledged, and not decided in time
	Duplicates   uint64  `json:"duplicates"`        // decided again
	Bytes        uint64  `json:"bytes"`             // of submissions decided at all nodes
	CPU          float64 `json:"loadgen_cpu_seconds"`

	IntendedRate     float64 `json:"intended_rate"`
	SentRate         float64 `json:"sent_rate"`
	AcknowledgedRate float64 `json:"acknowledged_rate"`
	ContactedRate    float64 `json:"decided_contacted_rate"`
	AllRate          float64 `json:"decided_all_rate"`
}

// Phase is a part of the schedule.
type Phase struct {
	Name     string  `json:"name"` // warm-up, stage 1, drain
	From     float64 `json:"from_seconds"`
	To       float64 `json:"to_seconds"`
	Rate     float64 `json:"rate"`     // intended, submissions a second
	Measured bool    `json:"measured"` // its submissions are in Totals and Latency
}

// Fault is something that was done to the network.
type Fault struct {
	Kind string  `json:"kind"` // kill, pause, slow, cut, twin, ...
	Node string  `json:"node"` // or link, or empty
	From float64 `json:"from_seconds"`
	To   float64 `json:"to_seconds"` // From, if it took no time
	What string  `json:"what"`       // in words
}

// Restart is a node that was ended and begun again.
type Restart struct {
	Node     string  `json:"node"`
	At       float64 `json:"at_seconds"`        // its process was begun
	Serving  float64 `json:"serving_seconds"`   // from there until it served clients; 0: it did not
	CaughtUp float64 `json:"caught_up_seconds"` // from there until it had decided what the others had; 0: it did not
	Events   uint64  `json:"events"`            // that it read back from disk
}

// ExitStatus is the status that loadgen ends with after this run, the gravest of what befell it.
func (r *Run) ExitStatus() int {
	switch {
	case len(r.Violations) > 0:
		return 4
	case r.Interrupted:
		return 130
	case r.Failed != "":
		return 1
	case len(r.Invalid) > 0:
		return 3
	}
	for _, a := range r.Assertions {
		if !a.Held {
			return 99
		}
	}
	return 0
}
