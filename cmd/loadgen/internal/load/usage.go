package load

import "runtime"

func goroutines() int { return runtime.NumGoroutine() }
