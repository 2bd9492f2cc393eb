//go:build !unix

package load

import "time"

// usedCPU returns -1: this system does not tell in a way that is known here.
func usedCPU() time.Duration { return -1 }
