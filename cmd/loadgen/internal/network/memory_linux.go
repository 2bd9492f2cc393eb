package network

import "golang.org/x/sys/unix"

// InMemory reports whether the nodes' folders are on a filesystem that no disk is behind: then syncs cost nothing, and
// figures say nothing of a disk.
func (n *Network) InMemory() bool {
	var s unix.Statfs_t
	if unix.Statfs(n.dir, &s) != nil {
		return false
	}
	return s.Type == unix.TMPFS_MAGIC || s.Type == unix.RAMFS_MAGIC
}
