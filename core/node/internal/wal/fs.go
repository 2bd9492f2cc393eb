package wal

import "io"

// FS is what a log needs of a file system. Names are paths. A nil [Options].FS is the system's.
type FS interface {
	// MakeDir makes a folder and those it is in, durably. It is no error if it is there.
	MakeDir(dir string) error
	// List returns the names in a folder, in any order.
	List(dir string) ([]string, error)
	// Create makes a file, or empties it, to read and write.
	Create(name string) (File, error)
	// Open opens a file to read and write.
	Open(name string) (File, error)
	// Rename gives a file another name, which no file has.
	Rename(from, to string) error
	Remove(name string) error
	// SyncDir makes the names in a folder durable.
	SyncDir(dir string) error
	// Lock makes a file, if it is not there, and keeps all others from locking it until it is closed or the process
	// ends. The error is [ErrLocked] if another has it.
	Lock(name string) (io.Closer, error)
}

// File is a file of a [FS]. It is used by one goroutine at a time.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	// Allocate makes the file so long, of zeros, and reserves the space where the system can.
	Allocate(size int64) error
	// Sync makes what was written durable, and the size.
	Sync() error
}
