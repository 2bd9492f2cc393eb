package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// Content is what became of the data of a run's submissions, by the blocks of one node.
type Content struct {
	Kept     uint64 // decided with the data that was handed over
	Replaced uint64 // decided with other data alone
}

// Content reads blocks with their data up to [io.EOF], and compares. Others may have voted for other data under the same
// ids: that harms nobody where the own data is decided too. One byte for each submission.
func (r *Result) Content(blocks Follower) (Content, error) {
	const kept, other = 1, 2
	state := make([]byte, r.Sum.Due)
	var data []byte
	for {
		b, err := blocks.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Content{}, err
		}
		for i := range b.Items {
			it := &b.Items[i]
			seq := binary.BigEndian.Uint64(it.ID[8:])
			if [8]byte(it.ID[:8]) != r.nonce || seq >= uint64(len(state)) {
				continue // another run's, or nobody's: package check looks at those
			}
			data = appendData(data[:0], r.seed, seq, r.size.Of(r.seed, seq))
			if bytes.Equal(data, it.Data) {
				state[seq] |= kept
			} else {
				state[seq] |= other
			}
		}
	}
	var c Content
	for _, s := range state {
		switch {
		case s&kept != 0:
			c.Kept++
		case s != 0:
			c.Replaced++
		}
	}
	return c, nil
}
