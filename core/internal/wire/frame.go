package wire

import (
	"bytes"

	"github.com/klauspost/compress/s2"
)

// Version is the first byte of every frame. Whoever changes an encoding changes it.
const Version = 2

// FrameHeader is how many bytes a frame has before the message: version, form, and the first eight bytes
// of the section's id.
const FrameHeader = 1 + 1 + sectionBytes

const sectionBytes = 8

// Forms of a message in a frame.
const (
	formRaw = iota
	formS2  // a block of s2
)

// worthTrying is from how many bytes on a message is compressed at all, and worthSending is by which part
// of it the compressed form must be shorter to be sent.
const (
	worthTrying  = 256
	worthSending = 16
)

// Framer turns raw messages into what travels, and back. Its zero value is ready; it keeps a buffer for
// each way, as large as the largest message that needed one, at most about MaxRaw.
type Framer struct {
	packed, opened []byte
}

// Seal appends the frame of a raw message of at most MaxRaw bytes to dst and returns it. It compresses
// messages that get shorter by a sixteenth at least and not by more than Open accepts. It panics if raw is
// longer.
func (f *Framer) Seal(dst []byte, s *Section, raw []byte) []byte {
	if len(raw) > MaxRaw {
		panic("wire: a message of more than MaxRaw bytes")
	}
	form, content := byte(formRaw), raw
	if len(raw) >= worthTrying {
		if most := s2.MaxEncodedLen(len(raw)); cap(f.packed) < most {
			f.packed = make([]byte, most)
		}
		block := s2.Encode(f.packed[:cap(f.packed)], raw)
		if len(block) <= len(raw)-len(raw)/worthSending && len(raw) <= MaxRatio*len(block) && len(block) >= price(raw) {
			form, content = formS2, block
		}
	}
	dst = append(dst, Version, form)
	dst = append(dst, s.ID[:sectionBytes]...)
	return append(dst, content...)
}

// Open returns the raw message in a frame of the section. It lies in the frame or in the framer's buffer,
// and holds until the next call or until the frame is changed. The buffer is allocated once version,
// section and the length that the frame claims are found right; that length is at most MaxRaw and
// MaxRatio times as long as what is there, so a frame of b bytes allocates at most MaxRatio * b bytes.
// A compressed message is refused, too, if it makes more work than its bytes pay for: see price. Errors
// are of type [Error].
func (f *Framer) Open(s *Section, frame []byte) ([]byte, error) {
	if len(frame) > MaxFrame {
		return nil, fail(ErrTooLarge, "frame: more bytes than MaxFrame", 0)
	}
	if len(frame) < 1 || frame[0] != Version {
		return nil, fail(ErrVersion, "frame: its first byte is not the version", 0)
	}
	if len(frame) < FrameHeader {
		return nil, fail(ErrMalformed, "frame: header cut short", 0)
	}
	if !bytes.Equal(frame[2:FrameHeader], s.ID[:sectionBytes]) {
		return nil, fail(ErrSection, "frame: its section", 2)
	}
	content := frame[FrameHeader:]
	switch frame[1] {
	case formRaw:
		return content, nil
	case formS2:
		return f.unpack(content)
	default:
		return nil, fail(ErrMalformed, "frame: form not 0 or 1", 1)
	}
}

func (f *Framer) unpack(block []byte) ([]byte, error) {
	n, err := s2.DecodedLen(block)
	switch {
	case err != nil:
		return nil, fail(ErrMalformed, "frame: length of the message: "+err.Error(), FrameHeader)
	case n > MaxRaw:
		return nil, fail(ErrTooLarge, "frame: the message has more bytes than MaxRaw", FrameHeader)
	case n > MaxRatio*len(block):
		return nil, fail(ErrTooLarge, "frame: the message is more than MaxRatio times as long", FrameHeader)
	}
	f.opened = sized(f.opened, n)
	raw, err := s2.Decode(f.opened[:n:n], block)
	if err != nil {
		return nil, fail(ErrMalformed, "frame: "+err.Error(), FrameHeader)
	}
	if len(block) < price(raw) {
		return nil, fail(ErrTooLarge, "frame: the message has more in it than so few bytes may bring", FrameHeader)
	}
	return raw, nil
}

// What things in a message must take at least of its compressed form, in bytes. Signatures and hashes are
// as random to s2 as they look, so honest messages pay in any case; a thousand events with the same false
// signature would otherwise travel in 2 kB and cost 10 ms and more to be checked. What cheap bodies and repeated
// votes cost is the time of hashing them: 0.2 µs and 55 ns.
const (
	priceEvent       = 64
	priceHash        = 32 // parents outside, and wants
	priceObservation = 4
	votesForPrice    = 2 // votes for one byte
)

// price returns the fewest bytes that the compressed form of a message may have by what its counts claim.
// It is 0 for what is not a message, which Decode refuses.
func price(raw []byte) int {
	r := reader{p: raw}
	var m Message
	r.head(&m)
	number := func() int64 { return int64(r.uvarint("", 1<<32-1)) }
	var sum int64
	switch {
	case m.Kind.gossip():
		events, votes, _, parents, observations := number(), number(), number(), number(), number()
		sum = events*priceEvent + votes/votesForPrice + parents*priceHash + observations*priceObservation
	case m.Kind == KindLearn, m.Kind == KindAsk:
		sum = number() * priceHash
	case m.Kind == KindSupply:
		sum = number() * priceObservation
	}
	if r.err != nil {
		return 0
	}
	return int(min(sum, MaxFrame))
}
