package sign

import (
	"crypto/sha512"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
)

// Verify reports whether a signature of a message is good, for any key and with no state. It is for proofs that
// are checked outside a node; it takes about 36 µs. It does not ask whether the key may be a member's: whoever
// trusts the key has done so.
func Verify(k PublicKey, message *[32]byte, signature *[SignatureSize]byte) bool {
	var a, r, difference curve.EdwardsPoint
	if !decode(&a, (*[32]byte)(&k)) || !decode(&r, (*[32]byte)(signature[:32])) || !canonicalS(signature) {
		return false
	}
	digest := challenge(&k, message, signature)
	var h, s scalar.Scalar
	reduceWide(&h, &digest)
	setS(&s, signature)
	a.Neg(&a)
	return difference.TripleScalarMulBasepointVartime(&h, &a, &s, &r).IsSmallOrder()
}

// decode sets p to the point that 32 bytes encode, canonically or not, and reports whether there is one.
func decode(p *curve.EdwardsPoint, encoded *[32]byte) bool {
	_, err := p.SetCompressedY((*curve.CompressedEdwardsY)(encoded))
	return err == nil
}

// canonicalS reports whether the S of a signature is below L.
func canonicalS(signature *[SignatureSize]byte) bool { return scalar.ScMinimalVartime(signature[32:]) }

// setS sets s to the S of a signature, which is canonical.
func setS(s *scalar.Scalar, signature *[SignatureSize]byte) {
	if _, err := s.SetBits(signature[32:]); err != nil {
		panic(err) // only for another length
	}
}

// challenge returns h before it is reduced: the SHA-512 of the bytes of R, A and the message.
func challenge(k *PublicKey, message *[32]byte, signature *[SignatureSize]byte) [64]byte {
	var input [96]byte
	copy(input[:32], signature[:32])
	copy(input[32:64], k[:])
	copy(input[64:], message[:])
	return sha512.Sum512(input[:])
}

// reduceWide sets s to a number of 512 bits, little-endian, modulo L.
func reduceWide(s *scalar.Scalar, wide *[64]byte) {
	if _, err := s.SetBytesModOrderWide(wide[:]); err != nil {
		panic(err) // only for another length
	}
}
