package sign

import (
	"encoding/binary"
	"math/bits"

	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
)

// coefficient is a 128-bit number, low word first.
type coefficient [2]uint64

// wide is a sum of products of coefficients with numbers of up to 512 bits: below 2^(640+64), low word first.
// Products are summed as they are and reduced modulo L once for each key; reducing each took 0.7 µs a signature.
// The zero value is zero.
type wide [11]uint64

// addProduct adds c * number, a number of 256 or 512 bits, little-endian. A sum of up to 2^63 products fits.
func (w *wide) addProduct(c *coefficient, number []byte) {
	n := len(number) / 8
	for j, m := range c {
		var high uint64 // what the next word still gets
		i := 0
		for ; i < n; i++ {
			h, l := bits.Mul64(m, binary.LittleEndian.Uint64(number[8*i:]))
			var carry uint64
			l, carry = bits.Add64(l, high, 0)
			h += carry
			w[i+j], carry = bits.Add64(w[i+j], l, 0)
			high = h + carry // h is at most 2^64 - 2 and the two carries only come with less
		}
		for k := i + j; high != 0; k++ {
			w[k], high = bits.Add64(w[k], high, 0)
		}
	}
}

// shift512 is 2^512 modulo L.
var shift512 = func() *scalar.Scalar {
	var s, t scalar.Scalar
	var b [64]byte
	b[32] = 1 // 2^256
	reduceWide(&s, &b)
	return t.Mul(&s, &s)
}()

// reduce sets s to the sum modulo L.
func (w *wide) reduce(s *scalar.Scalar) {
	var low, high [64]byte
	for i, v := range w {
		if i < 8 {
			binary.LittleEndian.PutUint64(low[8*i:], v)
		} else {
			binary.LittleEndian.PutUint64(high[8*(i-8):], v)
		}
	}
	var h scalar.Scalar
	reduceWide(s, &low)
	reduceWide(&h, &high)
	s.Add(s, h.Mul(&h, shift512))
}
