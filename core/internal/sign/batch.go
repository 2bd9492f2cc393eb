package sign

import (
	"encoding/binary"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
)

// batch is what a Check works in. All of it is kept from call to call.
type batch struct {
	good []bool // by item
	open []open // the items that could be decoded

	bisectMin int // the constant; tests set less
	budget    int // of search: items that it may still sum up

	sums    []wide   // by peer: of z * h; zero between calls
	signers []uint16 // the peers whose sums are used

	values  []scalar.Scalar
	scalars []*scalar.Scalar
	points  []*curve.EdwardsPoint
	input   [2 + 32 + 64]byte
	output  [64]byte
}

// open is an item whose R and S are well-formed.
type open struct {
	r      curve.EdwardsPoint
	digest [64]byte // h before it is reduced
	s      [32]byte
	z      coefficient
	item   uint16 // its place
	peer   uint16
}

// holds reports whether the signature is good, with the expanded negative of the key.
func (o *open) holds(negative *curve.ExpandedEdwardsPoint) bool {
	var h, s scalar.Scalar
	reduceWide(&h, &o.digest)
	if _, err := s.SetBits(o.s[:]); err != nil {
		panic(err) // only for another length
	}
	var difference curve.EdwardsPoint
	return difference.ExpandedTripleScalarMulBasepointVartime(&h, negative, &s, &o.r).IsSmallOrder()
}

// coefficients draws a z for each open item. Items that are not open are bad whatever z is: they are left out.
func (v *Verifier) coefficients(items []Item) {
	v.draw.Reset()
	for i := range v.open {
		item := &items[v.open[i].item]
		binary.LittleEndian.PutUint16(v.input[:2], item.Peer)
		copy(v.input[2:34], item.Message[:])
		copy(v.input[34:], item.Signature[:])
		v.draw.Write(v.input[:])
	}
	drawn := v.draw.Digest()
	for i := range v.open {
		at := i % 4 * 16
		if at == 0 {
			drawn.Read(v.output[:])
		}
		v.open[i].z = coefficient{
			binary.LittleEndian.Uint64(v.output[at:]), binary.LittleEndian.Uint64(v.output[at+8:]),
		}
	}
}

// sumIsZero reports whether 8 times the sum of z*(R + [h]A - [S]B) over open[first:end] is zero. The terms with A
// are merged by peer, those with B into one: as many as there are items and distinct signers, and one.
func (v *Verifier) sumIsZero(first, end int) bool {
	for len(v.sums) < len(v.keys) {
		v.sums = append(v.sums, wide{})
	}
	var base wide
	for i := first; i < end; i++ {
		o := &v.open[i]
		sum := &v.sums[o.peer]
		if *sum == (wide{}) {
			v.signers = append(v.signers, o.peer)
		}
		sum.addProduct(&o.z, o.digest[:])
		base.addProduct(&o.z, o.s[:])
	}

	n := end - first + len(v.signers) + 1
	for len(v.values) < n {
		v.values = append(v.values, scalar.Scalar{})
	}
	v.scalars, v.points = v.scalars[:0], v.points[:0]
	term := func(p *curve.EdwardsPoint) *scalar.Scalar {
		s := &v.values[len(v.scalars)]
		v.scalars, v.points = append(v.scalars, s), append(v.points, p)
		return s
	}
	for i := first; i < end; i++ {
		o := &v.open[i]
		var z [32]byte
		binary.LittleEndian.PutUint64(z[:], o.z[0])
		binary.LittleEndian.PutUint64(z[8:], o.z[1])
		term(&o.r).SetBits(z[:])
	}
	for _, p := range v.signers {
		v.sums[p].reduce(term(&v.keys[p].point))
		v.sums[p] = wide{}
	}
	v.signers = v.signers[:0]
	b := term(curve.ED25519_BASEPOINT_POINT)
	base.reduce(b)
	b.Neg(b)
	var sum curve.EdwardsPoint
	return sum.MultiscalarMulVartime(v.scalars, v.points).IsSmallOrder()
}
