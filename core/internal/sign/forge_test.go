package sign

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
)

// A forger makes what the rules have to judge alike everywhere: signatures by keys and with R that nobody honest
// has, damaged in one place or in none.

// smallOrder are all encodings of the eight points of small order, canonical or not: y, with either sign, and y + p
// where that is below 2^255.
var smallOrder = func() (all [][32]byte) {
	seen := map[[32]byte]bool{}
	for _, p := range curve.EIGHT_TORSION {
		var c curve.CompressedEdwardsY
		c.SetEdwardsPoint(p)
		for _, more := range []bool{false, true} {
			for _, sign := range []byte{0, 0x80} {
				e := [32]byte(c)
				if more {
					if e[0] > 18 || [30]byte(e[1:31]) != [30]byte{} || e[31]&0x7f != 0 {
						continue
					}
					e[0] += 0xed
					for i := 1; i < 31; i++ {
						e[i] = 0xff
					}
					e[31] = 0x7f
				}
				e[31] = e[31]&0x7f | sign
				var q curve.EdwardsPoint
				if decode(&q, &e) && q.IsSmallOrder() && !seen[e] {
					seen[e] = true
					all = append(all, e)
				}
			}
		}
	}
	return all
}()

// A forgedKey is a key with what is needed to sign for it: the point is secret*B plus one of small order.
type forgedKey struct {
	public PublicKey
	secret scalar.Scalar
}

const honestKeys = 6

// forgedKeys are six honest ones, seven with a component of small order, and all of small order.
var forgedKeys = func() (keys []forgedKey) {
	random := rand.NewChaCha8([32]byte{1})
	for i := range honestKeys + 7 {
		var k forgedKey
		var wide [64]byte
		random.Read(wide[:])
		reduceWide(&k.secret, &wide)
		var p curve.EdwardsPoint
		p.MulBasepoint(curve.ED25519_BASEPOINT_TABLE, &k.secret)
		if i >= honestKeys {
			p.Add(&p, curve.EIGHT_TORSION[i-honestKeys+1])
		}
		var c curve.CompressedEdwardsY
		k.public = PublicKey(*c.SetEdwardsPoint(&p))
		keys = append(keys, k)
	}
	for _, e := range smallOrder {
		keys = append(keys, forgedKey{public: e}) // secret 0
	}
	return keys
}()

// newForged returns a Verifier with the forged keys, by their places.
func newForged(secret byte) *Verifier {
	v := NewVerifier([32]byte{secret})
	for i, k := range forgedKeys {
		var p curve.EdwardsPoint
		if !decode(&p, (*[32]byte)(&k.public)) || v.add(k.public, &p) != i {
			panic("a forged key is not on the curve")
		}
	}
	return v
}

// stepBytes is how many bytes a script of forge has for each item.
const stepBytes = 4

// forge makes the items a script describes, whatever its bytes are. Of each four bytes the first chooses the key, the
// second R, the third what is damaged and the fourth the message and the nonce.
func forge(script []byte) []Item {
	items := make([]Item, len(script)/stepBytes)
	for i := range items {
		step := script[stepBytes*i:][:stepBytes]
		item := &items[i]
		item.Peer = uint16(int(step[0]) % len(forgedKeys))
		binary.LittleEndian.PutUint16(item.Message[:], uint16(step[3]))
		key := &forgedKeys[item.Peer]

		var wide [64]byte
		wide[0], wide[1], wide[40] = step[3], step[1], 1+byte(i)
		var nonce scalar.Scalar
		reduceWide(&nonce, &wide)
		var r curve.EdwardsPoint
		r.MulBasepoint(curve.ED25519_BASEPOINT_TABLE, &nonce)
		switch kind := int(step[1]) % (16 + len(smallOrder)); {
		case kind < 8: // honest
		case kind < 16: // with a component of small order, once of order 1
			r.Add(&r, curve.EIGHT_TORSION[kind-8])
		}
		var c curve.CompressedEdwardsY
		copy(item.Signature[:], c.SetEdwardsPoint(&r)[:])
		if kind := int(step[1]) % (16 + len(smallOrder)); kind >= 16 {
			copy(item.Signature[:], smallOrder[kind-16][:])
			nonce.Zero()
		}

		digest := challenge(&key.public, &item.Message, &item.Signature)
		var h, s scalar.Scalar
		reduceWide(&h, &digest)
		s.Add(s.Mul(&h, &key.secret), &nonce)
		if err := s.ToBytes(item.Signature[32:]); err != nil {
			panic(err)
		}
		damage(item, step[2])
	}
	return items
}

// damage changes an item in the way that a number says; 0 to 127 leave it as it is.
func damage(item *Item, how byte) {
	addL := func() {
		var order [32]byte
		if err := scalar.BASEPOINT_ORDER.ToBytes(order[:]); err != nil {
			panic(err)
		}
		carry := 0
		for i, b := range order {
			sum := int(item.Signature[32+i]) + int(b) + carry
			item.Signature[32+i], carry = byte(sum), sum>>8
		}
	}
	switch {
	case how < 128:
	case how < 136: // S + L, up to S + 8L: the same number, not canonical
		for range how - 127 {
			addL()
		}
	case how < 144: // S + 1: two of these and two of the next would cancel
		item.Signature[32] ^= 1
	case how < 152:
		item.Signature[32] ^= 2
	case how < 160: // a high bit of S
		item.Signature[63] ^= 1 << (how % 8)
	case how < 168: // the sign of R: still on the curve
		item.Signature[31] ^= 0x80
	case how < 176: // R, perhaps off the curve
		item.Signature[how%32] ^= 4
	case how < 184: // R beyond p, if it is on the curve
		for i := range 31 {
			item.Signature[i] = 0xff
		}
		item.Signature[0], item.Signature[31] = 0xed+how%8, 0x7f
	case how < 192:
		item.Message[31] ^= 1 << (how % 8)
	case how < 200:
		item.Peer = (item.Peer + 1) % uint16(len(forgedKeys))
	case how < 208:
		item.Peer += uint16(len(forgedKeys)) // nobody's
	case how < 216:
		clear(item.Signature[32:])
	case how < 224:
		clear(item.Signature[:])
	case how < 232:
		for i := range item.Signature {
			item.Signature[i] = 0xff
		}
	}
}
