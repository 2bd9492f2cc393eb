//go:build !linux

package network

// InMemory reports false: this system does not tell whether there is a disk behind a folder.
func (n *Network) InMemory() bool { return false }
