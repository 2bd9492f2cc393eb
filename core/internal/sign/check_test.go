package sign

import (
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/hdevalence/ed25519consensus"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
)

// judge returns what another implementation and Verify find out about an item, and fails if they differ.
func judge(t testing.TB, item *Item) bool {
	t.Helper()
	if int(item.Peer) >= len(forgedKeys) {
		return false
	}
	k := forgedKeys[item.Peer].public
	want := ed25519consensus.Verify(ed25519.PublicKey(k[:]), item.Message[:], item.Signature[:])
	if got := Verify(k, &item.Message, &item.Signature); got != want {
		t.Fatalf("Verify says %t, ed25519consensus %t: key %x, message %x, signature %x",
			got, want, k, item.Message, item.Signature)
	}
	return want
}

// compare checks items as a batch and singly and compares the verdicts with want.
func compare(t testing.TB, v *Verifier, items []Item, want []bool) {
	t.Helper()
	words := (len(items) + 63) / 64
	for _, trusted := range []bool{true, false} {
		bad := make([]uint64, words+1)
		for i := range bad {
			bad[i] = 0xaaaa_aaaa_aaaa_aaaa // what is there before does not matter
		}
		all := v.Check(items, bad, trusted)
		wantAll := true
		for i := range items {
			wantAll = wantAll && want[i]
			if got := bad[i/64]>>(i%64)&1 == 0; got != want[i] {
				t.Fatalf("trusted=%t: item %d of %d is good=%t, want %t: %+v", trusted, i, len(items), got, want[i], items[i])
			}
			token := items[i].Verified()
			if token.OK() != want[i] {
				t.Fatalf("trusted=%t: item %d verified=%t, want %t", trusted, i, token.OK(), want[i])
			}
			if want[i] && (token.Peer() != items[i].Peer || token.Message() != items[i].Message) || !want[i] && token != (Verified{}) {
				t.Fatalf("trusted=%t: item %d has the wrong Verified: %+v", trusted, i, token)
			}
		}
		if all != wantAll {
			t.Fatalf("trusted=%t: all = %t, want %t", trusted, all, wantAll)
		}
		if len(items) <= batchMax {
			v.load(items)
			v.coefficients(items)
			wantZero := true
			for i := range v.open {
				wantZero = wantZero && want[v.open[i].item]
			}
			if got := v.sumIsZero(0, len(v.open)); got != wantZero {
				t.Fatalf("the sum of %d items is zero = %t, want %t", len(v.open), got, wantZero)
			}
		}
		if n := len(items) % 64; n != 0 && bad[words-1]>>n != 0 {
			t.Fatalf("trusted=%t: bits beyond the items are set", trusted)
		}
		if bad[words] != 0xaaaa_aaaa_aaaa_aaaa {
			t.Fatalf("trusted=%t: a word beyond the items was written", trusted)
		}
	}
}

// checkScript compares all verdicts on the items of a script and returns how many are good.
func checkScript(t testing.TB, v *Verifier, script []byte) int {
	t.Helper()
	items := forge(script)
	want := make([]bool, len(items))
	good := 0
	for i := range items {
		if want[i] = judge(t, &items[i]); want[i] {
			good++
		}
	}
	compare(t, v, items, want)
	return good
}

// TestEveryKindAlone puts each kind of R and of damage to each key, one item at a time and all of a key as a batch.
func TestEveryKindAlone(t *testing.T) {
	v := newForged(1)
	good, made := 0, 0
	for key := range len(forgedKeys) {
		var script []byte
		for r := 7; r < 16+len(smallOrder); r++ { // 0 to 7 are alike
			script = append(script, byte(key), byte(r), 0, byte(r))
		}
		for how := 128; how < 256; how++ {
			script = append(script, byte(key), byte(how), byte(how), byte(how))
		}
		good += checkScript(t, v, script)
		made += len(script) / stepBytes
		for i := 0; i < len(script); i += 7 * stepBytes {
			checkScript(t, v, script[i:i+stepBytes])
		}
	}
	if good < made/8 || good > made*7/8 {
		t.Fatalf("%d of %d items are good: not much of a test", good, made)
	}
}

// TestBatches mixes kinds at random, in batches of all sizes, mostly good ones at first.
func TestBatches(t *testing.T) {
	v := newForged(2)
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 60 {
		v.bisectMin = []int{bisectMin, 2, 3}[round%3]
		script := make([]byte, stepBytes*(1+random.IntN(2+2*round)))
		for i := range script {
			script[i] = byte(random.Uint32())
			if i%stepBytes == 2 && random.IntN(4+round*8) != 0 {
				script[i] = 0 // undamaged
			}
		}
		checkScript(t, v, script)
	}
}

// TestLargeBatches has more items than one batch may have, with bad ones at the edges of batches.
func TestLargeBatches(t *testing.T) {
	v := newForged(3)
	for _, n := range []int{0, 1, batchMin - 1, batchMin, batchMin + 1, 189, 300, batchMax + 65} {
		script := make([]byte, n*stepBytes)
		for i := range n {
			copy(script[i*stepBytes:], []byte{byte(i), byte(i / 3), 0, byte(i / 2)})
		}
		items := forge(script)
		want := make([]bool, n)
		for i := range want {
			want[i] = true
		}
		compare(t, v, items, want)
		for _, at := range []int{0, n / 2, batchMax - 1, batchMax, n - 2} {
			if at >= 0 && at < n {
				items[at].Message[9] ^= 1
				want[at] = judge(t, &items[at]) // a key of small order may sign that too
			}
		}
		compare(t, v, items, want)
	}
}

// TestCancelling damages pairs of signatures so that the errors cancel wherever two coefficients are equal.
func TestCancelling(t *testing.T) {
	v := newForged(4)
	const n = 64
	items := forge(make([]byte, n*stepBytes)) // one key
	one := scalar.One()
	for distance := 1; distance < n; distance++ {
		pair := append([]Item(nil), items...)
		for i, add := range map[int]bool{0: true, distance: false} {
			s, err := scalar.NewFromBits(pair[i].Signature[32:])
			if err != nil {
				t.Fatal(err)
			}
			if add {
				s.Add(s, one)
			} else {
				s.Sub(s, one)
			}
			if err := s.ToBytes(pair[i].Signature[32:]); err != nil {
				t.Fatal(err)
			}
		}
		var bad [1]uint64
		if v.Check(pair, bad[:], true) || bad[0] != 1|1<<distance {
			t.Fatalf("errors in items 0 and %d: bad = %b", distance, bad[0])
		}
	}
}

// TestCoefficients checks that they depend on the secret and on every part of every item, and on nothing else.
func TestCoefficients(t *testing.T) {
	items := forge([]byte{0, 0, 0, 0, 1, 0, 0, 1, 2, 0, 0, 2, 3, 0, 0, 3, 4, 0, 0, 4})
	draw := func(v *Verifier, items []Item) (all [5]coefficient) {
		v.load(items)
		v.coefficients(items)
		if len(v.open) != len(all) {
			t.Fatalf("%d items are open", len(v.open))
		}
		for i := range all {
			all[i] = v.open[i].z
		}
		return all
	}
	v := newForged(5)
	seen := map[coefficient]string{}
	note := func(what string, all [5]coefficient) {
		for i, z := range all {
			if was, ok := seen[z]; ok {
				t.Fatalf("%s: coefficient %d is one of %s", what, i, was)
			}
			if z[0] == 0 || z[1] == 0 {
				t.Fatalf("%s: coefficient %d is short: %x", what, i, z)
			}
			seen[z] = what
		}
	}
	first := draw(v, items)
	note("the batch", first)
	note("another secret", draw(newForged(6), items))
	for i := range items {
		for _, change := range []struct {
			what string
			do   func(*Item)
		}{
			{"peer", func(it *Item) { it.Peer += 8 }},
			{"message", func(it *Item) { it.Message[31] ^= 1 }},
			{"R", func(it *Item) { it.Signature[31] ^= 0x80 }},
			{"S", func(it *Item) { it.Signature[32] ^= 1 }},
		} {
			other := append([]Item(nil), items...)
			change.do(&other[i])
			note(fmt.Sprintf("%s of item %d", change.what, i), draw(v, other))
		}
	}
	if again := draw(v, items); again != first {
		t.Fatal("the same batch draws other coefficients")
	}
}

// FuzzBatch compares batches, single checks and ed25519consensus on whatever a forger can make.
func FuzzBatch(f *testing.F) {
	v := newForged(7)
	v.bisectMin = 2 // so that 16 items are enough to go down several times
	f.Fuzz(func(t *testing.T, script []byte) {
		checkScript(t, v, script[:min(len(script), 16*stepBytes)])
	})
}
