package node

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"parsec/core"
)

// deaf is a carrier that reaches all peers, and that those of a set reach.
type deaf map[core.Identity]bool

func (d deaf) SetPeer([32]byte, string)   {}
func (d deaf) Send([32]byte, []byte) bool { return true }
func (d deaf) Connected([32]byte) bool    { return true }
func (d deaf) Hears(id [32]byte) bool     { return d[id] }
func (d deaf) Close()                     {}

// idle returns the loop, not running, of a new node in a section of four, and the others' identities.
func idle(t *testing.T, restored bool) (l *loop, others []core.Identity) {
	t.Helper()
	dir := t.TempDir()
	s := Setup{Name: t.Name(), Mode: "single"}
	for i := range 4 {
		s.Seeds, s.Peers = append(s.Seeds, [32]byte{byte(i + 1), 78}), append(s.Peers, "127.0.0.1:1")
	}
	if err := Create(dir, s); err != nil {
		t.Fatal(err)
	}
	cfg, err := LoadConfig(filepath.Join(dir, "node0"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Restored = restored
	n, err := open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.wal.Close() })
	if l, err = n.recover(); err != nil {
		t.Fatal(err)
	}
	for _, seed := range s.Seeds[1:] {
		others = append(others, core.IdentityOf(seed))
	}
	return l, others
}

// TestSilent: members that are connected and do not answer hold a start up for a second, and are asked less and less often by a
// node that has to wait for them.
func TestSilent(t *testing.T) {
	for _, restored := range []bool{false, true} {
		l, others := idle(t, restored)
		l.transport = deaf{}
		l.neighbour(others[0]).heard = true
		began := time.Now()
		var asked [3][]time.Duration // the first few times that each is
		for at := time.Duration(0); at < 30*time.Second; at += learnEvery {
			l.learn(began.Add(at))
			l.core.Ready()
			l.core.Advance()
			for i, id := range others {
				if len(asked[i]) < l.neighbour(id).question.times {
					asked[i] = append(asked[i], at)
				}
			}
			if v := l.view.Load(); v.learning != (restored || at < learnWithin) {
				t.Fatalf("restored %t: after %v it learns: %t", restored, at, v.learning)
			}
		}
		sooner := []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second, 15 * time.Second, 25 * time.Second}
		later := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 26 * time.Second}
		if !restored {
			sooner, later = sooner[:2], later[:1]
		}
		for i, want := range [][]time.Duration{sooner, later, later} {
			if !slices.Equal(asked[i], want) {
				t.Errorf("restored %t: member %d is asked after %v, want %v", restored, i, asked[i], want)
			}
		}
	}
}

// TestRecipient: who cannot answer is asked now and then alone, and first when it had time to dial.
func TestRecipient(t *testing.T) {
	l, others := idle(t, false)
	heard := deaf{}
	l.transport = heard
	if err := l.core.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := l.core.Vote([]byte{1}); err != nil {
		t.Fatal(err)
	}
	ask := func(now time.Time) (to core.Identity, ok bool) {
		before := l.requests.Load()
		l.gossip(now)
		l.core.Ready()
		l.core.Advance()
		for id, p := range l.peers {
			if p.asked.Equal(now) {
				to = id
			}
		}
		return to, l.requests.Load() > before
	}
	begin := l.began
	if to, ok := ask(begin.Add(answerWithin / 2)); ok {
		t.Errorf("asks %x, which cannot answer", to)
	}
	one := others[0]
	heard[one] = true
	if to, ok := ask(begin.Add(answerWithin / 2)); !ok || to != one {
		t.Errorf("asks %x, %v, and not the one that can answer", to, ok)
	}
	asked := 0
	for k := range 40 { // for four seconds, all being silent
		if _, ok := ask(begin.Add(answerWithin + time.Duration(k)*answerWithin/10)); ok {
			asked++
		}
	}
	if asked < 9 || asked > 12 {
		t.Errorf("asked %d times in four seconds", asked)
	}
}
