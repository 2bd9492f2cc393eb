package recording

import (
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"parsec/core"
)

// WriteFile writes r to the named file, compressed with zstd if the name ends in ".zst". The file is
// written beside its place under another name, synced, and then renamed, so whoever finds it finds the
// whole of it; a file that was there before stays until then. If it fails nothing is left behind.
func (r *Recording) WriteFile(path string) (err error) {
	// os.CreateTemp would make a file that only its owner can read.
	temp := fmt.Sprintf("%s.%016x.tmp", path, rand.Uint64())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(temp)
		}
	}()
	if strings.HasSuffix(path, ".zst") {
		err = r.writeCompressed(f)
	} else {
		err = r.Write(f)
	}
	if e, ok := err.(*Error); ok {
		e.File = path
	}
	if err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(temp, path)
}

func (r *Recording) writeCompressed(w io.Writer) error {
	// More than one goroutine would make the bytes depend on the machine.
	z, err := zstd.NewWriter(w,
		zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderLevel(zstd.SpeedBestCompression),
		zstd.WithWindowSize(MaxWindow),
	)
	if err != nil {
		return err
	}
	if err := r.Write(z); err != nil {
		return err
	}
	return z.Close()
}

// Write writes r as JSON, as compact as can be and always the same bytes for equal recordings. If r is
// not valid nothing is written, and the error is of type [*Error]; so it is if the JSON grows longer than
// MaxBytes, which shows only on the way. Other errors are w's.
func (r *Recording) Write(w io.Writer) error {
	if err := r.check(); err != nil {
		return err
	}
	e := encoder{w: w, max: MaxBytes}
	e.recording(r)
	e.flush()
	return e.err
}

// encoder gathers JSON in buf and writes it out in large pieces. The first error sticks.
type encoder struct {
	w       io.Writer
	max     int64 // MaxBytes; tests set less
	bits    bool  // events have the bits of their ids
	buf     []byte
	written int64
	err     error
}

func (e *encoder) flush() {
	if e.written += int64(len(e.buf)); e.err == nil && e.written > e.max {
		e.err = wrong("", 0, "%s", tooLong(e.max))
	}
	if e.err == nil {
		_, e.err = e.w.Write(e.buf)
	}
	e.buf = e.buf[:0]
}

// raw adds text that is JSON already.
func (e *encoder) raw(text string) { e.buf = append(e.buf, text...) }

// key adds an object's next key.
func (e *encoder) key(name string) {
	if last := e.buf[len(e.buf)-1]; last != '{' {
		e.buf = append(e.buf, ',')
	}
	e.str(name)
	e.buf = append(e.buf, ':')
}

func (e *encoder) integer(n int64) { e.buf = strconv.AppendInt(e.buf, n, 10) }

// str adds a string, which has to be UTF-8. Only what JSON demands is escaped.
func (e *encoder) str(text string) {
	e.buf = append(e.buf, '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			e.buf = append(e.buf, '\\', c)
		case c < ' ':
			const digits = "0123456789abcdef"
			e.buf = append(e.buf, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			e.buf = append(e.buf, c)
		}
	}
	e.buf = append(e.buf, '"')
}

// list adds an array of n items, each added by item. Between items of the long lists is where the
// buffer is emptied, so it holds no more than one item above scanBuffer.
func (e *encoder) list(n int, item func(i int)) {
	e.raw("[")
	for i := range n {
		if i > 0 {
			e.raw(",")
		}
		item(i)
		if len(e.buf) >= scanBuffer {
			e.flush()
		}
	}
	e.raw("]")
}

func (e *encoder) peers(list []core.PeerIndex) {
	e.list(len(list), func(i int) { e.integer(int64(list[i])) })
}

func (e *encoder) recording(r *Recording) {
	e.raw("{")
	e.key("format")
	if e.bits = r.Coin == Concrete; e.bits {
		e.str(FormatConcrete)
	} else {
		e.str(Format)
	}
	e.key("name")
	e.str(r.Name)
	e.key("rules")
	e.str(r.Rules.String())
	e.key("mode")
	e.str(r.Mode.String())
	e.key("coin")
	e.str(r.Coin)
	e.key("peers")
	e.list(len(r.Peers), func(i int) { e.str(r.Peers[i]) })
	e.key("genesis")
	e.peers(r.Genesis)
	e.key("observations")
	e.list(len(r.Observations), func(i int) { e.observation(&r.Observations[i]) })
	e.key("events")
	e.list(len(r.Events), func(i int) { e.event(&r.Events[i]) })
	e.key("blocks")
	e.list(len(r.Blocks), func(i int) { e.block(&r.Blocks[i]) })
	e.raw("}")
}

func (e *encoder) observation(o *Observation) {
	e.raw("{")
	e.key("id")
	e.str(hex.EncodeToString(o.ID[:]))
	e.key("kind")
	e.str(o.Kind.String())
	switch o.Kind {
	case core.Genesis:
		e.key("group")
		e.peers(o.Group)
	case core.Add, core.Remove:
		e.key("peer")
		e.integer(int64(o.Peer))
	case core.Accusation:
		e.key("peer")
		e.integer(int64(o.Peer))
		e.key("malice")
		e.str(o.Malice)
	case core.Opaque:
		e.key("payload")
		e.str(o.Payload)
	}
	e.raw("}")
}

func (e *encoder) event(ev *Event) {
	e.raw("[")
	e.integer(int64(ev.Creator))
	e.raw(",")
	e.str(ev.Cause.String())
	if ev.Cause != core.Initial {
		e.raw(",")
		e.integer(int64(ev.SelfParent))
		e.raw(",")
		switch ev.Cause {
		case core.Observing:
			e.integer(int64(ev.Observation))
		case core.Requesting:
			e.integer(int64(ev.Recipient))
		default:
			e.integer(int64(ev.OtherParent))
		}
	}
	if e.bits {
		e.raw(",")
		bit := int64(0)
		if ev.Odd {
			bit = 1
		}
		e.integer(bit)
	}
	e.raw("]")
}

func (e *encoder) block(b *Block) {
	e.raw("{")
	e.key("observation")
	e.integer(int64(b.Observation))
	e.key("voters")
	e.peers(b.Voters)
	e.key("at")
	e.integer(int64(b.At))
	e.raw("}")
}
