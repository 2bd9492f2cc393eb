package client

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"

	"parsec/core/node/internal/batch"
)

// BlocksType is the media type of blocks in binary.
const BlocksType = "application/vnd.parsec.blocks"

// Sizes of the frame of a block, which the documentation of the interface draws.
const (
	maxFrame    = 4 << 20 // bytes after the length
	frameFixed  = 24      // bytes that each block has after the length
	frameBy     = 1       // flags
	framePeer   = 2
	frameIDs    = 4
	maxKept     = 256 // identities whose digits a decoder keeps
	frameSteps  = 64 << 10
	frameLength = 4
)

// kinds are the kinds of blocks by their number in frames. 0 is that of the frame that says why there are no more.
var kinds = [...]string{1: KindGenesis, 2: KindSubmissions, 3: KindAdd, 4: KindRemove, 5: KindOther}

// decoder reads frames of blocks. It keeps one frame in memory and makes its next one of the same memory, so that a
// block costs no allocation once buffers have grown. It trusts nothing: a frame has at most 4 MiB, memory for it grows
// with what comes, and no count is believed that the bytes there are could not hold.
type decoder struct {
	r      *bufio.Reader
	frame  []byte
	block  Block
	digits map[[32]byte]string
}

// next reads a block. The error is io.EOF at the end between frames, an [*Error] if the node said why there are no
// more or what it sent is no block, or the reader's.
func (d *decoder) next() (*Block, error) {
	head, err := d.r.Peek(frameLength)
	if err != nil {
		if err == io.EOF && len(head) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	size := int(binary.LittleEndian.Uint32(head))
	if size < 2 || size > maxFrame {
		return nil, answer("a frame of an impossible length")
	}
	d.r.Discard(frameLength)
	if err := d.read(size); err != nil {
		return nil, err
	}
	return d.decode(d.frame)
}

// read reads size bytes into d.frame.
func (d *decoder) read(size int) error {
	have := 0
	for have < size {
		if have == cap(d.frame) {
			bigger := make([]byte, min(size, max(frameSteps, 2*have)))
			copy(bigger, d.frame)
			d.frame = bigger
		}
		to := min(size, cap(d.frame))
		d.frame = d.frame[:to]
		n, err := io.ReadFull(d.r, d.frame[have:to])
		have += n
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	d.frame = d.frame[:size]
	return nil
}

// decode reads a frame, without its length.
func (d *decoder) decode(f []byte) (*Block, error) {
	kind, flags := f[0], f[1]
	if kind == 0 {
		return nil, reason(f[2:])
	}
	if int(kind) >= len(kinds) || flags >= 8 || len(f) < frameFixed {
		return nil, answer("a frame that is no block")
	}
	b := &d.block
	*b = Block{Kind: kinds[kind], Items: b.Items[:0]}
	b.Number = binary.LittleEndian.Uint64(f[2:])
	b.First = binary.LittleEndian.Uint64(f[10:])
	count := int(binary.LittleEndian.Uint32(f[18:]))
	info := int(binary.LittleEndian.Uint16(f[22:]))
	rest := f[frameFixed:]
	for _, identity := range []struct {
		flag byte
		to   *string
	}{{frameBy, &b.By}, {framePeer, &b.Peer}} {
		if flags&identity.flag == 0 {
			continue
		}
		if len(rest) < 32 {
			return nil, answer("a block that is cut short")
		}
		*identity.to = d.hex([32]byte(rest))
		rest = rest[32:]
	}
	if len(rest) < info {
		return nil, answer("a block that is cut short")
	}
	if info > 0 {
		b.Info = rest[:info:info]
	}
	rest = rest[info:]
	least := batch.Least // bytes of an item
	if flags&frameIDs != 0 {
		least = KeySize
	}
	if count < 0 || count > len(rest)/least {
		return nil, answer("a block with fewer items than it says")
	}
	if cap(b.Items) < count {
		b.Items = make([]Item, 0, count)
	}
	b.Items = b.Items[:count]
	for i := range b.Items {
		item := &b.Items[i]
		if flags&frameIDs != 0 {
			*item = Item{ID: ID(rest), Until: binary.LittleEndian.Uint64(rest[16:]), Hash: [32]byte(rest[24:])}
			rest = rest[KeySize:]
			continue
		}
		e, after, err := batch.Next(rest)
		if err != nil {
			return nil, answer("a block with an item that is none")
		}
		*item = Item{ID: *e.ID, Until: e.Until, Data: e.Data}
		rest = after
	}
	if len(rest) > 0 {
		return nil, answer("a block with more than it says")
	}
	return b, nil
}

// hex returns the digits of an identity. The voters of a section are few: most calls find theirs made already.
func (d *decoder) hex(id [32]byte) string {
	if s, ok := d.digits[id]; ok {
		return s
	}
	if d.digits == nil || len(d.digits) == maxKept {
		d.digits = map[[32]byte]string{}
	}
	s := hex.EncodeToString(id[:])
	d.digits[id] = s
	return s
}

// reason reads a problem.
func reason(b []byte) *Error {
	var p problem
	if len(b) > maxProblem || json.Unmarshal(b, &p) != nil {
		return &Error{Code: "answer", Message: "the node gave no reason that could be read"}
	}
	return &Error{Code: p.Code, Message: p.Error}
}

func readAtMost(r io.Reader, n int64) []byte {
	b, _ := io.ReadAll(io.LimitReader(r, n))
	return b
}
