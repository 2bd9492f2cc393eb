package sign

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"testing"
)

// members returns a Verifier with n keys and what they sign in turn.
func members(n, items int) (*Verifier, []Item) {
	v := NewVerifier([32]byte{42})
	var signers []*Signer
	for i := range n {
		s := NewSigner([32]byte{byte(i), byte(i >> 8), 1})
		if _, err := v.AddKey(s.Public()); err != nil {
			panic(err)
		}
		signers = append(signers, s)
	}
	all := make([]Item, items)
	for i := range all {
		all[i].Peer = uint16(i % n)
		binary.LittleEndian.PutUint32(all[i].Message[:], uint32(i))
		all[i].Signature = signers[i%n].Sign(&all[i].Message)
	}
	return v, all
}

func perSignature(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1000/float64(b.N)/float64(n), "us/signature")
}

func check(b *testing.B, v *Verifier, items []Item, bad int, trusted bool) {
	for i := range bad {
		items[(i*2+1)*len(items)/(2*bad)].Message[31] ^= 1
	}
	set := make([]uint64, (len(items)+63)/64)
	v.Check(items, set, trusted) // what is kept grows
	b.ReportAllocs()
	for b.Loop() {
		if v.Check(items, set, trusted) != (bad == 0) {
			b.Fatal("wrong verdict")
		}
	}
	perSignature(b, len(items))
}

// BenchmarkCheck is the cost of a signature in batches of several sizes, good ones and with bad signatures in them.
func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{1, 4, 16, 64, 256, 1024} {
		b.Run(fmt.Sprintf("keys=16/batch=%d", n), func(b *testing.B) {
			v, items := members(16, n)
			check(b, v, items, 0, true)
		})
	}
	for _, keys := range []int{4, 256} {
		b.Run(fmt.Sprintf("keys=%d/batch=256", keys), func(b *testing.B) {
			v, items := members(keys, 256)
			check(b, v, items, 0, true)
		})
	}
	for _, n := range []int{16, 64, 256, 1024} {
		for _, bad := range []int{1, 4, n} {
			b.Run(fmt.Sprintf("keys=16/batch=%d/bad=%d", n, bad), func(b *testing.B) {
				v, items := members(16, n)
				check(b, v, items, bad, true)
			})
		}
	}
}

// BenchmarkSingly is what a sender costs that is not trusted.
func BenchmarkSingly(b *testing.B) {
	v, items := members(16, 64)
	check(b, v, items, 0, false)
}

// BenchmarkVerify is a check without a Verifier.
func BenchmarkVerify(b *testing.B) {
	v, items := members(1, 1)
	for b.Loop() {
		Verify(v.keys[0].encoded, &items[0].Message, &items[0].Signature)
	}
	perSignature(b, 1)
}

// BenchmarkStandard is the standard library at the same work.
func BenchmarkStandard(b *testing.B) {
	v, items := members(1, 1)
	key := ed25519.PublicKey(v.keys[0].encoded[:])
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if !ed25519.Verify(key, items[0].Message[:], items[0].Signature[:]) {
				b.Fatal("bad")
			}
		}
		perSignature(b, 1)
	})
	b.Run("sign", func(b *testing.B) {
		private := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
		for b.Loop() {
			ed25519.Sign(private, items[0].Message[:])
		}
		perSignature(b, 1)
	})
}

func BenchmarkSign(b *testing.B) {
	s, message := NewSigner([32]byte{}), [32]byte{}
	b.ReportAllocs()
	for b.Loop() {
		s.Sign(&message)
	}
	perSignature(b, 1)
}

func BenchmarkCheckKey(b *testing.B) {
	k := NewSigner([32]byte{}).Public()
	for b.Loop() {
		if CheckKey(k) != nil {
			b.Fatal("refused")
		}
	}
}

// BenchmarkDecode is the part of a check that batches do not make cheaper: decoding R, and SHA-512.
func BenchmarkDecode(b *testing.B) {
	v, items := members(16, 256)
	for b.Loop() {
		v.load(items)
	}
	perSignature(b, len(items))
}

// BenchmarkCrossover compares the two ways to check what is decoded already, with as many keys as items: what
// batchMin and bisectMin are chosen by.
func BenchmarkCrossover(b *testing.B) {
	for _, n := range []int{2, 3, 4, 6, 8, 16, 32} {
		v, items := members(n, n)
		v.load(items)
		b.Run(fmt.Sprintf("way=sum/batch=%d", n), func(b *testing.B) {
			for b.Loop() {
				v.coefficients(items)
				if !v.sumIsZero(0, n) {
					b.Fatal("bad")
				}
			}
			perSignature(b, n)
		})
		b.Run(fmt.Sprintf("way=singly/batch=%d", n), func(b *testing.B) {
			for b.Loop() {
				v.singly(0, n)
			}
			perSignature(b, n)
		})
	}
}
