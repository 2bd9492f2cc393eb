//go:build unix

package network

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"parsec/cmd/loadgen/internal/network/fault"
	"parsec/cmd/loadgen/internal/network/link"
	"parsec/core/node/attack"
)

// Faults of links do what they say, between the nodes that they say, and end.
func TestLinks(t *testing.T) {
	c := config(t, 4, "")
	c.Proxies = true
	n := start(t, c)
	passes := func(i, j int) bool {
		s, err := get(t, n, i, "/dial?peer="+n.Identity(j), 300*time.Millisecond)
		return err == nil && s == fmt.Sprintf("node%d", j)
	}
	apply(t, n, "0s cut 0-1; 0s partition 2|3", false)
	if passes(0, 1) || passes(3, 2) || reached(t, n, 0, 2) != "node2" || reached(t, n, 1, 3) != "node3" {
		t.Error("other links are cut than those")
	}
	apply(t, n, "0s cut 0-1", true)
	if reached(t, n, 0, 1) != "node1" || passes(2, 3) {
		t.Error("another link is healed than that")
	}
	apply(t, n, "0s heal", false)
	if reached(t, n, 2, 3) != "node3" {
		t.Error("not healed")
	}
	apply(t, n, "0s link 0>1 delay=50ms", false)
	began := time.Now()
	reached(t, n, 0, 1)
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("a way of 50 ms took %v", took)
	}
	apply(t, n, "0s link 0>1 delay=50ms", true)
	if got := n.links.ways[0][1].Conditions(); got != (link.Conditions{}) {
		t.Errorf("afterwards: %v", got)
	}
	apply(t, n, "0s cut 0-1; 0s pause 2 for 1s; 0s slow 3 50%; 0s link * delay=1m; 0s reset *", false)
	n.Restore()
	if reached(t, n, 0, 1) != "node1" || reached(t, n, 2, 3) != "node3" {
		t.Error("not restored")
	}
	if err := start(t, config(t, 2, "")).Apply(t.Context(), fault.Step{Fault: fault.Fault{Action: fault.Cut}}); !errors.Is(err, ErrNoProxy) {
		t.Errorf("error %v", err)
	}
}

func TestPauseAndSlow(t *testing.T) {
	n := start(t, config(t, 4, ""))
	apply(t, n, "0s pause 1 for 1s", false)
	for deadline := time.Now().Add(wait); ; { // the signal takes effect soon, not at once
		if _, err := get(t, n, 1, "/v1/status", 200*time.Millisecond); err != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a paused node answers")
		}
	}
	apply(t, n, "0s slow 2 50%", false)
	if got := n.Sound(); !slices.Equal(got, []int{0, 3}) {
		t.Errorf("sound: %v", got)
	}
	if got := n.Running(); len(got) != 4 {
		t.Errorf("running: %v", got)
	}
	apply(t, n, "0s pause 1 for 1s; 0s slow 2 50%", true)
	for i := range 4 {
		if _, err := n.Status(t.Context(), i); err != nil {
			t.Error(err)
		}
	}
	if got := n.Sound(); len(got) != 4 {
		t.Errorf("sound: %v", got)
	}
	apply(t, n, "0s pause 1 for 1s", false)
	n.Kill(1) // meanwhile
	apply(t, n, "0s pause 1 for 1s", true)
	if err := n.Restart(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if got := n.Sound(); len(got) != 4 {
		t.Errorf("sound: %v", got)
	}
}

// A twin is reached by half of the others in the node's place, and reaches them alone.
func TestTwin(t *testing.T) {
	c := config(t, 4, "")
	c.Proxies = true
	n := start(t, c)
	apply(t, n, "0s twin 3", false)
	for i, want := range []string{"node3", "twin3-1", "node3"} {
		if got := reached(t, n, i, 3); got != want {
			t.Errorf("node %d reaches %q, want %q", i, got, want)
		}
	}
	twin := n.twins[3]
	if b, err := os.ReadFile(filepath.Join(twin.dir, "key")); err != nil || string(b) != stubIdentity(3) {
		t.Errorf("its key: %q, %v", b, err)
	}
	if twin.peers[0] != nowhere || twin.peers[1] == nowhere || twin.peers[2] != nowhere {
		t.Errorf("it reaches %v", twin.peers)
	}
	if got := n.Sound(); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("sound: %v", got)
	}
	if err := n.Apply(t.Context(), fault.Step{Fault: fault.Fault{Action: fault.Twin, Node: 3}}); err == nil {
		t.Error("two twins")
	}
	get(t, n, 3, "/exit", wait) // a node that sees itself fork may end: no failure
	apply(t, n, "0s twin 3", true)
	for slices.Contains(n.Running(), 3) {
		time.Sleep(time.Millisecond)
	}
	if err := n.Restart(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	if got := reached(t, n, 1, 3); got != "node3" {
		t.Errorf("afterwards node 1 reaches %q", got)
	}
	if got := n.Sound(); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("a fork is forgotten: sound are %v", got)
	}
	apply(t, n, "0s twin 2", false) // one that Close ends
	if err := n.Close(grace); err != nil {
		t.Error(err)
	}
}

func TestAttackers(t *testing.T) {
	n := start(t, config(t, 4, ""))
	n.Kill(3) // its place is free
	apply(t, n, "0s attack stranger; 0s attack member 3,2", false)
	if got := n.Sound(); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("sound: %v", got)
	}
	if err := n.Apply(t.Context(), fault.Step{Fault: fault.Fault{Action: fault.Attack, Attack: attack.Stranger, Node: fault.None}}); !errors.Is(err, ErrRunning) {
		t.Errorf("error %v", err)
	}
	apply(t, n, "0s attack stranger", true)
	n.Restore()
	apply(t, n, "0s attack member 3,2", true) // has ended already
	var got []string
	for _, r := range n.AttackReports() {
		got = append(got, fmt.Sprintf("%s %s", r.What, r.Counts))
		if r.CPU <= 0 {
			t.Error("it used no processor")
		}
	}
	want := []string{`attack stranger {"kind":"stranger","targets":4,"members":""}`, `attack member 3,2 {"kind":"member","targets":2,"members":"node3 true,node2 false"}`}
	if !slices.Equal(got, want) {
		t.Errorf("reports %q", got)
	}
	apply(t, n, "0s attack stranger", false) // one that Close ends
	if err := n.Close(grace); err != nil {
		t.Error(err)
	}
}
