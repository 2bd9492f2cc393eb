// Package batch lays out submissions: many of them make one payload of a section, and frames of streams.
//
// An entry is an id of 16 bytes, the length of its data as an unsigned varint, and the data. A payload is the byte
// [Version] and entries, one or more. Every node that reads a payload reads the same entries in it, or none: one
// that does not parse to its end counts as empty.
package batch

import (
	"encoding/binary"
	"errors"
)

// Version is the first byte of a payload.
const Version = 1

// Limits, in bytes.
const (
	MaxPayload = 1 << 20           // of a payload, as a section has it
	MaxData    = MaxPayload - 1<<6 // of a submission's data
)

// ErrForm is the error of bytes that are no entries.
var ErrForm = errors.New("not a batch of submissions")

// ID names a submission. Submitters draw it, at random or as they like.
type ID = [16]byte

// Append appends an entry.
func Append(b []byte, id *ID, data []byte) []byte {
	b = append(b, id[:]...)
	b = binary.AppendUvarint(b, uint64(len(data)))
	return append(b, data...)
}

// Size returns how many bytes an entry takes.
func Size(data int) int {
	n := 1
	for v := data; v >= 0x80; v >>= 7 {
		n++
	}
	return 16 + n + data
}

// Next takes the first entry off. Data is of entries' memory. The error is [ErrForm].
func Next(entries []byte) (id *ID, data, rest []byte, err error) {
	if len(entries) < 17 {
		return nil, nil, nil, ErrForm
	}
	size, k := binary.Uvarint(entries[16:])
	if k <= 0 || k > 1 && entries[16+k-1] == 0 || size > MaxData || size > uint64(len(entries)-16-k) {
		return nil, nil, nil, ErrForm
	}
	from := 16 + k
	to := from + int(size)
	return (*ID)(entries), entries[from:to:to], entries[to:], nil
}

// Count returns how many entries there are. The error is [ErrForm] if they do not end where the bytes do.
func Count(entries []byte) (n int, err error) {
	for len(entries) > 0 {
		if _, _, entries, err = Next(entries); err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// Entries returns the entries of a payload, and how many there are; none of one that is not a batch.
func Entries(payload []byte) (entries []byte, n int) {
	if len(payload) < 2 || payload[0] != Version {
		return nil, 0
	}
	n, err := Count(payload[1:])
	if err != nil {
		return nil, 0
	}
	return payload[1:], n
}
