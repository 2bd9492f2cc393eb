// Package simulation holds what the simulator may switch off in a node, and nobody else: the type cannot be
// named outside this module, so that a node of a user always has its zero value.
package simulation

// Options are a node's. The zero value is the real thing.
type Options struct {
	// Unsigned leaves signatures out: events carry zeros, and none are checked.
	Unsigned bool
}
