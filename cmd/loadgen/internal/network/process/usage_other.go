//go:build !linux

package process

// Usage reports false: there is no /proc to read.
func (p *Process) Usage() (Usage, bool) { return Usage{}, false }
