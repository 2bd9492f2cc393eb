package report

import (
	"iter"
	"math"
	"time"
)

// Clocks has one T for each of the six latencies: Intended and Actual times of sending, each with three ends.
type Clocks[T any] struct {
	Intended Ends[T] `json:"intended"`
	Actual   Ends[T] `json:"actual"`
}

// Ends has one T for each event that a latency ends with.
type Ends[T any] struct {
	Acknowledged T `json:"ack"`
	Contacted    T `json:"contacted"`
	All          T `json:"all"`
}

// SeriesNames are the names of the latencies, in the order of Each.
var SeriesNames = [6]string{"intended-ack", "intended-contacted", "intended-all", "actual-ack", "actual-contacted", "actual-all"}

// Each yields the name of each latency and where its T is.
func (c *Clocks[T]) Each() iter.Seq2[string, *T] {
	return func(yield func(string, *T) bool) {
		all := [6]*T{&c.Intended.Acknowledged, &c.Intended.Contacted, &c.Intended.All,
			&c.Actual.Acknowledged, &c.Actual.Contacted, &c.Actual.All}
		for i, t := range all {
			if !yield(SeriesNames[i], t) {
				return
			}
		}
	}
}

// Quantiles are of the values that ended in an interval, in nanoseconds, with their mean; all 0 if none did.
type Quantiles struct {
	Count uint64 `json:"count"`
	Mean  int64  `json:"mean_ns"`
	P50   int64  `json:"p50_ns"`
	P90   int64  `json:"p90_ns"`
	P99   int64  `json:"p99_ns"`
	P999  int64  `json:"p999_ns"`
	Max   int64  `json:"max_ns"`
}

// Interval is what happened in one step of the run.
type Interval struct {
	At           float64           `json:"at_seconds"` // its end
	Intended     float64           `json:"intended_rate"`
	Sent         float64           `json:"sent_rate"`
	Acknowledged float64           `json:"acknowledged_rate"`
	Contacted    float64           `json:"decided_contacted_rate"`
	All          float64           `json:"decided_all_rate"`
	Waiting      uint64            `json:"waiting"` // sent and not decided at all nodes, at its end
	Lag          int64             `json:"lag_ns"`  // the longest that a submission was sent after its time
	Latency      Clocks[Quantiles] `json:"latency"`
}

// Node is a node of the network.
type Node struct {
	Name    string       `json:"name"` // node0
	Address string       `json:"address"`
	Role    string       `json:"role"` // honest, down, or forged: another had its key
	Totals  NodeTotals   `json:"totals"`
	Samples Rows[Sample] `json:"samples"` // none for the time when it was down
}

// Sample is how a node was, and what it did a second since the sample before.
type Sample struct {
	At         float64 `json:"at_seconds"`
	CPU        float64 `json:"cpu_cores"`
	Resident   uint64  `json:"resident_bytes"`
	In         float64 `json:"in_bytes_rate"` // from and to peers
	Out        float64 `json:"out_bytes_rate"`
	Syncs      float64 `json:"syncs_rate"`
	Events     float64 `json:"events_rate"` // that its graph grew by
	Duplicates float64 `json:"duplicates"`  // share of the events received that were there already, 0 to 1
	Blocks     float64 `json:"blocks_rate"` // that it decided
	Goroutines uint64  `json:"goroutines"`
	Files      uint64  `json:"files"`           // open; 0 where the system does not tell
	Undecided  uint64  `json:"undecided_votes"` // that it knows and that have no block
}

// NodeTotals are of the time from the begin of the measured phases to the end of the run, but for Restarts, which are of
// the whole run. They are sums over the node's processes, if it was restarted.
type NodeTotals struct {
	CPU         float64 `json:"cpu_seconds"` // user and system
	MaxResident uint64  `json:"max_resident_bytes"`
	In          uint64  `json:"in_bytes"`
	Out         uint64  `json:"out_bytes"`
	LogBytes    uint64  `json:"log_bytes"` // written to the log
	Syncs       uint64  `json:"syncs"`
	Events      uint64  `json:"events"` // that its graph grew by
	Received    uint64  `json:"received_events"`
	Duplicates  uint64  `json:"duplicate_events"` // of them, those that were there already
	Blocks      uint64  `json:"blocks"`
	Decided     uint64  `json:"decided"` // submissions
	Refused     uint64  `json:"refused"` // messages, for a fault of their sender
	Restarts    uint64  `json:"restarts"`
}

// DuplicateShare returns the share of the events received that were there already, 0 if none came.
func (t *NodeTotals) DuplicateShare() float64 {
	return float64(t.Duplicates) / math.Max(1, float64(t.Received))
}

// Own is how loadgen itself was, since the sample before.
type Own struct {
	At         float64 `json:"at_seconds"`
	CPU        float64 `json:"cpu_cores"`
	Resident   uint64  `json:"resident_bytes"`
	Goroutines uint64  `json:"goroutines"`
}

// Step returns how long the intervals of a run of duration d of so many nodes should be: a second, or the least number
// of whole seconds that makes at most half as many of them, and of samples of nodes, as a run may have. So a run that
// takes up to twice as long as planned has room.
func Step(d time.Duration, nodes int) time.Duration {
	most := time.Duration(max(1, min(MaxRows, MaxSamples/max(1, nodes))/2)) * time.Second
	return time.Duration(max(1, (d+most-1)/most)) * time.Second
}
