package network

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sync"
	"time"

	"parsec/cmd/loadgen/internal/network/process"
)

// node is one of the network, or a twin of one.
type node struct {
	n                   *Network
	index               int
	name                string // in errors
	identity            string
	dir, log            string
	listen, http, debug string
	peers               map[int]string // where it reaches others, by number

	mu     sync.Mutex
	proc   *process.Process // the last that was started; nil if none was
	ready  bool             // it serves
	struck int              // faults that are in force, but for being down
	told   bool             // Failed was told of an end
	forged bool             // another has its key: what becomes of it is no failure
}

// readyLine is what a node prints when it serves.
var readyLine = regexp.MustCompile(`^\S+ node: ([0-9a-f]{64}) listen=(\S+) http=(\S+) debug=(\S+)$`)

func (d *node) args(more []string) []string {
	args := append(slices.Clone(d.n.c.Program[1:]), "node", "-dir", d.dir,
		"-listen", d.listen, "-http", d.http, "-debug", d.debug)
	for _, j := range slices.Sorted(maps.Keys(d.peers)) {
		args = append(args, "-peer", d.n.nodes[j].identity+"="+d.peers[j])
	}
	return append(append(args, d.n.c.NodeArgs...), more...)
}

// running returns the process if there is one.
func (d *node) running() (*process.Process, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.proc != nil {
		if _, ended := d.proc.Exit(); !ended {
			return d.proc, nil
		}
	}
	return nil, fmt.Errorf("%s %w", d.name, ErrDown)
}

// start starts the node, with more flags, and returns when it serves.
func (d *node) start(ctx context.Context, more ...string) error {
	if _, err := d.running(); err == nil {
		return fmt.Errorf("%s %w", d.name, ErrRunning)
	}
	d.mu.Lock()
	p, err := d.n.spawner.Start(process.Config{
		Name: d.name, Path: d.n.c.Program[0], Args: d.args(more), Env: d.n.c.Env, Log: d.log,
		Ready: readyLine.MatchString, Ended: d.ended,
	})
	if err != nil {
		d.mu.Unlock()
		return err
	}
	d.proc, d.ready = p, false
	d.mu.Unlock()

	limited, cancel := context.WithTimeoutCause(ctx, d.n.c.ReadyWithin,
		fmt.Errorf("%w, more than %v", ErrNotReady, d.n.c.ReadyWithin))
	defer cancel()
	line, err := p.Ready(limited)
	if err != nil {
		if e, ended := p.Exit(); ended && e.Asked {
			return fmt.Errorf("%s: %w", d.name, errKilled)
		}
		p.Kill()
		return err
	}
	m := readyLine.FindStringSubmatch(line)
	if m[1] != d.identity || m[2] != d.listen || m[3] != d.http || m[4] != d.debug {
		p.Kill()
		return fmt.Errorf("%s serves as another than it was started as: %s", d.name, line)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ended := p.Exit(); !ended && d.proc == p {
		d.ready = true
	}
	return nil
}

// ended is told of a process's end.
func (d *node) ended(p *process.Process, e process.Exit) {
	d.mu.Lock()
	d.ready = false
	forged := d.forged
	d.mu.Unlock()
	switch {
	case e.Asked:
	case forged:
		d.n.c.Logger.Warn("a node whose key another has too ended by itself", "node", d.name, "status", e.Status)
	default:
		d.n.fail(d, p, e)
	}
}

// kill kills the node and returns when it is gone.
func (d *node) kill() error {
	p, err := d.running()
	if err != nil {
		return err
	}
	p.Kill()
	<-p.Done()
	return nil
}

// stop asks the node to end. The error says how it ended, if not as it should.
func (d *node) stop(grace time.Duration) error {
	p, err := d.running()
	if errors.Is(err, ErrDown) {
		return nil
	}
	e := p.Stop(grace)
	d.mu.Lock()
	told := d.told
	d.mu.Unlock()
	switch {
	case e.Code == 0 || !e.Asked && told:
		return nil
	case e.Code < 0:
		return fmt.Errorf("%s did not end within %v: %s%s", d.name, grace, e.Status, p.Tail())
	default:
		return fmt.Errorf("%s did not end well: %s%s", d.name, e.Status, p.Tail())
	}
}

// strike counts a fault that is in force, or with -1 one that no longer is.
func (d *node) strike(by int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.struck += by
}

// forge counts a fault that is in force for good: another has the node's key.
func (d *node) forge() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.forged {
		d.forged = true
		d.struck++
	}
}

// sound reports whether the node serves and no fault is in force.
func (d *node) sound() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ready && d.struck == 0
}
