package sim

import (
	"fmt"
	"strings"
	"time"

	"parsec/core"
)

// Verdict is what came of a run. The worse, the greater.
type Verdict uint8

const (
	Fine   Verdict = iota
	Stuck          // all faults have ended, and something was not decided in time
	CutOff         // an honest member refuses, for good, what another honest one builds on
	Safety         // two members decided differently, or one contradicts itself or what it promises
	Broken         // the simulation itself could not go on
)

func (v Verdict) String() string {
	return [...]string{"fine", "STUCK", "CUT OFF", "SAFETY", "broken"}[v]
}

// Failure is why a run is not fine.
type Failure struct {
	Verdict Verdict
	What    string // names members as [Member] does
	At      time.Duration
	Members []Member // all of the run's, by number
}

func (f *Failure) Error() string { return fmt.Sprintf("%v at %v: %s", f.Verdict, f.At, f.What) }

// Role is what a member is in a run.
type Role uint8

const (
	Honest  Role = iota // a founder that keeps to the protocol
	Joining             // honest, and no founder
	Twin                // one of two processes with one key
	Hostile             // another member that does not keep to the protocol
)

func (r Role) String() string { return [...]string{"honest", "joining", "twin", "hostile"}[r] }

// Member is a process of a run.
type Member struct {
	Number   int
	Identity core.Identity
	Role     Role
}

func (m Member) String() string {
	return fmt.Sprintf("member %d (%v %x)", m.Number, m.Role, m.Identity[:4])
}

// member tells who a process is.
func (p *process) member() Member {
	m := Member{Number: int(p.number), Identity: p.identity}
	switch {
	case p.twin != nil:
		m.Role = Twin
	case !p.honest:
		m.Role = Hostile
	case !p.founder:
		m.Role = Joining
	}
	return m
}

func (p *process) String() string { return p.member().String() }

// name tells whose an identity is.
func (s *run) name(id core.Identity) string {
	if all := s.byIdentity[id]; len(all) > 0 {
		return all[0].String()
	}
	return fmt.Sprintf("stranger %x", id[:4])
}

// violated notes that something happened that must never.
func (s *run) violated(format string, args ...any) { s.fail(Safety, format, args...) }

// cutOff notes that an honest member refuses what it must take.
func (s *run) cutOff(format string, args ...any) { s.fail(CutOff, format, args...) }

// broken notes that the simulation itself cannot go on.
func (s *run) broken(format string, args ...any) { s.fail(Broken, format, args...) }

// fail notes the first failure.
func (s *run) fail(verdict Verdict, format string, args ...any) {
	if s.failure != nil {
		return
	}
	s.failure = &Failure{Verdict: verdict, What: fmt.Sprintf(format, args...), At: s.now}
	for _, p := range s.processes {
		s.failure.Members = append(s.failure.Members, p.member())
	}
}

// Command returns the one command that repeats the run, without the program's name.
func (r *Result) Command() string {
	c := r.run.cfg
	var b strings.Builder
	fmt.Fprintf(&b, "sim -scenario %s -seed %d", r.Scenario, r.Seed)
	for _, n := range []struct {
		name  string
		value int
	}{{"peers", c.Peers}, {"twins", c.Twins}, {"hostile", c.Hostile}, {"steps", c.Steps}} {
		if n.value != 0 {
			fmt.Fprintf(&b, " -%s %d", n.name, n.value)
		}
	}
	if c.Beyond {
		b.WriteString(" -beyond")
	}
	if c.Signatures {
		b.WriteString(" -signatures")
	}
	if c.Mode != nil {
		fmt.Fprintf(&b, " -mode %v", *c.Mode)
	}
	if name := activeBug(); name != "" {
		fmt.Fprintf(&b, " -bug %s", name)
	}
	return b.String()
}
