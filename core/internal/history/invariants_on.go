//go:build invariants

package history

const invariants = true
