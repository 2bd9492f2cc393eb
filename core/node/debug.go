package node

import (
	"net/http"
	"net/http/pprof"

	"parsec/core/node/client"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// debug serves metrics and profiles. Whoever reaches it sees how the node works and can make it work harder: it is
// for its operator.
func (n *Runtime) debug() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		newCollector(n),
	)
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

// collector turns a node's status into metrics.
type collector struct {
	node    *Runtime
	metrics []metric
	state   *prometheus.Desc
	peer    *prometheus.Desc
}

// metric is one number of a status.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	of   func(*client.Status) float64
}

func newCollector(n *Runtime) *collector {
	c := &collector{
		node:  n,
		state: prometheus.NewDesc("parsec_state", "1 for the state that the node is in.", []string{"state"}, nil),
		peer:  prometheus.NewDesc("parsec_peer_connected", "Whether there is a connection to a peer, 1 or 0.", []string{"peer", "voter"}, nil),
	}
	gauge := func(name, help string, of func(*client.Status) float64) {
		c.metrics = append(c.metrics, metric{prometheus.NewDesc("parsec_"+name, help, nil, nil), prometheus.GaugeValue, of})
	}
	counter := func(name, help string, of func(*client.Status) float64) {
		c.metrics = append(c.metrics, metric{prometheus.NewDesc("parsec_"+name, help, nil, nil), prometheus.CounterValue, of})
	}
	gauge("voters", "Voters of the section.", func(s *client.Status) float64 { return float64(s.Voters) })
	gauge("blocks", "Blocks decided, of the section.", func(s *client.Status) float64 { return float64(s.Blocks) })
	gauge("decided_submissions", "Submissions decided, of the section.", func(s *client.Status) float64 { return float64(s.Decided) })
	gauge("events", "Events in the gossip graph.", func(s *client.Status) float64 { return float64(s.Events) })
	gauge("undecided_votes", "Votes known that have no block yet.", func(s *client.Status) float64 { return float64(s.Undecided) })
	gauge("waiting_submissions", "Submissions taken in and not voted for yet.", func(s *client.Status) float64 { return float64(s.Waiting) })
	gauge("forkers", "Members whose forks this node has seen.", func(s *client.Status) float64 { return float64(len(s.Forked)) })
	counter("acknowledged_submissions_total", "Submissions that this node voted for, each one that came counted.", func(s *client.Status) float64 { return float64(s.Acknowledged) })
	counter("received_events_total", "Events in messages of peers.", func(s *client.Status) float64 { return float64(s.Received) })
	counter("duplicate_events_total", "Events in messages of peers that were here.", func(s *client.Status) float64 { return float64(s.Duplicates) })
	counter("gossip_requests_total", "Gossip begun by this node.", func(s *client.Status) float64 { return float64(s.Requests) })
	counter("refused_total", "Messages and connections of peers refused, in whole or in part.", func(s *client.Status) float64 { return float64(s.Refused) })
	counter("held_total", "Frames whose sender had more than its share, and had to wait.", func(s *client.Status) float64 { return float64(s.Held) })
	counter("peer_received_bytes_total", "Bytes from peers.", func(s *client.Status) float64 { return float64(s.BytesIn) })
	counter("peer_sent_bytes_total", "Bytes to peers.", func(s *client.Status) float64 { return float64(s.BytesOut) })
	counter("log_syncs_total", "Syncs of the log.", func(s *client.Status) float64 { return float64(s.Syncs) })
	counter("log_written_bytes_total", "Bytes written to the log.", func(s *client.Status) float64 { return float64(s.LogBytes) })
	return c
}

// Describe sends what there is.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, m := range c.metrics {
		to <- m.desc
	}
	to <- c.state
	to <- c.peer
}

// Collect sends the numbers of now.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	s := c.node.Status()
	for _, m := range c.metrics {
		to <- prometheus.MustNewConstMetric(m.desc, m.kind, m.of(&s))
	}
	for _, state := range []string{client.StateVoting, client.StateJoining, client.StateLearning, client.StateRemoved, client.StateReading, client.StateForked} {
		to <- prometheus.MustNewConstMetric(c.state, prometheus.GaugeValue, truth(s.State == state), state)
	}
	for _, p := range s.Peers {
		voter := "no"
		if p.Voter {
			voter = "yes"
		}
		to <- prometheus.MustNewConstMetric(c.peer, prometheus.GaugeValue, truth(p.Connected), p.Identity, voter)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
