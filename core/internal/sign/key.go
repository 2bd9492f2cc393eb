package sign

import (
	"errors"
	"fmt"

	"github.com/oasisprotocol/curve25519-voi/curve"
)

// Sizes in bytes.
const (
	KeySize       = 32
	SeedSize      = 32
	SignatureSize = 64
)

// PublicKey is an Ed25519 public key as RFC 8032 encodes it: y, little-endian, with the sign of x in the top bit.
// The zero value is an encoding of a point of order 4, which [CheckKey] refuses.
type PublicKey [KeySize]byte

// ErrKey is what every refusal of a key wraps.
var ErrKey = errors.New("sign: key refused")

// CheckKey reports why a key may not become a member's; all its errors wrap [ErrKey]. It refuses
//
//   - encodings that are not canonical: a point would be several identities;
//   - what is not on the curve;
//   - points of small order: for them one signature is good for many messages, and nobody can tell who signed;
//   - points with a component of small order. Their signatures can be judged like others, and are by [Verify].
//     But no key that was generated honestly is one, eight of them share one private key, and verifiers without
//     the factor 8, such as crypto/ed25519 in TLS, accept what they sign for some messages only.
//
// It takes about 40 µs, most of it for the last, and is done once for each member.
func CheckKey(k PublicKey) error {
	_, err := decodeMember(k)
	return err
}

// decodeMember returns the point of a key that may become a member's.
func decodeMember(k PublicKey) (curve.EdwardsPoint, error) {
	var a curve.EdwardsPoint
	encoded := curve.CompressedEdwardsY(k)
	switch _, err := a.SetCompressedY(&encoded); {
	case err != nil:
		return a, fmt.Errorf("%w: not on the curve", ErrKey)
	case !encoded.IsCanonicalVartime():
		return a, fmt.Errorf("%w: not the canonical encoding of its point", ErrKey)
	case a.IsSmallOrder():
		return a, fmt.Errorf("%w: a point of small order", ErrKey)
	case !a.IsTorsionFree():
		return a, fmt.Errorf("%w: a point with a component of small order", ErrKey)
	}
	return a, nil
}
