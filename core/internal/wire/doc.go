// Package wire holds what the protocol hashes and what it sends: event ids, observation hashes, trees of
// votes, and the encodings of observations, messages, frames and proofs. core/design/wire.md has all of it
// byte by byte.
//
// It knows syntax alone. That a message decodes says that it has the one encoding of what it says and
// keeps the limits; who may have made its events, whether their parents exist and their signatures are
// right, and whether what is voted for makes sense, is for others to ask, in that order of cost.
//
// What the caller sees to:
//
//   - The peer is authenticated before its frames are opened.
//   - Table entries of a message may say the same thing twice; places in tables are not identities.
//   - Buffers are reused: what [Framer.Open] and [Decode] return holds until their next call, and a decoded
//     message's bodies lie in the raw message.
//
// Nothing here starts a goroutine, reads a clock or keeps state between calls but buffers. A [Section] may
// be used by any number of goroutines; a [Framer], a [Tree] and a [Message] by one at a time.
package wire
