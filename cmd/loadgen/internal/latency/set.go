package latency

import "time"

// From is when a time begins.
type From int

// The two beginnings.
const (
	Intended From = iota // when the submission was due
	Sent                 // when it was handed to the connection, the last time if there were several
	Froms                // how many there are
)

func (f From) String() string { return [...]string{"intended", "sent"}[f] }

// To is when a time ends.
type To int

// The three ends.
const (
	Acknowledged To = iota // its node said that it is durable there
	Contacted              // the node that it was handed to had it in a block
	All                    // all live nodes had it in a block
	Tos                    // how many there are
)

func (t To) String() string { return [...]string{"ack", "contacted", "all"}[t] }

// Set is a histogram for each beginning and end. Make it with [NewSet]; one goroutine at a time uses it. It takes 1 MiB.
type Set [Froms][Tos]*Histogram

// NewSet returns six empty histograms.
func NewSet() *Set {
	var s Set
	for from := range s {
		for to := range s[from] {
			s[from][to] = NewHistogram()
		}
	}
	return &s
}

// Record adds a submission that came to one of its ends at that time. All are offsets from one start.
func (s *Set) Record(to To, intended, sent, at time.Duration) {
	s[Intended][to].Record(at - intended)
	s[Sent][to].Record(at - sent)
}

// Miss adds n submissions that never came to that end.
func (s *Set) Miss(to To, n uint64) {
	s[Intended][to].Miss(n)
	s[Sent][to].Miss(n)
}

// Merge adds what other has.
func (s *Set) Merge(other *Set) {
	for from := range s {
		for to := range s[from] {
			s[from][to].Merge(other[from][to])
		}
	}
}

// Reset empties all six.
func (s *Set) Reset() {
	for from := range s {
		for _, h := range s[from] {
			h.Reset()
		}
	}
}
