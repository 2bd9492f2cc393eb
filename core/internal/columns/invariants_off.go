//go:build !invariants

package columns

// invariants says whether what the types promise is checked as events are inserted; it is slow.
const invariants = false
