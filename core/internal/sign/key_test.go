package sign

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
)

func TestCheckKey(t *testing.T) {
	refused := func(what string, k PublicKey, why string) {
		t.Helper()
		err := CheckKey(k)
		if !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s %x: got %v, want %q", what, k, err, why)
		}
		v := NewVerifier([32]byte{})
		if _, other := v.AddKey(k); other == nil || other.Error() != err.Error() || len(v.keys) != 0 {
			t.Errorf("%s %x: AddKey says %v, CheckKey %v", what, k, other, err)
		}
	}
	v := NewVerifier([32]byte{})
	for i, k := range forgedKeys {
		switch {
		case i < honestKeys:
			if err := CheckKey(k.public); err != nil {
				t.Errorf("honest key %x: %v", k.public, err)
			}
			if n, err := v.AddKey(k.public); n != i || err != nil {
				t.Errorf("AddKey = %d, %v, want %d", n, err, i)
			}
		case i < honestKeys+7:
			refused("with torsion", k.public, "component of small order")
		default:
			refused("small order", k.public, "") // some are not canonical either: any reason will do
		}
	}
	if len(smallOrder) != 14 {
		t.Errorf("%d encodings of small order, want 14", len(smallOrder))
	}
	refused("zero", PublicKey{}, "small order")
	refused("off the curve", PublicKey{2}, "not on the curve")
	beyond := PublicKey(bytes.Repeat([]byte{0xff}, 32))
	beyond[0], beyond[31] = 0xed+3, 0x7f // y = p + 3, and 3 is on the curve
	refused("beyond p", beyond, "canonical")
}

// TestSigner compares keys and signatures with those of the standard library, which RFC 8032 determines.
func TestSigner(t *testing.T) {
	random := rand.NewChaCha8([32]byte{3})
	for range 200 {
		var seed, message [32]byte
		random.Read(seed[:])
		random.Read(message[:])
		s := NewSigner(seed)
		k := s.Public()
		if err := CheckKey(k); err != nil {
			t.Fatal(err)
		}
		private := ed25519.NewKeyFromSeed(seed[:])
		if !bytes.Equal(k[:], private[32:]) {
			t.Fatalf("seed %x: public key %x, want %x", seed, k, private[32:])
		}
		signature := s.Sign(&message)
		if want := ed25519.Sign(private, message[:]); !bytes.Equal(signature[:], want) {
			t.Fatalf("seed %x, message %x: signature %x, want %x", seed, message, signature, want)
		}
		if !Verify(k, &message, &signature) {
			t.Fatalf("seed %x, message %x: own signature is bad", seed, message)
		}
	}
	s, message := NewSigner([32]byte{}), [32]byte{}
	if n := testing.AllocsPerRun(20, func() { signature := s.Sign(&message); message[0] = signature[0] }); n != 0 {
		t.Errorf("Sign allocates %v times", n)
	}
}

func TestVerifierSigns(t *testing.T) {
	v := NewVerifier([32]byte{1})
	a, b := NewSigner([32]byte{1}), NewSigner([32]byte{2})
	for i, s := range []*Signer{a, b} {
		if n, err := v.AddKey(s.Public()); n != i || err != nil {
			t.Fatal(n, err)
		}
	}
	message := [32]byte{5}
	signature, token := v.Sign(b, 1, &message)
	if !token.OK() || token.Peer() != 1 || token.Message() != message || signature != b.Sign(&message) {
		t.Fatalf("%+v", token)
	}
	items := []Item{{Peer: 1, Message: message, Signature: signature}}
	if v.Check(items, make([]uint64, 1), true); items[0].Verified() != token {
		t.Fatalf("checked: %+v, signed: %+v", items[0].Verified(), token)
	}
	items[0].Message[0]++
	if items[0].Verified() != token {
		t.Fatal("changing an item changed what was verified")
	}
	for _, peer := range []uint16{0, 2, 65535} {
		if signature, token := v.Sign(b, peer, &message); token != (Verified{}) || signature != [64]byte{} {
			t.Fatalf("signed as peer %d", peer)
		}
	}
}

// TestWide compares sums of products with math/big, at the largest values too.
func TestWide(t *testing.T) {
	random := rand.NewChaCha8([32]byte{4})
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	number := func(little []byte) *big.Int {
		b := bytes.Clone(little)
		for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
		return new(big.Int).SetBytes(b)
	}
	for round := range 200 {
		var w wide
		want := new(big.Int)
		for i := range 1 + round {
			buf := make([]byte, 16+32+i%2*32)
			random.Read(buf)
			if round%3 == 0 {
				for i := range buf {
					buf[i] = 0xff
				}
			}
			var c coefficient
			for i := range c {
				c[i] = number(buf[8*i : 8*i+8]).Uint64()
			}
			w.addProduct(&c, buf[16:])
			want.Add(want, new(big.Int).Mul(number(buf[:16]), number(buf[16:])))
		}
		if round%5 == 4 { // the largest sum there can be
			for i := range w {
				w[i] = ^uint64(0)
			}
			want.Sub(new(big.Int).Lsh(big.NewInt(1), 64*uint(len(w))), big.NewInt(1))
		}
		var s scalar.Scalar
		var got [32]byte
		w.reduce(&s)
		if err := s.ToBytes(got[:]); err != nil {
			t.Fatal(err)
		}
		if want.Mod(want, order); number(got[:]).Cmp(want) != 0 {
			t.Fatalf("round %d: got %v, want %v", round, number(got[:]), want)
		}
	}
}
