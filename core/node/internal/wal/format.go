package wal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// Limits, in bytes.
const (
	MaxRecord = 32 << 20 // of a record
	// maxPayload is that of one batch: a record of the greatest size, alone. It bounds what reading allocates.
	maxPayload = lengthSize + MaxRecord
	// gatherSize is how large a batch becomes before the next is begun, unless one record is larger. Larger ones
	// would be written no faster, and leave more unused at the end of a segment.
	gatherSize = 4 << 20
)

// Sizes of the layout, in bytes. Batches begin at sectors, so that no write touches one in which durable bytes are.
const (
	sector     = 512
	headerSize = 64 // of a batch
	lengthSize = 4  // before each record
)

const (
	magicSegment = "PARSECWL"
	magicBatch   = 0x7761b0c5
	version      = 2
	suffix       = ".wal"
	unfinished   = "next.tmp" // a segment that is being made
	lockName     = "lock"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is the running checksum of all batches up to one.
type checksum [16]byte

// end is where a log stands after a batch.
type end struct {
	batches uint64   // so far
	records uint64   // so far
	sum     checksum // of the last batch, or of the segment's header
}

// segmentHeader is the first sector of a segment. Its tag is drawn at random, is in each batch of the segment and
// nowhere else: so a batch can be told from bytes of any other file, and from content, without those before it.
type segmentHeader struct {
	id     [16]byte // of the log, drawn at random when it was made
	number uint64   // of the segment, from 1
	tag    uint64
	before end   // where the log stood at the end of the segment before
	length int64 // of what is used of the segment before, in bytes; 0 in the first
	size   int64 // of this file, in bytes, from the start: it never grows, and a shorter one was cut
}

func (h *segmentHeader) encode() []byte {
	b := make([]byte, sector)
	copy(b, magicSegment)
	le := binary.LittleEndian
	le.PutUint32(b[8:], version)
	copy(b[16:], h.id[:])
	le.PutUint64(b[32:], h.number)
	le.PutUint64(b[40:], h.tag)
	le.PutUint64(b[48:], h.before.batches)
	le.PutUint64(b[56:], h.before.records)
	le.PutUint64(b[64:], uint64(h.length))
	copy(b[72:], h.before.sum[:])
	le.PutUint64(b[88:], uint64(h.size))
	le.PutUint32(b[sector-4:], crc32.Checksum(b[:sector-4], castagnoli))
	return b
}

// decodeSegment reads a segment's header of one sector. What is wrong is told in words; err is [ErrVersion].
func decodeSegment(b []byte) (h segmentHeader, wrong string, err error) {
	le := binary.LittleEndian
	if string(b[:8]) != magicSegment {
		return h, fmt.Sprintf("%q", b[:8]), nil
	}
	if got, want := crc32.Checksum(b[:sector-4], castagnoli), le.Uint32(b[sector-4:]); got != want {
		return h, fmt.Sprintf("checksum %08x of bytes that say %08x", got, want), nil
	}
	if err := knownVersion(le.Uint32(b[8:])); err != nil {
		return h, "", err
	}
	copy(h.id[:], b[16:])
	h.number = le.Uint64(b[32:])
	h.tag = le.Uint64(b[40:])
	h.before.batches = le.Uint64(b[48:])
	h.before.records = le.Uint64(b[56:])
	h.length = int64(le.Uint64(b[64:]))
	copy(h.before.sum[:], b[72:])
	h.size = int64(le.Uint64(b[88:]))
	return h, "", nil
}

func knownVersion(v uint32) error {
	if v != version {
		return fmt.Errorf("%w: %d, and this is for %d", ErrVersion, v, version)
	}
	return nil
}

// start is where the log stands before the first batch of the segment: the running checksum goes on from the header,
// which has that of the batch before, and is so bound to this file.
func (h *segmentHeader) start() end {
	e := h.before
	digest := sha256.Sum256(h.encode())
	copy(e.sum[:], digest[:])
	return e
}

// batchHeader is what the first bytes of a batch say.
type batchHeader struct {
	tag     uint64 // of the segment
	number  uint64 // of the batch in the log, from 1
	before  uint64 // records before it
	records uint32
	length  uint32 // of the payload, in bytes
	crc     uint32 // of payload and padding
	sum     checksum
}

// size returns how many bytes the batch takes in the file.
func (h *batchHeader) size() int64 { return batchSize(int(h.length)) }

func batchSize(payload int) int64 {
	return (headerSize + int64(payload) + sector - 1) / sector * sector
}

// seal makes a batch of buf, which has headerSize bytes of room and the payload after it, as the next one after e. It
// returns buf with the padding, and where the log stands then. Only growing buf allocates.
func sealBatch(buf []byte, records uint32, tag uint64, e end) ([]byte, end) {
	payload := len(buf) - headerSize
	pad := int(batchSize(payload)) - len(buf)
	var zeros [sector]byte
	buf = append(buf, zeros[:pad]...)
	le := binary.LittleEndian
	le.PutUint32(buf, magicBatch)
	le.PutUint64(buf[8:], tag)
	le.PutUint64(buf[16:], e.batches+1)
	le.PutUint64(buf[24:], e.records)
	le.PutUint32(buf[32:], records)
	le.PutUint32(buf[36:], uint32(payload))
	le.PutUint32(buf[40:], crc32.Checksum(buf[headerSize:], castagnoli))
	le.PutUint32(buf[44:], 0)
	sum := chain(e.sum, buf)
	copy(buf[48:], sum[:])
	le.PutUint32(buf[4:], crc32.Checksum(buf[8:headerSize], castagnoli))
	return buf, end{e.batches + 1, e.records + uint64(records), sum}
}

// chain returns the running checksum after the batch with these header bytes.
func chain(before checksum, header []byte) (sum checksum) {
	var b [len(before) + 40]byte
	copy(b[:], before[:])
	copy(b[len(before):], header[8:48])
	digest := sha256.Sum256(b[:])
	copy(sum[:], digest[:])
	return sum
}

// decodeBatch reads the header of a batch of the segment with a tag. It does not look at what the batch follows. What is
// wrong is told in words.
func decodeBatch(b []byte, tag uint64) (h batchHeader, wrong string) {
	le := binary.LittleEndian
	if m := le.Uint32(b); m != magicBatch {
		return h, fmt.Sprintf("a batch that begins with %08x", m)
	}
	if got, want := crc32.Checksum(b[8:headerSize], castagnoli), le.Uint32(b[4:]); got != want {
		return h, fmt.Sprintf("a batch's header with checksum %08x that says %08x", got, want)
	}
	h.tag = le.Uint64(b[8:])
	h.number = le.Uint64(b[16:])
	h.before = le.Uint64(b[24:])
	h.records = le.Uint32(b[32:])
	h.length = le.Uint32(b[36:])
	h.crc = le.Uint32(b[40:])
	copy(h.sum[:], b[48:])
	switch {
	case h.tag != tag:
		return h, fmt.Sprintf("a batch of the segment with tag %016x", h.tag)
	case le.Uint32(b[44:]) != 0 || h.length > maxPayload || uint64(h.records)*lengthSize > uint64(h.length):
		return h, fmt.Sprintf("a batch of %d records in %d bytes", h.records, h.length)
	}
	return h, ""
}

// parses reports whether a payload is so many records and nothing else.
func parses(payload []byte, records uint32) bool {
	for ; records > 0; records-- {
		if _, rest, ok := cutRecord(payload); ok {
			payload = rest
		} else {
			return false
		}
	}
	return len(payload) == 0
}

func cutRecord(payload []byte) (record, rest []byte, ok bool) {
	if len(payload) < lengthSize {
		return nil, nil, false
	}
	n := binary.LittleEndian.Uint32(payload)
	if payload = payload[lengthSize:]; uint64(n) > uint64(len(payload)) {
		return nil, nil, false
	}
	return payload[:n:n], payload[n:], true
}

func segmentName(number uint64) string { return fmt.Sprintf("%016d%s", number, suffix) }

// segmentNumber returns which segment a name is of.
func segmentNumber(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, suffix)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, err == nil && segmentName(n) == name
}

var zeroSector [sector]byte

func isZero(b []byte) bool {
	for len(b) > sector {
		if !bytes.Equal(b[:sector], zeroSector[:]) {
			return false
		}
		b = b[sector:]
	}
	return bytes.Equal(b, zeroSector[:len(b)])
}
