package load

import (
	"encoding/binary"
	"math/bits"
)

// appendData appends the data of a submission, which looks random, is another for every seed and submission, and follows
// from these. Messages between nodes are compressed: data that can be would measure another load. 10 ns for 128 bytes.
func appendData(b []byte, seed, seq uint64, size int) []byte {
	x := seed ^ seq*0x9e3779b97f4a7c15
	for ; size >= 8; size -= 8 {
		b = binary.LittleEndian.AppendUint64(b, draw(&x))
	}
	for last := draw(&x); size > 0; size, last = size-1, last>>8 {
		b = append(b, byte(last))
	}
	return b
}

// draw is wyrand: a multiplication for eight bytes.
func draw(x *uint64) uint64 {
	*x += 0xa0761d6478bd642f
	hi, lo := bits.Mul64(*x, *x^0xe7037ed1a0b428db)
	return hi ^ lo
}
