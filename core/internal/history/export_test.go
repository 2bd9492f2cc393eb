package history

import "parsec/core/internal/gossip"

// Exactly counts the undecided votes up to x.
func (h *History) Exactly(x gossip.Index) (open int, size uint64) {
	o, s := h.exactly(x, h.graph.Event(x).By)
	return int(o), s
}

// Bound returns what is kept of x's chain.
func (h *History) Bound(x gossip.Index) (open int, size uint64) {
	c := h.chains[h.graph.Event(x).Chain]
	return int(c.open), c.size
}

// Looked returns how many undecided votes were looked at to count exactly.
func (h *History) Looked() uint64 { return h.looked }
