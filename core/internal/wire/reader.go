package wire

// reader takes an encoding apart from its beginning. The first thing that is wrong stays: from then on
// everything that is read is zero, and moves nothing.
type reader struct {
	p   []byte
	at  int
	err error
}

func (r *reader) fail(err error, what string) {
	if r.err == nil {
		r.err = fail(err, what, r.at)
	}
}

func (r *reader) byte(what string) byte {
	if b := r.bytes(what, 1); len(b) == 1 {
		return b[0]
	}
	return 0
}

// bytes returns the next n bytes, or nil if there are not as many.
func (r *reader) bytes(what string, n int) []byte {
	if r.err != nil {
		return nil
	}
	if len(r.p)-r.at < n {
		r.fail(ErrMalformed, what+": cut short")
		return nil
	}
	b := r.p[r.at : r.at+n : r.at+n]
	r.at += n
	return b
}

func (r *reader) hash(what string) Hash {
	if b := r.bytes(what, 32); b != nil {
		return Hash(b)
	}
	return Hash{}
}

// hashes reads n hashes into the memory of s, or that of a new slice.
func (r *reader) hashes(s []Hash, n int) []Hash {
	b := r.bytes("hashes", 32*n)
	if b == nil {
		return s[:0]
	}
	s = sized(s, n)
	for i := range s {
		s[i] = Hash(b[32*i:])
	}
	return s
}

// uvarint reads a number in groups of seven bits, the lowest first, all but the last with the top bit set.
// It must be in the fewest bytes and at most most.
func (r *reader) uvarint(what string, most uint32) uint32 {
	if r.err != nil {
		return 0
	}
	if r.at < len(r.p) && r.p[r.at] < 0x80 && uint32(r.p[r.at]) <= most { // nearly always
		r.at++
		return uint32(r.p[r.at-1])
	}
	return r.long(what, most)
}

// long is uvarint for more than one byte, and for what is wrong.
func (r *reader) long(what string, most uint32) uint32 {
	n := uint64(0)
	for shift, at := 0, r.at; ; shift, at = shift+7, at+1 {
		if at >= len(r.p) {
			r.fail(ErrMalformed, what+": cut short")
			return 0
		}
		b := r.p[at]
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if b == 0 && shift > 0 {
				r.fail(ErrMalformed, what+": not in the fewest bytes")
				return 0
			}
			if n > uint64(most) {
				r.fail(ErrTooLarge, what+": more than is allowed here")
				return 0
			}
			r.at = at + 1
			return uint32(n)
		}
		if shift == 28 {
			r.fail(ErrTooLarge, what+": more than 32 bits")
			return 0
		}
	}
}

// place reads a number below n, such as a place in a table.
func (r *reader) place(what string, n int) uint32 {
	at, place := r.at, r.uvarint(what, 1<<32-1)
	if r.err == nil && uint64(place) >= uint64(n) {
		r.at = at
		r.fail(ErrMalformed, what+": not in the table")
		return 0
	}
	return place
}

// count reads how many entries a table has, each of at least size bytes.
func (r *reader) count(what string, least, most, size int) int {
	n := int(r.uvarint("number of "+what, uint32(most)))
	switch {
	case r.err != nil:
		return 0
	case n < least:
		r.fail(ErrMalformed, what+": too few")
		return 0
	case n*size > len(r.p)-r.at:
		r.fail(ErrMalformed, what+": more than the bytes that follow can hold")
		return 0
	}
	return n
}
