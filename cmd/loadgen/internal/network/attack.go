package network

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"parsec/cmd/loadgen/internal/network/fault"
	"parsec/cmd/loadgen/internal/network/process"
)

// attackGrace is how long an attacker may take to end and say what it did.
const attackGrace = 5 * time.Second

// attackReady begins the line that an attacker prints when it begins.
const attackReady = "attack: "

// AttackReport is what an attacker says it did.
type AttackReport struct {
	What   string          `json:"what"` // as the schedule has it
	CPU    time.Duration   `json:"cpu"`  // that it used
	Counts json.RawMessage `json:"counts,omitempty"`
}

// attacker is a process that attacks.
type attacker struct {
	proc *process.Process
	log  string
}

// beginAttack starts an attacker: a process of its own, so that what it uses is not taken for the load generator's, at
// the lowest priority: on a machine of its own it would take nothing from the nodes but what they give it. It
// connects to the nodes directly, not over the links.
func (n *Network) beginAttack(ctx context.Context, s fault.Step) error {
	n.mu.Lock()
	if _, ok := n.attacks[s.String()]; ok {
		n.mu.Unlock()
		return fmt.Errorf("%s: %w", s.Fault, ErrRunning)
	}
	a := new(attacker)
	n.attacks[s.String()] = a
	n.number++
	a.log = filepath.Join(n.dir, fmt.Sprintf("attack%d.log", n.number))
	seed := n.c.Seed + uint64(n.number)
	n.mu.Unlock()

	var targets []string
	for i, d := range n.nodes {
		if !slices.Contains(s.Members, i) {
			targets = append(targets, d.identity+"="+d.listen)
		}
	}
	args := append(slices.Clone(n.c.Attacker[1:]), "-kind", string(s.Attack), "-targets", strings.Join(targets, ","),
		"-seed", strconv.FormatUint(seed, 10), "-open", (s.For / 2).String(), "-rate", strconv.FormatFloat(s.Rate, 'g', -1, 64))
	for _, i := range s.Members {
		member := n.folder(i)
		if _, err := n.nodes[i].running(); err != nil {
			member += "=" + n.nodes[i].listen // in its place: answers reach the attacker
		}
		args = append(args, "-member", member)
	}
	p, err := n.spawner.Start(process.Config{
		Name: s.String(), Path: n.c.Attacker[0], Args: args, Env: n.c.Env, Log: a.log, Idle: true,
		Ready: func(line string) bool { return strings.HasPrefix(line, attackReady) },
	})
	if err == nil {
		limited, cancel := context.WithTimeoutCause(ctx, n.c.ReadyWithin, ErrNotReady)
		defer cancel()
		if _, err = p.Ready(limited); err != nil {
			p.Kill()
		}
	}
	if err != nil {
		n.mu.Lock()
		delete(n.attacks, s.String())
		n.mu.Unlock()
		return err
	}
	for _, i := range s.Members {
		n.nodes[i].forge()
	}
	n.mu.Lock()
	ended := n.attacks[s.String()] != a // by Restore, meanwhile
	a.proc = p
	n.mu.Unlock()
	if ended {
		p.Kill()
	}
	return nil
}

func (n *Network) endAttack(s fault.Step) error {
	n.mu.Lock()
	a, ok := n.attacks[s.String()]
	if ok && a.proc != nil {
		delete(n.attacks, s.String())
	}
	n.mu.Unlock()
	if !ok || a.proc == nil {
		return nil // Restore ended it
	}
	return n.collect(s.String(), a, attackGrace)
}

// endAttacks ends all attackers.
func (n *Network) endAttacks(grace time.Duration) {
	n.mu.Lock()
	attacks := n.attacks
	n.attacks = map[string]*attacker{}
	n.mu.Unlock()
	for what, a := range attacks {
		if a.proc == nil {
			continue // it is about to begin: its beginner sees to it
		}
		if err := n.collect(what, a, grace); err != nil {
			n.c.Logger.Warn("an attacker ended", "what", what, "err", err)
		}
	}
}

// collect ends an attacker and keeps what it says it did: the last line that it wrote, in JSON.
func (n *Network) collect(what string, a *attacker, grace time.Duration) error {
	_, early := a.proc.Exit()
	e := a.proc.Stop(grace)
	r := AttackReport{What: what, CPU: e.CPU}
	if b, err := os.ReadFile(a.log); err == nil {
		lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
		if last := lines[len(lines)-1]; json.Valid(last) {
			r.Counts = last
		}
	}
	n.mu.Lock()
	n.reports = append(n.reports, r)
	n.mu.Unlock()
	if early && e.Code != 0 {
		return fmt.Errorf("%s ended by itself: %w", what, a.proc.Failure())
	}
	return nil
}

// AttackReports returns what attackers that have ended said they did.
func (n *Network) AttackReports() []AttackReport {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.reports)
}
