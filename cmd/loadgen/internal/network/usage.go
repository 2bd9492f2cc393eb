package network

import (
	"time"

	"parsec/cmd/loadgen/internal/network/link"
	"parsec/cmd/loadgen/internal/network/process"
)

// Usage is what a node takes.
type Usage struct {
	Node   int
	Up     bool          // the process runs; else what follows but CPU and Starts is zero
	CPU    time.Duration // of all its processes so far; it can be smaller by 10 ms after one than before its end
	Starts int           // of its process
	Now    process.Usage // of the process that runs; zero where there is no /proc
}

// Usage returns what each node takes, in order. It takes about 100 us a node.
func (n *Network) Usage() []Usage {
	out := make([]Usage, len(n.nodes))
	for i, d := range n.nodes {
		d.mu.Lock()
		out[i] = Usage{Node: i, CPU: d.cpu, Starts: d.starts}
		p := d.proc
		d.mu.Unlock()
		if p == nil {
			continue
		}
		if _, ended := p.Exit(); ended {
			continue
		}
		out[i].Up = true
		if u, ok := p.Usage(); ok {
			out[i].Now = u
			out[i].CPU += u.CPU
		}
	}
	return out
}

// Links returns what passed the link that node i dials node j over, and whether there is a proxy that counts.
func (n *Network) Links(i, j int) (link.Stats, bool) {
	if n.links == nil || i == j {
		return link.Stats{}, false
	}
	return n.links.proxies[i][j].Stats(), true
}
