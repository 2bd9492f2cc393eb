// Package transport carries frames between the members of a section: TLS 1.3 over TCP, both sides known by the
// Ed25519 key that is their identity. It knows nothing of what frames mean, and decompresses nothing.
//
// Not for talking to strangers, not for messages that have to arrive: a frame may be lost when a connection breaks
// or a queue is full, and nobody is told but the counters. What arrives was sent by whom it is said to be from, whole,
// once, and in the order of sending as long as one connection lasts.
//
// # Connections
//
// Each node dials each peer. Frames go out over the connection that one dialled and come in over those that one
// accepted; so two nodes have two connections, and no rule is needed for which of two to keep.
//
//	dialler                                listener
//	  | --- TLS 1.3, ALPN parsec/1 ----------> |  its address has handshakes left? else closed unread
//	  | <-- certificate: the peer I dialled?   |
//	  |     certificate: somebody Allowed? --> |
//	  | --- hello: section ------------------> |
//	  | <-- hello: section ------------------- |
//	  | --- frame, frame, keepalive ---------> |  Deliver
//	  | <-- keepalive ------------------------ |
//
// On the wire a frame is its length (4 bytes, little endian) and its bytes; length 0 is a keepalive. A hello is a frame
// of 33 bytes: 1, and the section.
//
// # What the caller sees to
//
//   - Deliver may block: that holds up the peer whose frame it is, and nobody else. A peer that is held up for longer
//     than [Config].Stall takes us for stuck, and dials again. The frame is lent for the call.
//   - Allowed is asked at each handshake, and again every [Config].PingEvery about who is connected.
//   - Deliver, Allowed and OnUp are called from several goroutines and must not call Close.
//
// [Memory] has the same methods without sockets, for tests.
package transport
