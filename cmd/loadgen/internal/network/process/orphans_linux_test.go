package process

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// alive reports whether there is such a process that is no zombie.
func alive(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(b), ") ")
	return state[0] != 'Z'
}

func awaitGone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(wait); alive(pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d is still there", pid)
		}
	}
}

func TestNoOrphans(t *testing.T) {
	for _, what := range []string{
		"parent", // its child is in a group of its own: the kernel kills it
		"family", // its child is in its group
	} {
		t.Run(what, func(t *testing.T) {
			p := spawn(t, spawner(t), what, nil)
			heir, err := strconv.Atoi(strings.TrimPrefix(ready(t, p), "stub: "))
			if err != nil || !alive(heir) {
				t.Fatalf("no heir: %v", err)
			}
			syscall.Kill(p.Pid(), syscall.SIGKILL) // not asked: by another
			<-p.Done()
			awaitGone(t, heir)
			if e, _ := p.Exit(); e.Asked || e.Status != "signal: killed" {
				t.Errorf("%+v", e)
			}
		})
	}
}

// A child must not get the interrupt that a terminal sends to the group in front.
func TestOwnGroup(t *testing.T) {
	p := spawn(t, spawner(t), "serve", nil)
	ready(t, p)
	group, err := syscall.Getpgid(p.Pid())
	if err != nil || group != p.Pid() || group == syscall.Getpgrp() {
		t.Errorf("group %d of process %d, this one's is %d (%v)", group, p.Pid(), syscall.Getpgrp(), err)
	}
}

func TestCloseKillsAll(t *testing.T) {
	s := NewSpawner()
	a, b := spawn(t, s, "serve", nil), spawn(t, s, "stubborn", nil)
	b.Pause()
	s.Close()
	s.Close()
	awaitGone(t, a.Pid())
	awaitGone(t, b.Pid())
}

// Children are nicer than this process, however nice that is, and yield to it.
func TestYields(t *testing.T) {
	p := spawn(t, spawner(t), "serve", nil)
	ready(t, p)
	if own, child := nice(0), nice(p.Pid()); child != min(own+niceness, 19) {
		t.Errorf("nice %d, the child %d", own, child)
	}
	if e := p.Stop(wait); e.CPU <= 0 {
		t.Error("it used no processor")
	}
}
