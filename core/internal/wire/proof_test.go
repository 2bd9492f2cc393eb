package wire

import (
	"bytes"
	"crypto/ed25519"
	"math/rand/v2"
	"testing"
)

// randomProof makes the proof of one vote of n, properly signed.
func randomProof(r *rand.Rand, n, position int) *Proof {
	seed := randomHash(r)
	key := ed25519.NewKeyFromSeed(seed[:])
	votes := make([]Hash, n)
	for i := range votes {
		votes[i] = randomHash(r)
	}
	tree := new(Tree)
	p := &Proof{
		Section: section.ID,
		Header: Header{Creator: Hash(key.Public().(ed25519.PublicKey)), Index: 1 + r.Uint32()/2, Cause: Observing,
			SelfParent: randomHash(r), Votes: uint32(n)},
		Position: uint32(position), Observation: votes[position], Path: tree.Path(votes, position),
	}
	h := p.Header
	h.Root = tree.Root(votes)
	id := section.Event(&h)
	p.Signature = [64]byte(ed25519.Sign(key, id[:]))
	return p
}

// holds reports whether a proof proves anything, by nothing but itself.
func holds(p *Proof) bool {
	id, ok := p.ID()
	return ok && ed25519.Verify(p.Creator[:], id[:], p.Signature[:])
}

func TestProof(t *testing.T) {
	r := random(40)
	reused := new(Proof)
	for _, n := range []int{1, 2, 16, 17, 40, 256, 300, MaxVotes} {
		for _, position := range []int{0, n / 2, n - 1} {
			p := randomProof(r, n, position)
			if !holds(p) {
				t.Fatalf("vote %d of %d is not proved", position, n)
			}
			b := p.Append([]byte("before"))[6:]
			if len(b) > MaxProof || (n == MaxVotes) != (len(b) == MaxProof) {
				t.Errorf("vote %d of %d: %d bytes, MaxProof is %d", position, n, len(b), MaxProof)
			}
			if err := ParseProof(b, reused); err != nil || !holds(reused) {
				t.Fatalf("vote %d of %d: after reading %+v (%v)", position, n, reused, err)
			}
			if again := reused.Append(nil); !bytes.Equal(b, again) {
				t.Fatalf("%x written again as %x", b, again)
			}
			for cut := range b {
				wantError(t, ParseProof(b[:cut], new(Proof)), ErrMalformed)
			}
			if err := ParseProof(append(b, 0), new(Proof)); err == nil {
				t.Fatal("a byte more was read")
			}
		}
	}
}

// No bit of a proof can be changed without breaking it.
func TestProofCoversAll(t *testing.T) {
	b := randomProof(random(41), 20, 18).Append(nil)
	p := new(Proof)
	step := 8 * len(b) / rounds(8*len(b)) // 1 in full
	for i := 0; i < 8*len(b); i += step {
		b[i/8] ^= 1 << (i % 8)
		if ParseProof(b, p) == nil && holds(p) {
			t.Errorf("bit %d of byte %d was changed, and the proof holds", i%8, i/8)
		}
		b[i/8] ^= 1 << (i % 8)
	}
	if err := ParseProof(b, p); err != nil || !holds(p) {
		t.Errorf("unchanged it does not hold (%v)", err)
	}
}

func TestProofRefuses(t *testing.T) {
	const index, votes, position = 1 + 32 + 32, 1 + 32 + 32 + 4 + 32, 1 + 32 + 32 + 4 + 32 + 4
	for _, c := range []struct {
		name   string
		at     int
		number []byte
		want   error
	}{
		{"version", 0, []byte{2}, ErrVersion},
		{"index 0", index, []byte{0, 0, 0, 0}, ErrMalformed},
		{"no votes", votes, []byte{0, 0, 0, 0}, ErrMalformed},
		{"too many votes", votes, []byte{1, MaxVotes >> 8, 0, 0}, ErrTooLarge},
		{"position at the end", position, []byte{20, 0, 0, 0}, ErrMalformed},
		{"another shape", position, []byte{0, 0, 0, 0}, ErrMalformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := randomProof(random(42), 20, 18).Append(nil)
			copy(b[c.at:], c.number)
			wantError(t, ParseProof(b, new(Proof)), c.want)
		})
	}
	wantError(t, ParseProof(make([]byte, MaxProof+1), new(Proof)), ErrTooLarge)
	for name, change := range map[string]func(p *Proof){
		"another cause":    func(p *Proof) { p.Cause = Request },
		"index 0":          func(p *Proof) { p.Index = 0 },
		"too many votes":   func(p *Proof) { p.Votes = MaxVotes + 1 },
		"largest numbers":  func(p *Proof) { p.Votes, p.Position = 1<<32-1, 1<<32-1 },
		"position":         func(p *Proof) { p.Position = p.Votes },
		"a path too long":  func(p *Proof) { p.Path = append(p.Path, Hash{}) },
		"a path too short": func(p *Proof) { p.Path = p.Path[1:] },
	} {
		p := randomProof(random(43), 20, 18)
		change(p)
		if id, ok := p.ID(); ok || id != (Hash{}) {
			t.Errorf("%s: it has an id", name)
		}
	}
}
