package sign

// A batch is split into pieces of about pieceSize, into two at least, and not at all below twice pieceMin. Sums get
// cheaper with size: eight pieces of 128 took a third more time together than one batch of 1,024, four of 256 a seventh.
// Measured by BenchmarkPieces.
const (
	pieceSize = 256
	pieceMin  = 64
)

// pieces is what CheckPieces works in. All of it is kept from call to call.
type pieces struct {
	verifiers []*Verifier // one for each piece, with the keys of the Verifier that they belong to
	all       []bool      // by piece: all were good
	do        func(i int)

	items   []Item
	bad     []uint64
	trusted bool
}

// CheckPieces is [Verifier.Check] with the work split into pieces, if there are enough items. It calls parallel with
// their number n and a function that does piece i, for each i from 0 to n-1 exactly once, in any order and on
// any goroutines; parallel returns when all are done. The verdicts are those of Check: a piece is a batch of its own,
// whose coefficients depend on what is in it, and how many there are depends on the number of items alone.
//
// What Check works in is kept for each piece. Beside what Check allocates for each, nothing is.
func (v *Verifier) CheckPieces(items []Item, bad []uint64, trusted bool, parallel func(n int, do func(i int))) (all bool) {
	n := piecesOf(len(items))
	if parallel == nil || n < 2 {
		return v.Check(items, bad, trusted)
	}
	p := &v.pieces
	for len(p.verifiers) < n {
		p.verifiers = append(p.verifiers, &Verifier{draw: v.draw.Clone(), batch: batch{bisectMin: v.bisectMin}})
		p.all = append(p.all, false)
	}
	if p.do == nil {
		p.do = v.piece
	}
	for i := range n {
		p.verifiers[i].keys, p.all[i] = v.keys, false
	}
	p.items, p.bad, p.trusted = items, bad[:(len(items)+63)/64], trusted
	parallel(n, p.do)
	p.items, p.bad = nil, nil
	all = true
	for i := range n {
		all = all && p.all[i]
	}
	return all
}

// piece checks piece i. Pieces begin at multiples of 64, so that no two write one word of bad.
func (v *Verifier) piece(i int) {
	p := &v.pieces
	n := piecesOf(len(p.items))
	first, end := border(len(p.items), i, n), border(len(p.items), i+1, n)
	p.all[i] = p.verifiers[i].Check(p.items[first:end], p.bad[first/64:], p.trusted)
}

// piecesOf returns into how many pieces so many items are split.
func piecesOf(items int) int {
	if items < 2*pieceMin {
		return 1
	}
	return max(2, items/pieceSize)
}

// border returns where piece i of n begins, of so many items: at the multiple of 64 that is nearest to equal shares.
func border(items, i, n int) int {
	if i == n {
		return items
	}
	return (items*i/n + 32) &^ 63
}
