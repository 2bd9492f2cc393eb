package coin

// Own is a deliberate bug: a coin that falls otherwise at some nodes.
type Own struct {
	Coin
	Turned bool
}

// Toss implements [Coin].
func (c Own) Toss(q Query, r Reader) (heads, known bool) {
	heads, known = c.Coin.Toss(q, r)
	return heads != c.Turned, known
}
