package node

import (
	"path/filepath"
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

// TestRecipient: who cannot answer is asked now and then alone, and first when it had time to dial.
func TestRecipient(t *testing.T) {
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
	n, err := open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer n.wal.Close()
	l, err := n.recover()
	if err != nil {
		t.Fatal(err)
	}
	heard := deaf{}
	n.transport = heard
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
	begin := n.began
	if to, ok := ask(begin.Add(answerWithin / 2)); ok {
		t.Errorf("asks %x, which cannot answer", to)
	}
	one := core.IdentityOf(s.Seeds[1])
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
