package api

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"

	"parsec/core/node/internal/batch"
)

// jsonEncoder writes blocks as lines of JSON. It writes them piece by piece: a block of a mebibyte can be a line of
// three.
type jsonEncoder struct {
	o   *outlet
	ids bool
}

func (e *jsonEncoder) block(b *Block) {
	f := e.o.room(512) // more than all that has a fixed size
	f = append(f, `{"number":`...)
	f = strconv.AppendUint(f, b.Number, 10)
	f = append(f, `,"kind":"`...)
	f = append(f, b.Kind...)
	f = append(f, '"')
	if b.By != nil {
		f = append(f, `,"by":"`...)
		f = hex.AppendEncode(f, b.By[:])
		f = append(f, '"')
	}
	if b.Peer != nil {
		f = append(f, `,"peer":"`...)
		f = hex.AppendEncode(f, b.Peer[:])
		f = append(f, '"')
	}
	e.o.filled(f)
	if len(b.Info) > 0 {
		e.o.write([]byte(`,"info":"`))
		e.base64(b.Info)
		e.o.write([]byte(`"`))
	}
	if entries, n := entriesOf(b); n > 0 {
		f := e.o.room(64)
		f = append(f, `,"first":`...)
		f = strconv.AppendUint(f, b.First, 10)
		e.o.filled(append(f, `,"items":[`...))
		first := true
		each(b, entries, n, func(entry *batch.Entry) {
			f := e.o.room(256)
			if !first {
				f = append(f, ',')
			}
			first = false
			f = append(f, `{"id":"`...)
			f = hex.AppendEncode(f, entry.ID[:])
			f = append(f, `","until":`...)
			f = strconv.AppendUint(f, entry.Until, 10)
			if e.ids {
				k := entry.Key()
				f = append(f, `,"hash":"`...)
				f = hex.AppendEncode(f, k.Hash[:])
				e.o.filled(append(f, `"}`...))
				return
			}
			e.o.filled(append(f, `,"data":"`...))
			e.base64(entry.Data)
			e.o.write([]byte(`"}`))
		})
		e.o.write([]byte(`]`))
	}
	e.o.write([]byte("}\n"))
}

// base64 writes bytes in pieces of 30 KiB, a multiple of three, so that there is padding at the end only.
func (e *jsonEncoder) base64(b []byte) {
	for len(b) > 0 {
		n := min(len(b), 30<<10)
		f := e.o.room(base64.StdEncoding.EncodedLen(n))
		e.o.filled(base64.StdEncoding.AppendEncode(f, b[:n]))
		b = b[n:]
	}
}

func (e *jsonEncoder) end(r *refusal) {
	e.o.write(r.body())
	e.o.write([]byte("\n"))
}
