//go:build !linux

package node

// process returns what is not asked of this system: nothing.
func process() (cpu float64, resident uint64, files int) { return 0, 0, -1 }
