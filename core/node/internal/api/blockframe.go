package api

import (
	"encoding/binary"

	"parsec/core/node/client"
	"parsec/core/node/internal/batch"
)

// Sizes and flags of the frame of a block. The documentation of the package draws it.
const (
	frameHead = 4 + 24
	frameBy   = 1
	framePeer = 2
	frameIDs  = 4
)

// kinds are the numbers of kinds of blocks. 0 is that of the frame that says why there are no more.
var kinds = map[string]byte{client.KindGenesis: 1, client.KindSubmissions: 2, client.KindAdd: 3, client.KindRemove: 4, client.KindOther: 5}

// binaryEncoder writes blocks as frames. It copies an entry once, into what is sent, and all of them at once where none
// is left out.
type binaryEncoder struct {
	o   *outlet
	ids bool
}

func (e *binaryEncoder) block(b *Block) {
	entries, n := entriesOf(b)
	size, count := len(entries), n
	if len(b.Skip) > 0 || e.ids {
		size, count = 0, 0
		each(b, entries, n, func(entry *batch.Entry) {
			size += len(entry.Bytes)
			count++
		})
		if e.ids {
			size = client.KeySize * count
		}
	}
	info := b.Info[:min(len(b.Info), 1<<16-1)]
	var flags byte
	more := len(info) + size
	if b.By != nil {
		flags |= frameBy
		more += 32
	}
	if b.Peer != nil {
		flags |= framePeer
		more += 32
	}
	if e.ids {
		flags |= frameIDs
	}
	f := e.o.room(frameHead + 64)
	f = binary.LittleEndian.AppendUint32(f, uint32(frameHead-4+more))
	f = append(f, kinds[b.Kind], flags)
	f = binary.LittleEndian.AppendUint64(f, b.Number)
	f = binary.LittleEndian.AppendUint64(f, b.First)
	f = binary.LittleEndian.AppendUint32(f, uint32(count))
	f = binary.LittleEndian.AppendUint16(f, uint16(len(info)))
	if b.By != nil {
		f = append(f, b.By[:]...)
	}
	if b.Peer != nil {
		f = append(f, b.Peer[:]...)
	}
	e.o.filled(f)
	e.o.write(info)
	switch {
	case e.ids:
		each(b, entries, n, func(entry *batch.Entry) {
			k := entry.Key()
			f := append(e.o.room(client.KeySize), k.ID[:]...)
			f = binary.LittleEndian.AppendUint64(f, k.Until)
			e.o.filled(append(f, k.Hash[:]...))
		})
	case len(b.Skip) > 0:
		each(b, entries, n, func(entry *batch.Entry) { e.o.write(entry.Bytes) })
	default:
		e.o.write(entries)
	}
}

func (e *binaryEncoder) end(r *refusal) {
	text := r.body()
	f := e.o.room(4 + 2)
	f = binary.LittleEndian.AppendUint32(f, uint32(2+len(text)))
	e.o.filled(append(f, 0, 0))
	e.o.write(text)
}

// entriesOf returns the entries of a block, those that it does not decide among them.
func entriesOf(b *Block) (entries []byte, n int) {
	if b.Kind != client.KindSubmissions {
		return nil, 0
	}
	return batch.Entries(b.Payload)
}

// each calls do with the entries that the block decides. They do parse.
func each(b *Block, entries []byte, n int, do func(*batch.Entry)) {
	for i := range n {
		e, rest, err := batch.Next(entries)
		if err != nil {
			return
		}
		if !b.skips(i) {
			do(&e)
		}
		entries = rest
	}
}
