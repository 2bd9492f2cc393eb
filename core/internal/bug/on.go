//go:build bugs

package bug

// Possible tells whether this build has bugs.
const Possible = true

// Active is the bug in force, if any. It is set before anything runs.
var Active Bug

// On reports whether bug b is in force.
func On(b Bug) bool { return b == Active }
