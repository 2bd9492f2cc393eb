// Package batch lays out submissions: many of them make one payload of a section, and frames of streams.
//
// An entry is an id of 16 bytes, the number of the last block at which it counts (until) and the length of its data as
// unsigned varints, each as short as can be, and the data. A payload is the byte [Version], a salt of 8 bytes, and entries,
// one or more. Every node that reads a payload reads the same entries in it, or none: one that does not parse to its end
// counts as empty.
//
// An entry has one encoding, so two entries are the same submission if their bytes are equal.
package batch

import (
	"encoding/binary"
	"errors"
)

// Version is the first byte of a payload. Version 1 had neither salt nor until; its payloads are of another kind now.
const Version = 2

// Limits, in bytes.
const (
	MaxPayload = 1 << 20           // of a payload, as a section has it
	MaxData    = MaxPayload - 1<<6 // of a submission's data
)

// Head is how many bytes a payload has before its entries.
const Head = 1 + len(Salt{})

// Salt makes a payload differ from all others: whoever makes one draws it. In Supermajority mode a section decides equal
// payloads once: whoever guessed one could have it decided while nothing in it counts yet, and the honest one never would be.
type Salt [8]byte

// ErrForm is the error of bytes that are no entries.
var ErrForm = errors.New("not a batch of submissions")

// ID names a submission, together with its data and its until. Submitters draw it, at random or as they like.
type ID = [16]byte

// Entry is a submission as it is laid out. All of it is of the memory that it was read from.
type Entry struct {
	ID    *ID
	Until uint64
	Data  []byte
	Bytes []byte // all of it, as laid out
}

// Begin appends what a payload has before its entries.
func Begin(b []byte, salt Salt) []byte { return append(append(b, Version), salt[:]...) }

// Append appends an entry.
func Append(b []byte, id *ID, until uint64, data []byte) []byte {
	b = append(b, id[:]...)
	b = binary.AppendUvarint(b, until)
	b = binary.AppendUvarint(b, uint64(len(data)))
	return append(b, data...)
}

// Least is how many bytes an entry has at least.
const Least = 16 + 1 + 1

// Size returns how many bytes an entry takes.
func Size(until uint64, data int) int {
	return 16 + uvarintSize(until) + uvarintSize(uint64(data)) + data
}

func uvarintSize(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// Next takes the first entry off. The error is [ErrForm].
func Next(entries []byte) (e Entry, rest []byte, err error) {
	if len(entries) < Least {
		return e, nil, ErrForm
	}
	until, at := uvarint(entries, 16)
	if at == 0 {
		return e, nil, ErrForm
	}
	size, at := uvarint(entries, at)
	if at == 0 || size > MaxData || size > uint64(len(entries)-at) {
		return e, nil, ErrForm
	}
	to := at + int(size)
	return Entry{ID: (*ID)(entries), Until: until, Data: entries[at:to:to], Bytes: entries[:to:to]}, entries[to:], nil
}

// uvarint reads a number at a place, and returns the place after it; 0 if it is none or not as short as can be.
func uvarint(b []byte, at int) (v uint64, after int) {
	if at < len(b) && b[at] < 0x80 {
		return uint64(b[at]), at + 1
	}
	v, k := binary.Uvarint(b[at:])
	if k <= 0 || b[at+k-1] == 0 {
		return 0, 0
	}
	return v, at + k
}

// Sum is what some entries have together.
type Sum struct {
	Count       int
	First, Last uint64 // the least and the greatest until; both 0 where there are no entries
}

// Check reads entries. The error is [ErrForm] if they do not end where the bytes do.
func Check(entries []byte) (s Sum, err error) {
	for len(entries) > 0 {
		var e Entry
		if e, entries, err = Next(entries); err != nil {
			return Sum{}, err
		}
		if s.Count == 0 {
			s.First = e.Until
		}
		s.First, s.Last = min(s.First, e.Until), max(s.Last, e.Until)
		s.Count++
	}
	return s, nil
}

// Entries returns the entries of a payload, and how many there are; none of one that is not a batch.
func Entries(payload []byte) (entries []byte, n int) {
	if len(payload) <= Head || payload[0] != Version {
		return nil, 0
	}
	s, err := Check(payload[Head:])
	if err != nil {
		return nil, 0
	}
	return payload[Head:], s.Count
}
