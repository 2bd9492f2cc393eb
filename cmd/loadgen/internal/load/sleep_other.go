//go:build !linux

package load

import "time"

// PreciseSleep is time.Sleep.
func PreciseSleep(d time.Duration) { time.Sleep(d) }
