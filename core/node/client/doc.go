// Package client speaks to a node over its HTTP interface: it submits, follows what is decided, and asks how the node
// is.
//
// A submission is an id, data, and until, the number of the last block at which it counts. It is acknowledged when it is
// durable at the node, and decided when it is in a block; the same id, data and until are decided once, however often and
// wherever they are submitted. So whoever gets no answer submits the same again, here or at another node. Methods give an
// until to a [Submission] that has none, and it keeps that. What is not decided by its until has expired, and never is.
//
// The same id with other data, or another until, is another submission, which anyone may make: to find one's own in a
// block, compare data too.
//
//   - One at a time: [Client.Submit] and [Client.SubmitDecided]; [Client.Find] asks for what became of one, and
//     [Client.List] for all with an id.
//   - Many: [Client.Stream] sends batches, each in one write, and is told how many are acknowledged. It costs no
//     allocation for a batch.
//   - What is decided: [Client.Follow] gives every block, with or without the data, as soon as it is decided, and
//     [Client.Blocks] those that are there.
//   - The node: [Client.Status]. Members: [Client.Add] and [Client.Remove].
//
// Contexts end whatever waits. Nothing connects again by itself: open another stream, and send what was not acknowledged;
// follow from the number after that of the last block. [ErrUnavailable] is the error of what may go well later or
// elsewhere, and [RetryAfter] says when.
//
// The client believes nodes what they say about the section, but nothing about lengths and counts: what a node sends
// makes it neither fail nor take more memory than is said at each call.
//
// Without Go: the interface is HTTP/1.1 with JSON, and two binary formats for many submissions and blocks. With curl:
//
//	curl --data-binary hello 'http://127.0.0.1:7000/v1/submissions?wait=decided'
//	curl 'http://127.0.0.1:7000/v1/blocks?follow=1'
//	curl 'http://127.0.0.1:7000/v1/status'
//
// `go doc parsec/core/node/internal/api` has all of it: paths, limits, errors, formats.
package client
