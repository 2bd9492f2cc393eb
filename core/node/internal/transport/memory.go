package transport

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Network joins [Memory] transports in one process, for tests of what uses a transport. It has what matters to those:
// peers that are not there yet, not allowed or of another section, connections that break, frames that are dropped,
// delayed or lost, queues that are full, receivers that block. It has no TLS, deadlines, keepalives or quotas.
type Network struct {
	options NetworkOptions

	mu     sync.Mutex
	nodes  map[string]*Memory // by address
	links  map[[2]ID]Link
	usual  Link
	wires  map[[2]ID]*wire
	made   int           // addresses given out
	now    time.Duration // Manual
	serial uint64        // Manual: of frames
	due    frameHeap     // Manual: all that is on the way
}

// NetworkOptions say how a network runs.
type NetworkOptions struct {
	Seed uint64 // of what is lost and how long it takes: a link's are drawn from it and from the two identities
	// Manual: no goroutine is started and no clock read. Frames arrive in calls of Step and Advance alone, in an order
	// that the calls before determine; time is the network's own.
	Manual bool
}

// Link is what a link between two nodes does, one way. Frames keep their order.
type Link struct {
	Delay, Jitter time.Duration // Jitter is added, uniform from 0
	Loss          float64       // share of frames that vanish. (TCP would not lose single ones.)
	Cut           bool          // no connection; one that stands breaks and loses what is on the way
}

// NewMemory returns a network without nodes.
func NewMemory(o NetworkOptions) *Network {
	return &Network{options: o, nodes: map[string]*Memory{}, links: map[[2]ID]Link{}, wires: map[[2]ID]*wire{}}
}

// SetLinks says what links do that SetLink was not called for.
func (n *Network) SetLinks(l Link) {
	n.change(func() { n.usual = l })
}

// SetLink says what the link from one node to another does from now on.
func (n *Network) SetLink(from, to ID, l Link) {
	n.change(func() { n.links[[2]ID{from, to}] = l })
}

func (n *Network) link(from, to ID) Link {
	if l, ok := n.links[[2]ID{from, to}]; ok {
		return l
	}
	return n.usual
}

// change does something that may make or break connections. Callbacks are called without the lock.
func (n *Network) change(f func()) {
	n.mu.Lock()
	f()
	nodes := make([]*Memory, 0, len(n.nodes))
	for _, m := range n.nodes {
		nodes = append(nodes, m)
	}
	n.mu.Unlock()
	for _, m := range nodes {
		m.reconsider()
	}
}

// Memory is a node's end of a [Network]. It has the methods of [Transport].
type Memory struct {
	network *Network
	cfg     Config
	id      ID
	address string
	journal *journal
	queued  atomic.Int64
	running sync.WaitGroup

	// Under the network's lock.
	peers  map[ID]*memoryPeer
	closed bool
}

type memoryPeer struct {
	address string
	turn    chan struct{} // holds a token while a frame of the peer is delivered
	stats   peerCounters
}

// Listen adds a node. Its address is that of the configuration, or made up if that is "" or ends in ":0". Limits that
// count are MaxFrame, QueueBytes and QueueTotal. Errors are those of the configuration, and an address that is in use.
func (n *Network) Listen(cfg Config) (*Memory, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	m := &Memory{network: n, cfg: cfg, address: cfg.Listen, peers: map[ID]*memoryPeer{}, journal: newJournal(cfg.Logger)}
	m.id = ID(ed25519.NewKeyFromSeed(cfg.Seed[:]).Public().(ed25519.PublicKey))
	var err error
	n.change(func() {
		if m.address == "" || bytes.HasSuffix([]byte(m.address), []byte(":0")) {
			n.made++
			m.address = fmt.Sprintf("memory:%d", n.made)
		}
		if n.nodes[m.address] != nil {
			err = fmt.Errorf("transport: %s is in use", m.address)
			return
		}
		n.nodes[m.address] = m
	})
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Addr returns the node's address in the network.
func (m *Memory) Addr() string { return m.address }

// ID returns the node's identity.
func (m *Memory) ID() ID { return m.id }

// known returns what is kept about a peer. The network's lock is held.
func (m *Memory) known(id ID) *memoryPeer {
	p := m.peers[id]
	if p == nil {
		p = &memoryPeer{turn: make(chan struct{}, 1)}
		m.peers[id] = p
	}
	return p
}

// SetPeer is as that of [Transport]. Who is Allowed is asked of both ends here, and whenever a node or a link changes;
// OnUp is called before the call that did it returns.
func (m *Memory) SetPeer(id ID, address string) {
	if id == m.id {
		return
	}
	m.network.change(func() {
		if !m.closed && (address != "" || m.peers[id] != nil) {
			m.known(id).address = address
		}
	})
}

// reconsider makes and breaks the connections that the node dials.
func (m *Memory) reconsider() {
	n := m.network
	n.mu.Lock()
	want := map[ID]*Memory{}
	for id, p := range m.peers {
		if to := n.nodes[p.address]; p.address != "" && to != nil {
			want[id] = to
		}
	}
	n.mu.Unlock()
	for id, to := range want {
		reason, ok := ReasonClosed, false
		switch {
		case to.id != id:
			reason = ReasonWrongKey
		case !to.cfg.Allowed(m.id):
			reason = ReasonStranger
		case to.cfg.Section != m.cfg.Section:
			reason = ReasonSection
		default:
			ok = true
		}
		if ok {
			continue
		}
		delete(want, id)
		if reason == ReasonWrongKey {
			m.journal.note(reason, "no connection to a peer", nil)
		} else {
			to.journal.note(reason, "refused a connection", nil)
		}
	}
	var up []ID
	n.mu.Lock()
	for pair, w := range n.wires {
		if to := want[w.to.id]; w.from == m && (to != w.to || n.link(m.id, w.to.id).Cut || m.closed || to.closed) {
			w.cut()
			delete(n.wires, pair)
		}
	}
	for id, to := range want {
		pair := [2]ID{m.id, id}
		if n.wires[pair] == nil && !n.link(m.id, id).Cut && !m.closed && !to.closed && m.peers[id].address == to.address {
			n.wires[pair] = n.newWire(m, to)
			up = append(up, id)
		}
	}
	n.mu.Unlock()
	if m.cfg.OnUp != nil {
		for _, id := range up {
			m.cfg.OnUp(id)
		}
	}
}

// Send is as that of [Transport].
func (m *Memory) Send(to ID, frame []byte) bool {
	n := m.network
	n.mu.Lock()
	defer n.mu.Unlock()
	p := m.peers[to]
	if p == nil {
		return false
	}
	if len(frame) == 0 || len(frame) > m.cfg.MaxFrame {
		m.journal.note(ReasonOversize, "a frame of ours was not sent", errOversize)
		return false
	}
	w := n.wires[[2]ID{m.id, to}]
	if w == nil {
		p.stats.unconnected.Add(1)
		return false
	}
	size := int64(headerSize + len(frame))
	if w.bytes+int(size) > m.cfg.QueueBytes || m.queued.Load()+size > m.cfg.QueueTotal {
		p.stats.full.Add(1)
		m.journal.note(ReasonQueueFull, "a frame was dropped", nil)
		return false
	}
	p.stats.framesOut.Add(1)
	p.stats.bytesOut.Add(uint64(size))
	link := n.link(m.id, to)
	if link.Loss > 0 && w.rng.Float64() < link.Loss {
		p.stats.lost.Add(1)
		return true
	}
	delay := link.Delay
	if link.Jitter > 0 {
		delay += time.Duration(w.rng.Int64N(int64(link.Jitter)))
	}
	w.send(bytes.Clone(frame), delay)
	return true
}

// Connected is as that of [Transport].
func (m *Memory) Connected(id ID) bool {
	m.network.mu.Lock()
	defer m.network.mu.Unlock()
	return m.network.wires[[2]ID{m.id, id}] != nil
}

// Hears is as that of [Transport].
func (m *Memory) Hears(id ID) bool {
	m.network.mu.Lock()
	defer m.network.mu.Unlock()
	return m.network.wires[[2]ID{id, m.id}] != nil
}

// Stats is as that of [Transport].
func (m *Memory) Stats() Stats {
	n := m.network
	n.mu.Lock()
	defer n.mu.Unlock()
	s := Stats{Queued: m.queued.Load(), Peers: map[ID]PeerStats{}}
	for i := range s.Reasons {
		s.Reasons[i] = m.journal.counts[i].Load()
	}
	for id, p := range m.peers {
		c := &p.stats
		ps := PeerStats{
			FramesIn: c.framesIn.Load(), FramesOut: c.framesOut.Load(), BytesIn: c.bytesIn.Load(), BytesOut: c.bytesOut.Load(),
			QueueFull: c.full.Load(), Unconnected: c.unconnected.Load(), Lost: c.lost.Load(), Address: p.address,
		}
		if w := n.wires[[2]ID{m.id, id}]; w != nil {
			ps.Connected, ps.Queued = true, w.bytes
		}
		if n.wires[[2]ID{id, m.id}] != nil {
			ps.Accepted = 1
		}
		s.add(ps)
		s.Peers[id] = ps
	}
	return s
}

// Close is as that of [Transport]. The address is free again.
func (m *Memory) Close() {
	n := m.network
	n.change(func() {
		m.closed = true
		if n.nodes[m.address] == m {
			delete(n.nodes, m.address)
		}
		for pair, w := range n.wires {
			if w.from == m || w.to == m {
				w.cut()
				delete(n.wires, pair)
			}
		}
	})
	m.running.Wait()
}

// rngOf returns a link's own random numbers.
func (n *Network) rngOf(from, to ID) *rand.Rand {
	mix := binary.LittleEndian.Uint64(from[:]) ^ 3*binary.LittleEndian.Uint64(to[:])
	return rand.New(rand.NewPCG(n.options.Seed, mix))
}
