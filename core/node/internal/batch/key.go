package batch

import "github.com/zeebo/blake3"

// Key says which submission is meant: no two have the same id, data and until.
type Key struct {
	ID    ID
	Hash  [32]byte // BLAKE3 of the data
	Until uint64
}

// KeyOf returns the key of a submission. It hashes the data.
func KeyOf(id *ID, until uint64, data []byte) Key {
	return Key{ID: *id, Hash: blake3.Sum256(data), Until: until}
}

// Key returns which submission it is. It hashes the data.
func (e *Entry) Key() Key { return KeyOf(e.ID, e.Until, e.Data) }

// Is reports whether it is the submission that is meant. It hashes the data if all else fits.
func (e *Entry) Is(k *Key) bool {
	return *e.ID == k.ID && e.Until == k.Until && blake3.Sum256(e.Data) == k.Hash
}
