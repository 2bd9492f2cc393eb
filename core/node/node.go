package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parsec/core"
	"parsec/core/node/internal/api"
	"parsec/core/node/internal/transport"
	"parsec/core/node/internal/wal"
)

// carrier is what the node asks of the network.
type carrier interface {
	SetPeer(id [32]byte, address string)
	Send(to [32]byte, frame []byte) bool
	Connected(id [32]byte) bool
	Hears(id [32]byte) bool
	Close()
}

// Runtime is a running node: a member of a section, with its log, its links and its API.
type Runtime struct {
	cfg       Config
	log       *slog.Logger
	section   core.Section
	sectionID core.Hash
	identity  core.Identity
	addresses map[core.Identity]string // the loop's: by the section file, the settings, and votes
	fixed     map[core.Identity]bool   // those of the settings
	wal       *wal.Log
	transport carrier
	links     *transport.Transport // the same, if it is the one over TCP
	ledger    *ledger
	intake    *intake
	releases  *releases

	frames   chan inbound
	ups      chan core.Identity
	calls    chan func(*loop)
	broken   chan error
	quit     chan struct{}
	ended    chan struct{} // the loop has
	asked    chan struct{} // closed when the members have told of this node's own events, or it is known to take long
	stuck    chan struct{} // closed when this node has forked
	released chan struct{} // all that was to be released is
	marked   bool          // startedFile is there; of those that release
	began    time.Time
	hung     time.Duration                            // after which Close waits no longer for the disk
	known    atomic.Pointer[map[core.Identity]string] // peers, with their addresses
	view     atomic.Pointer[view]

	requests, refused, acknowledged, held atomic.Uint64

	complaints throttle
	servers    []*server
	closing    sync.Once
	closed     error
}

// Start starts a node: it recovers what its log has, listens, and goes on until [Runtime.Close]. Errors: of the folder's
// files and of addresses, with their names; [ErrLogMissing]; of a damaged log.
func Start(cfg Config) (*Runtime, error) {
	n, err := open(cfg)
	if err != nil {
		return nil, err
	}
	l, err := n.recover()
	if err != nil {
		return nil, errors.Join(err, n.wal.Close())
	}
	n.links, err = transport.Listen(transport.Config{
		Seed: n.cfg.seed, Listen: n.cfg.Listen, Section: n.sectionID,
		Allowed: n.isAllowed, Deliver: n.deliver, OnUp: n.up, Logger: n.log,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen %s: %w", n.cfg.Listen, err), n.wal.Close())
	}
	n.start(l, n.links)
	if err := n.serve(); err != nil {
		return nil, errors.Join(err, n.shut())
	}
	return n, nil
}

// ErrLogMissing is the error of a node that has run before and whose log is gone: it may have sent events that it no longer
// knows, and would fork itself.
var ErrLogMissing = errors.New("this node has run before, and its log is gone: start it with -restored, so that it learns its own events from the others, or remove it from the section and join with a new key")

// open reads a node's files and opens its log.
func open(cfg Config) (*Runtime, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	seed, err := ReadKey(filepath.Join(cfg.Dir, KeyFile))
	if err != nil {
		return nil, err
	}
	cfg.seed = seed
	file, err := ReadSection(filepath.Join(cfg.Dir, SectionFile))
	if err != nil {
		return nil, err
	}
	section, addresses, err := file.Core()
	if err != nil {
		return nil, err
	}
	n := &Runtime{
		cfg: cfg, log: cfg.Logger, section: section, identity: core.IdentityOf(seed), addresses: addresses,
		fixed: make(map[core.Identity]bool), ledger: newLedger(), intake: newIntake(), releases: newReleases(),
		frames: make(chan inbound), ups: make(chan core.Identity, 64), calls: make(chan func(*loop)), broken: make(chan error, 1),
		quit: make(chan struct{}), ended: make(chan struct{}), released: make(chan struct{}), began: time.Now(),
		asked: make(chan struct{}), stuck: make(chan struct{}),
		hung: 30 * time.Second,
	}
	if id, err := section.ID(); err != nil {
		return nil, err
	} else {
		n.sectionID = id
	}
	for s, address := range cfg.Peers {
		id, _ := ParseIdentity(s) // checked by complete
		n.addresses[id], n.fixed[id] = address, true
	}
	folder := filepath.Join(cfg.Dir, logFolder)
	if n.wal, err = wal.Open(folder, wal.Options{}); err != nil {
		return nil, unreadable(folder, err)
	}
	return n, nil
}

// unreadable is the error of a log that cannot be opened or read. Of one that is refused as it is, it says what to do: to go
// on without its end would be to fork.
func unreadable(folder string, err error) error {
	damage := (*wal.DamageError)(nil)
	if !errors.As(err, &damage) && !errors.Is(err, wal.ErrVersion) {
		return fmt.Errorf("%s: %w", folder, err)
	}
	return fmt.Errorf("%w: bring the log back as this node left it last, or move %s away and start with -restored, so that it learns its own events from the others",
		err, folder)
}

// start lets a node run over a carrier.
func (n *Runtime) start(l *loop, c carrier) {
	n.transport = c
	go n.releaseAll()
	l.flushRecovered()
	for id, address := range n.addresses {
		if id != n.identity {
			c.SetPeer(id, address)
		}
	}
	go l.run()
}

// maxAnswer is how many bytes one answer to a request has: whoever is far behind asks again, and pays each time.
const maxAnswer = 2 << 20

// recover makes the core as the log has it: as a new one where the log is empty.
func (n *Runtime) recover() (*loop, error) {
	began := time.Now()
	cfg := core.NodeConfig{Seed: n.cfg.seed, Section: n.section, MaxAnswer: maxAnswer, Nonce: nonce()}
	if runtime.GOMAXPROCS(0) > 2 {
		cfg.Parallel = parallel // on fewer cores, pieces cost more than they gain (core/design/node.md)
	}
	founder := slices.Contains(n.section.Genesis, n.identity)
	marker := filepath.Join(n.cfg.Dir, startedFile)
	_, e := os.Stat(marker)
	if e != nil && !errors.Is(e, fs.ErrNotExist) {
		return nil, e // it may be there
	}
	if !founder && e == nil {
		n.cfg.Join = true // it did, or is about to
	}
	if founder == n.cfg.Join {
		if founder {
			return nil, errors.New("join: this node is one of the founders, and starts the section")
		}
		return nil, errors.New("this node is not one of the founders: it can join, once members voted to add it (-join)")
	}
	if n.cfg.Join || n.cfg.Restored {
		cfg.Contacts = n.contacts()
	}
	if n.cfg.Restored {
		cfg.Restored = nonce()
	}
	records, folder := 0, filepath.Join(n.cfg.Dir, logFolder)
	node, err := core.Recover(cfg, func(yield func([]byte, error) bool) {
		for r, err := range n.wal.Records() {
			if err == nil {
				records++
			}
			if !yield(r, err) {
				return
			}
		}
	})
	switch {
	case errors.Is(err, core.ErrRecord):
		return nil, fmt.Errorf("%s: record %d: %w", folder, records, err)
	case errors.Is(err, core.ErrConfig):
		return nil, err
	case err != nil:
		return nil, unreadable(folder, err)
	case records == 0 && e == nil && !n.cfg.Restored:
		return nil, ErrLogMissing
	}
	n.marked = e == nil
	if n.cfg.Restored { // it has run, whatever is left of its folder
		if err := n.mark(true); err != nil {
			return nil, err
		}
	}
	l := &loop{Runtime: n, core: node, peers: make(map[core.Identity]*neighbour), changed: true, cutter: newCutter()}
	l.pace.fastest = time.Duration(n.cfg.Gossip)
	l.look()
	if records > 0 {
		n.log.Info("recovered", "records", records, "events", node.Len(), "blocks", node.Height(), "took", time.Since(began))
	}
	if err := node.Forked(); err != nil {
		l.fork(err)
	}
	return l, nil
}

// flushRecovered takes in what recovery brought, before anything else runs, and shows it: what was in the log is
// durable. The rest, if it made events, goes the way of all others.
func (l *loop) flushRecovered() {
	for _, c := range l.core.Undecided() {
		l.ledger.claim(c.Payload)
		l.flight.add(c.Payload)
	}
	l.flush()
	if l.wal.Wait(l.written) == nil { // else whoever releases says so
		l.ledger.show(l.height)
	}
	l.look()
}

// serve listens for clients and for those who look at metrics.
func (n *Runtime) serve() error {
	if err := n.listen(n.cfg.HTTP, api.NewServer(api.New(backend{n}, api.Options{}))); err != nil {
		return fmt.Errorf("http %s: %w", n.cfg.HTTP, err)
	}
	if n.cfg.Debug == "off" {
		return nil
	}
	debug := &http.Server{Handler: n.debug(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	if err := n.listen(n.cfg.Debug, debug); err != nil {
		return fmt.Errorf("debug %s: %w", n.cfg.Debug, err)
	}
	return nil
}

// server is an HTTP server that runs.
type server struct {
	*http.Server
	listener net.Listener
	ended    chan struct{}
}

func (n *Runtime) listen(address string, h *http.Server) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	s := &server{Server: h, listener: listener, ended: make(chan struct{})}
	n.servers = append(n.servers, s)
	go func() {
		defer close(s.ended)
		_ = s.Serve(listener)
	}()
	return nil
}

// end ends a server: it waits a while for requests that are being served. That a client does not leave by then is no
// error of the node's.
func (s *server) end(ctx context.Context) error {
	err := s.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.Close()
	}
	<-s.ended
	return err
}

// Identity returns the node's own.
func (n *Runtime) Identity() core.Identity { return n.identity }

// Addresses returns where the node listens: for peers, for clients, and for metrics ("" for none).
func (n *Runtime) Addresses() (peers, http, debug string) {
	if n.links != nil {
		peers = n.links.Addr()
	}
	http = n.servers[0].listener.Addr().String()
	if len(n.servers) > 1 {
		debug = n.servers[1].listener.Addr().String()
	}
	return peers, http, debug
}

// Close stops the node: it takes no more submissions, waits until what it has voted for is decided or ctx ends, and
// makes durable and sends what is left. The error is the log's, or one of closing. It does not wait for ever for a disk
// that does not answer: the error says so then, and the process had better end.
func (n *Runtime) Close(ctx context.Context) error {
	n.closing.Do(func() {
		n.intake.refuse(unavailable(errClosed))
		n.settle(ctx)
		n.closed = n.shut()
	})
	return n.closed
}

// settle waits until nothing of this node's is undecided.
func (n *Runtime) settle(ctx context.Context) {
	for ctx.Err() == nil {
		left := 0
		err := n.call(ctx, func(l *loop) {
			if !l.halted() && l.voter {
				left = len(l.core.Undecided())
			}
		})
		if err != nil || left == 0 {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// shut ends what runs, in the order of its dependence.
func (n *Runtime) shut() error {
	var errs []error
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	for _, s := range n.servers {
		errs = append(errs, s.end(ctx))
	}
	close(n.quit)
	down := make(chan error, 1)
	go func() {
		<-n.ended
		close(n.releases.queue)
		<-n.released
		n.transport.Close()
		down <- n.wal.Close()
	}()
	select {
	case err := <-down:
		errs = append(errs, err)
	case <-time.After(n.hung):
		errs = append(errs, fmt.Errorf("the log's disk has not answered for %v: what was not acknowledged may be lost", n.hung))
	}
	return errors.Join(errs...)
}

// parallel lets pieces of the core's work run at the same time.
func parallel(n int, do func(int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	var next atomic.Int64
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	all.Wait()
}
