// Package sign makes and checks the signatures of members: Ed25519 over 32-byte messages, singly and in batches,
// which take down to a quarter of the time.
//
// # The caller's duties
//
//   - A member's key is checked once, when it is proposed ([CheckKey] or [Verifier.AddKey]).
//   - The secret of a [Verifier] is random, known to no other process and not derived from anything that was sent.
//     Whoever knows it can make batches of bad signatures that pass.
//   - One goroutine at a time uses a Verifier. A [Signer] may be shared.
//   - A batch holds what one sender sent. When [Verifier.Check] says that something in it is bad, the caller
//     remembers so of the sender and passes trusted = false for it from then on.
//   - Messages are hashes: 32 bytes that already bind all that is signed, the section included. Nothing is added
//     to them here.
//
// # One rule for all
//
// All verdicts follow ZIP-215. With R and A decoded from their 32 bytes, S read as a number and h the SHA-512 of
// the bytes of R, A and the message, a signature is good exactly if
//
//	S < L, R and A are on the curve, and [8][S]B = [8]R + [8][h]A
//
// where B generates the group of prime order L. An encoding need not be canonical: y is taken modulo p, and the
// sign of x = 0 may be set. The factor 8 takes out what R and A have of the eight points of small order. That is
// what makes the verdicts of a batch, which is one sum of such equations, those of single checks; without it a
// signer could make a signature that some nodes accept and others refuse, according to what else was in the batch,
// and split them. What else RFC 8032 leaves open is settled by bytes: h is over the bytes that were sent.
//
// [CheckKey] is stricter, since a key is chosen once and by its owner. It does not change how signatures by a key
// are judged: [Verify] takes any key and follows the rule above.
//
// # Terms
//
// A batch is what one call of Check gets; peers are numbered from 0 as their keys are added. core/design/signatures.md
// has the choices, what was rejected, and figures.
package sign
