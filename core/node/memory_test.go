package node

import (
	"errors"
	"strings"
	"testing"

	"parsec/core/node/client"
)

func TestBytes(t *testing.T) {
	for text, want := range map[string]Bytes{"0B": 0, "1B": 1, "1025B": 1025, "3KiB": 3 << 10, "512MiB": 512 << 20, "4GiB": 4 << 30, "7TiB": 7 << 40} {
		var got Bytes
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
		if b, err := want.MarshalText(); string(b) != text || err != nil {
			t.Errorf("%d: %s, %v", want, b, err)
		}
	}
	for _, text := range []string{"", "4", "4GB", "GiB", "-1B", "1.5GiB", "9999999TiB", "4 GiB", "99999999999999999999B"} {
		if err := new(Bytes).UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "4GiB") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := (&Config{Dir: "x", Memory: 1 << 20}).complete(); err == nil || !strings.Contains(err.Error(), "256 MiB") {
		t.Errorf("1 MiB: %v", err)
	}
}

// A node whose memory is full takes no submissions, says why, and goes on in all else.
func TestMemoryFull(t *testing.T) {
	net := newNetwork(t, 4, "supermajority")
	n := net.nodes[0]
	allow := func(b Bytes, reason string) {
		net.wait("reason "+reason, func() bool {
			if err := n.call(t.Context(), func(l *loop) { l.cfg.Memory = b }); err != nil { // which wakes it, too
				t.Fatal(err)
			}
			return (n.Status().Reason == "") == (reason == "") && strings.Contains(n.Status().Reason, reason)
		})
	}
	allow(1, "its memory is full")
	err := net.client(0).Submit(t.Context(), submission(id(0), nil))
	if e := (*client.Error)(nil); !errors.As(err, &e) || e.Code != "cannot_vote" || !strings.Contains(e.Message, "memory is full") {
		t.Errorf("a submission: %v", err)
	}
	if _, err := net.client(1).SubmitDecided(t.Context(), submission(id(1), nil)); err != nil {
		t.Fatal(err)
	}
	net.decided(1)
	if s := n.Status(); s.State != client.StateVoting {
		t.Errorf("%+v", s)
	}
	allow(1<<40, "")
	if _, err := net.client(0).SubmitDecided(t.Context(), submission(id(0), nil)); err != nil {
		t.Fatal(err)
	}
	net.decided(2)
}
