package sign

// What Check does with how many signatures. Measured by BenchmarkCheck; core/design/signatures.md has the figures.
const (
	batchMin  = 4    // fewer are checked singly
	bisectMin = 32   // fewer of a bad batch are
	batchMax  = 1024 // more are several batches: it bounds what a Verifier keeps
)

// Check finds out which signatures are good and reports whether all are. It sets bit i%64 of bad[i/64] for each bad
// item i and clears the others of the first (len(items)+63)/64 words, which bad must have. A peer number that was
// not given out makes an item bad.
//
// trusted says that the sender has not sent a bad signature yet: its items are checked as batches of up to 1,024,
// and a batch that fails is halved until the bad ones are found. One bad item makes a batch of 256 cost two and a half
// times as much; many can make it cost twice what checking singly does. So a sender gets to do that once: with
// trusted = false all are checked singly. The verdicts are the same.
//
// A batch is good if 8 times the sum over its items of z*(R + [h]A - [S]B) is zero, with a random z of 128 bits for
// each. If any item is bad, its bracket is not zero after the factor 8, in a group of prime order; whatever the
// others are, at most one value of its z makes the sum zero, so that a bad batch passes with a probability of at
// most 2^-128. That holds only if the items do not depend on z. The core has no random source, so z is the output of
// keyed BLAKE3, a pseudorandom function, under the secret, over all of the batch: peers, messages and whole
// signatures. Who does not know the secret cannot tell it from fresh random numbers for each batch that differs in
// a bit, and has to try about 2^128 batches, online. The same batch again draws the same numbers and fails again,
// which tells nothing about those of another. The halves of a bad batch use its z: each of the fewer than 2,048 sums is
// wrong with at most that probability, and whatever is called bad was checked singly.
//
// The verdicts do not depend on what was checked before. What Check works in, half a KB an item, is kept and grows to
// the largest batch so far. Beside that it allocates only in the sum over a batch, inside the library: twice where the
// items and their distinct signers are fewer than 189, 1.5 KB each, and three times else, 0.2 KB each; never more than
// 450 KB. All of it is garbage when Check returns. Single checks allocate nothing.
func (v *Verifier) Check(items []Item, bad []uint64, trusted bool) (all bool) {
	bad = bad[:(len(items)+63)/64]
	clear(bad)
	all = true
	for first := 0; first < len(items); first += batchMax {
		part := items[first:min(first+batchMax, len(items))]
		v.load(part)
		if trusted && len(v.open) >= batchMin {
			v.coefficients(part)
			if !v.sumIsZero(0, len(v.open)) {
				// One bad item takes sums of n/2 + n/2 + n/4 + n/4 ... items at the most; for many it is not
				// worth looking further than that.
				v.budget = 2 * len(v.open)
				v.search(0, len(v.open))
			}
		} else {
			v.singly(0, len(v.open))
		}
		for i := range part {
			if item := &part[i]; v.good[i] {
				item.verified = Verified{message: item.Message, peer: item.Peer, ok: true}
			} else {
				item.verified = Verified{}
				at := first + i
				bad[at/64] |= 1 << (at % 64)
				all = false
			}
		}
	}
	return all
}

// load decodes a part of the items into v.open, those that may be good.
func (v *Verifier) load(items []Item) {
	v.open = v.open[:0]
	v.good = v.good[:0]
	for i := range items {
		item := &items[i]
		v.good = append(v.good, false)
		if int(item.Peer) >= len(v.keys) || !canonicalS(&item.Signature) {
			continue
		}
		v.open = append(v.open, open{})
		o := &v.open[len(v.open)-1]
		if !decode(&o.r, (*[32]byte)(item.Signature[:32])) {
			v.open = v.open[:len(v.open)-1]
			continue
		}
		v.good[i] = true
		o.item, o.peer = uint16(i), item.Peer
		o.s = [32]byte(item.Signature[32:])
		o.digest = challenge(&v.keys[item.Peer].encoded, &item.Message, &item.Signature)
	}
}

// search finds the bad ones among open[first:end], whose sum is not zero. The sums it tries have at most v.budget
// items together; where that is used up it checks singly.
func (v *Verifier) search(first, end int) {
	if end-first < v.bisectMin || v.budget < end-first {
		v.singly(first, end)
		return
	}
	middle := (first + end) / 2
	v.budget -= middle - first
	left, right := v.sumIsZero(first, middle), false
	if !left { // else the right is not zero: the sums of the halves add up to that of the whole
		v.budget -= end - middle
		right = v.sumIsZero(middle, end)
		v.search(first, middle)
	}
	if !right {
		v.search(middle, end)
	}
}

// singly checks open[first:end] one by one.
func (v *Verifier) singly(first, end int) {
	for i := first; i < end; i++ {
		o := &v.open[i]
		v.good[o.item] = o.holds(v.keys[o.peer].negative)
	}
}
