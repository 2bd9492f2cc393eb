package wire

import "encoding/binary"

// Append appends the raw form of m to dst and returns it. m is as the caller made it: what breaks the
// rules of [Message] is refused by [Decode], so what is not known to keep them is decoded before it is
// sent. First of the events is not looked at: their votes follow each other. It panics where a
// Message cannot be written down at all: an event whose parent does not come before it, more votes than
// are there, a creator numbered above MaxNumber.
func Append(dst []byte, m *Message) []byte {
	dst = append(dst, byte(m.Kind))
	dst = binary.AppendUvarint(dst, uint64(m.Known))
	switch {
	case m.Kind == KindAsk:
		dst = binary.AppendUvarint(dst, uint64(len(m.Wants)))
		return appendHashes(dst, m.Wants)
	case m.Kind == KindSupply:
		dst = binary.AppendUvarint(dst, uint64(len(m.Observations)))
		return appendObservations(dst, m.Observations)
	case m.Kind == KindLearn:
		dst = append(dst, m.Nonce[:]...)
		dst = binary.AppendUvarint(dst, uint64(len(m.Wants)))
		return appendHashes(dst, m.Wants)
	case m.Kind == KindTeach:
		dst = append(dst, m.Nonce[:]...)
		more := byte(0)
		if m.More {
			more = 1
		}
		dst = append(dst, more)
	case m.Kind.Part():
		dst = append(dst, m.Has[:]...)
	}
	dst = binary.AppendUvarint(dst, uint64(len(m.Events)))
	dst = binary.AppendUvarint(dst, uint64(len(m.Votes)))
	dst = binary.AppendUvarint(dst, uint64(len(m.Creators)))
	dst = binary.AppendUvarint(dst, uint64(len(m.Parents)))
	dst = binary.AppendUvarint(dst, uint64(len(m.Observations)))
	for i := range m.Creators {
		c := &m.Creators[i]
		if !c.ByNumber {
			dst = append(dst, 0)
			dst = append(dst, c.Key[:]...)
			continue
		}
		if c.Number > MaxNumber {
			panic("wire: a creator's number is above MaxNumber")
		}
		dst = binary.AppendUvarint(dst, uint64(c.Number)+1)
	}
	dst = appendHashes(dst, m.Parents)
	dst = appendObservations(dst, m.Observations)
	votes := m.Votes
	for i := range m.Events {
		e := &m.Events[i]
		dst = binary.AppendUvarint(dst, uint64(e.Creator)*uint64(causes)+uint64(e.Cause))
		if e.Cause != Initial {
			dst = appendRef(dst, i, e.Self)
		}
		switch {
		case e.Cause.Receive():
			dst = appendRef(dst, i, e.Others[0])
		case e.Cause == Requesting:
			dst = binary.AppendUvarint(dst, uint64(e.Recipient))
		case e.Cause == Observing:
			dst = binary.AppendUvarint(dst, uint64(e.Count))
			for _, v := range votes[:e.Count] {
				dst = binary.AppendUvarint(dst, uint64(v))
			}
			votes = votes[e.Count:]
		}
	}
	for i := range m.Events {
		dst = append(dst, m.Events[i].Signature[:]...)
	}
	return dst
}

// causes is how many causes there are: creator and cause of an event are one number.
const causes = 5

func appendHashes(dst []byte, hashes []Hash) []byte {
	for i := range hashes {
		dst = append(dst, hashes[i][:]...)
	}
	return dst
}

// appendObservations writes each as the length of its body and the body, or as 0 and the hash.
func appendObservations(dst []byte, observations []Observation) []byte {
	for i := range observations {
		o := &observations[i]
		dst = binary.AppendUvarint(dst, uint64(len(o.Body)))
		if o.Body == nil {
			dst = append(dst, o.Hash[:]...)
		} else {
			dst = append(dst, o.Body...)
		}
	}
	return dst
}

// appendRef writes a parent of event i: twice how far back it is, less two, or twice its place in Parents,
// plus one.
func appendRef(dst []byte, i int, r Ref) []byte {
	if p, ok := r.Parent(); ok {
		return binary.AppendUvarint(dst, uint64(p)*2+1)
	}
	j, ok := r.Event()
	if !ok || j >= i {
		panic("wire: a parent does not come before its event")
	}
	return binary.AppendUvarint(dst, uint64(i-j-1)*2)
}
