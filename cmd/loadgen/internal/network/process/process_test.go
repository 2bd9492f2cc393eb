//go:build unix

package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The test binary is the child too: what it is to do is in its environment.
func TestMain(m *testing.M) {
	if what := os.Getenv("PROCESS_TEST_CHILD"); what != "" {
		child(what)
		return
	}
	goleak.VerifyTestMain(m)
}

func child(what string) {
	switch what {
	case "serve":
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM)
		fmt.Println("good morning")
		fmt.Println("stub: serving")
		<-c
		fmt.Fprintln(os.Stderr, "goodbye")
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("stub: serving")
		time.Sleep(time.Hour)
	case "crash":
		fmt.Println(strings.Repeat("long ", 30<<10))
		fmt.Fprintln(os.Stderr, "the disk is full")
		os.Exit(7)
	case "silent":
		fmt.Fprintln(os.Stderr, "waiting for nothing")
		time.Sleep(time.Hour)
	case "count": // how often a millisecond passes
		fmt.Println("stub: serving")
		for n := 0; ; n++ {
			os.WriteFile(os.Getenv("PROCESS_TEST_FILE"), []byte(strconv.Itoa(n)), 0o666)
			time.Sleep(time.Millisecond)
		}
	case "parent": // starts a child by itself and says its number
		s := NewSpawner()
		p, err := s.Start(Config{Path: os.Args[0], Env: append(os.Environ(), "PROCESS_TEST_CHILD=stubborn"),
			Log: os.Getenv("PROCESS_TEST_FILE"), Ready: isReady})
		if err != nil {
			panic(err)
		}
		p.Ready(context.Background())
		fmt.Println("stub:", p.Pid())
		time.Sleep(time.Hour)
	case "family": // likewise, but in its group, and without seeing to it
		c := exec.Command("sleep", "3600")
		if err := c.Start(); err != nil {
			panic(err)
		}
		fmt.Println("stub:", c.Process.Pid)
		time.Sleep(time.Hour)
	}
}

const wait = time.Minute

func isReady(line string) bool { return strings.HasPrefix(line, "stub:") }

func spawn(t *testing.T, s *Spawner, what string, ended func(*Process, Exit)) *Process {
	t.Helper()
	dir := t.TempDir()
	p, err := s.Start(Config{
		Name: what, Path: os.Args[0], Log: filepath.Join(dir, "log"), Ready: isReady, Ended: ended,
		Env: append(os.Environ(), "PROCESS_TEST_CHILD="+what, "PROCESS_TEST_FILE="+filepath.Join(dir, "file")),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func spawner(t *testing.T) *Spawner {
	s := NewSpawner()
	t.Cleanup(s.Close)
	return s
}

func ready(t *testing.T, p *Process) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	line, err := p.Ready(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestStop(t *testing.T) {
	s := spawner(t)
	p := spawn(t, s, "serve", nil)
	if line := ready(t, p); line != "stub: serving" {
		t.Errorf("ready line %q", line)
	}
	if _, ended := p.Exit(); ended {
		t.Error("ended before it was asked to")
	}
	if e := p.Stop(wait); e.Code != 0 || !e.Asked || e.Status != "exit status 0" {
		t.Errorf("%+v", e)
	}
	if got := p.Tail(); got != "\n\tgood morning\n\tgoodbye" {
		t.Errorf("log %q", got)
	}
	p.Kill() // does nothing
	if err := p.Pause(); err != nil {
		t.Error(err)
	}
}

func TestStopKillsTheStubborn(t *testing.T) {
	p := spawn(t, spawner(t), "stubborn", nil)
	ready(t, p)
	if e := p.Stop(time.Millisecond); e.Code != -1 || e.Status != "signal: killed" || !e.Asked {
		t.Errorf("%+v", e)
	}
}

func TestCrashIsNoticed(t *testing.T) {
	told := make(chan Exit, 1)
	p := spawn(t, spawner(t), "crash", func(_ *Process, e Exit) { told <- e })
	_, err := p.Ready(t.Context())
	if err == nil || !strings.Contains(err.Error(), "crash ended before it was ready: exit status 7") ||
		!strings.Contains(err.Error(), "\n\tthe disk is full") || len(err.Error()) > 2*tail {
		t.Errorf("error %v", err)
	}
	if e := <-told; e.Asked || e.Code != 7 {
		t.Errorf("%+v", e)
	}
}

func TestNotReady(t *testing.T) {
	p := spawn(t, spawner(t), "silent", nil)
	late := errors.New("too late")
	for p.Tail() == "" { // it has begun
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, late)
	defer cancel()
	_, err := p.Ready(ctx)
	if !errors.Is(err, late) || !strings.HasSuffix(err.Error(), "\n\twaiting for nothing") {
		t.Errorf("error %v", err)
	}
}

func TestNoSuchProgram(t *testing.T) {
	_, err := spawner(t).Start(Config{Name: "node 1", Path: "/no/such/program", Log: filepath.Join(t.TempDir(), "log")})
	if !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "node 1: ") {
		t.Errorf("error %v", err)
	}
	s := NewSpawner()
	s.Close()
	if _, err := s.Start(Config{}); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
}

func count(p *Process) int {
	b, _ := os.ReadFile(filepath.Join(filepath.Dir(p.log), "file"))
	n, _ := strconv.Atoi(string(b))
	return n
}

func TestPause(t *testing.T) {
	p := spawn(t, spawner(t), "count", nil)
	ready(t, p)
	p.Pause()
	p.Pause()
	before := count(p)
	for deadline := time.Now().Add(wait); ; { // a thread stops when it gets to run next
		time.Sleep(100 * time.Millisecond)
		now := count(p)
		if now == before {
			break
		}
		if before = now; time.Now().After(deadline) {
			t.Fatal("a stopped process counts")
		}
	}
	p.Resume()
	for deadline := time.Now().Add(wait); count(p) <= before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not go on")
		}
	}
	p.Pause()
	if e := p.Stop(wait); !e.Asked { // also of a stopped one
		t.Errorf("%+v", e)
	}
}

// A slowed child runs no longer than its share of the time: what it can count is bounded by that.
func TestSlow(t *testing.T) {
	p := spawn(t, spawner(t), "count", nil)
	ready(t, p)
	began := time.Now()
	if err := p.Slow(0.2); err != nil {
		t.Fatal(err)
	}
	before := count(p)
	time.Sleep(5 * Period)
	counted := count(p) - before
	limit := time.Since(began)/Period + 1 // turns
	if most := int(limit) * int(Period/time.Millisecond/5) * 2; counted > most {
		t.Errorf("counted %d in %v, at most %d expected", counted, time.Since(began), most)
	}
	p.Slow(0.9) // another share
	p.Full()
	before = count(p)
	for deadline := time.Now().Add(wait); count(p) <= before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not go on")
		}
	}
	p.Slow(0)
	p.Kill()
	<-p.Done()
	if p.Slow(0.5); p.slower != nil {
		t.Error("an ended child is slowed")
	}
}
