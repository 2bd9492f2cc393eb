package sign

import (
	"fmt"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/zeebo/blake3"
)

// MaxKeys is how many keys a Verifier takes: as many as there are peer numbers.
const MaxKeys = 1 << 16

// Item is a signature that is to be checked. Check reads the exported fields and sets what Verified returns;
// items can be kept and filled again, so that a batch allocates nothing.
type Item struct {
	Peer      uint16   // the number that AddKey gave the key
	Message   [32]byte // what was signed
	Signature [SignatureSize]byte
	verified  Verified
}

// Verified returns what the last Check that was given the item found: the zero Verified if the signature was bad.
// Fields changed since then do not change it.
func (i *Item) Verified() Verified { return i.verified }

// Verified says that a peer signed a message. Only this package makes one that is not zero, so code that asks for
// it cannot be given what was not checked. It is a value of 36 bytes without pointers; the numbers are those of the
// Verifier that made it.
type Verified struct {
	message [32]byte
	peer    uint16
	ok      bool
}

// OK reports whether anything was verified: the zero value was not.
func (v Verified) OK() bool { return v.ok }

// Peer returns who signed; 0 in the zero value.
func (v Verified) Peer() uint16 { return v.peer }

// Message returns what was signed; zeros in the zero value.
func (v Verified) Message() [32]byte { return v.message }

// Verifier checks what known peers signed. Not for use by several goroutines at once.
type Verifier struct {
	keys []key
	draw *blake3.Hasher // keyed by the secret: coefficients
	batch
	pieces pieces
}

// key is what is kept of a key: 0.2 KB, and 1.4 KB that it points to.
type key struct {
	encoded  PublicKey
	point    curve.EdwardsPoint
	negative *curve.ExpandedEdwardsPoint // of -point, for single checks
}

// NewVerifier returns a Verifier without keys. The secret makes what batches are multiplied with unpredictable to
// those who send them; see [Verifier.Check].
func NewVerifier(secret [32]byte) *Verifier {
	draw, err := blake3.NewKeyed(secret[:])
	if err != nil {
		panic(err) // only for another length
	}
	return &Verifier{draw: draw, batch: batch{bisectMin: bisectMin}}
}

// AddKey takes up a key and returns its number: 0, 1, 2 and so on. It refuses what CheckKey refuses with the same
// errors, and more than MaxKeys. A key that is added twice has two numbers. It takes about 45 µs and 1.6 KB, which
// are kept as long as the Verifier.
func (v *Verifier) AddKey(k PublicKey) (number int, err error) {
	a, err := decodeMember(k)
	if err != nil {
		return 0, err
	}
	if len(v.keys) == MaxKeys {
		return 0, fmt.Errorf("sign: more than %d keys", MaxKeys)
	}
	return v.add(k, &a), nil
}

// add takes up any point: tests give it those that members may not have.
func (v *Verifier) add(k PublicKey, a *curve.EdwardsPoint) int {
	var negative curve.EdwardsPoint
	v.keys = append(v.keys, key{encoded: k, point: *a, negative: curve.NewExpandedEdwardsPoint(negative.Neg(a))})
	return len(v.keys) - 1
}

// Sign signs for a peer whose key is the signer's and vouches for the result without checking it. It returns the
// zero Verified if the peer has another key.
func (v *Verifier) Sign(s *Signer, peer uint16, message *[32]byte) ([SignatureSize]byte, Verified) {
	if int(peer) >= len(v.keys) || v.keys[peer].encoded != s.public {
		return [SignatureSize]byte{}, Verified{}
	}
	return s.Sign(message), Verified{message: *message, peer: peer, ok: true}
}
