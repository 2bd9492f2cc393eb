package core_test

import "parsec/core/internal/plain"

// oddCoin gives the coin about a subject as seen from an event. Nil is the coin of the recordings, which is
// the same for all; the others fall differently for each subject, and some events do not know them.
type oddCoin func(event, subject int, round uint32) (heads, known bool)

func newOddCoin(seed uint64) oddCoin {
	bits := func(a, b uint64) uint64 { // splitmix64's finalizer
		z := seed + a*0x9e3779b97f4a7c15 + b*0xbf58476d1ce4e5b9
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	return func(event, subject int, round uint32) (heads, known bool) {
		return bits(uint64(subject), uint64(round))&1 == 1, bits(uint64(event)<<32, uint64(round))&3 > 0
	}
}

// plain is the coin as the oracle takes it.
func (odd oddCoin) plain(event, subject int) plain.Coin {
	if odd == nil {
		return plain.RoundParity
	}
	return func(round uint32) plain.Tri {
		switch heads, known := odd(event, subject, round); {
		case !known:
			return plain.None
		case heads:
			return plain.True
		}
		return plain.False
	}
}
