package core_test

import (
	"encoding/binary"

	"parsec/core"
	"parsec/core/internal/plain"
	"parsec/core/recording"
)

// tossing is how coins fall in a test: an oddCoin or a concreteCoin; nil is the coin of the recordings.
type tossing interface {
	// oracle gives the oracle the coin.
	oracle(g *plain.Engine, rec *recording.Recording)
}

// splitmix is splitmix64's finalizer.
func splitmix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// oddCoin gives the coin about a subject as seen from an event. Such coins fall differently for each subject,
// and some events do not know them.
type oddCoin func(event, subject int, round uint32) (heads, known bool)

func newOddCoin(seed uint64) oddCoin {
	bits := func(a, b uint64) uint64 { return splitmix(seed + a*0x9e3779b97f4a7c15 + b*0xbf58476d1ce4e5b9) }
	return func(event, subject int, round uint32) (heads, known bool) {
		return bits(uint64(subject), uint64(round))&1 == 1, bits(uint64(event)<<32, uint64(round))&3 > 0
	}
}

// oracle implements tossing.
func (odd oddCoin) oracle(g *plain.Engine, _ *recording.Recording) {
	g.Coin(func(event, subject int) plain.Coin {
		return func(round uint32) plain.Tri {
			switch heads, known := odd(event, subject, round); {
			case !known:
				return plain.None
			case heads:
				return plain.True
			}
			return plain.False
		}
	})
}

// concreteCoin is the concrete coin, with event ids made up from a seed.
type concreteCoin uint64

// oracle implements tossing.
func (concreteCoin) oracle(g *plain.Engine, rec *recording.Recording) {
	var identities [][32]byte
	for p := range rec.Peers {
		identities = append(identities, identity(p))
	}
	g.Concrete(identities)
}

// ids makes up the ids of a graph's events. As real ones they depend on what the event says and on its parents'
// ids, not on its place. They are none unless the coin is the concrete one.
func ids(c tossing, rec *recording.Recording) []core.Hash {
	seed, ok := c.(concreteCoin)
	if !ok {
		return make([]core.Hash, len(rec.Events))
	}
	ids := make([]core.Hash, len(rec.Events))
	short := func(x int32) uint64 {
		if x == recording.None {
			return 0
		}
		return binary.BigEndian.Uint64(ids[x][24:])
	}
	for i, e := range rec.Events {
		id := uint64(seed)
		for _, field := range []uint64{uint64(e.Creator), uint64(e.Cause), uint64(e.Observation), short(e.SelfParent), short(e.OtherParent)} {
			id = splitmix(id + 0x9e3779b97f4a7c15 + field)
		}
		binary.BigEndian.PutUint64(ids[i][24:], id)
	}
	return ids
}

// odd returns an id's lowest bit.
func odd(id core.Hash) bool { return id[len(id)-1]&1 == 1 }

// placeless returns a coin that does not depend on the places of events: the coin, or that of the recordings if
// it does.
func placeless(c tossing) tossing {
	if _, ok := c.(concreteCoin); ok {
		return c
	}
	return nil
}
