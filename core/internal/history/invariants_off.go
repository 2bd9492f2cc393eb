//go:build !invariants

package history

const invariants = false
