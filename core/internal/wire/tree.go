package wire

import "github.com/zeebo/blake3"

// arity is how many children a node of a tree of votes has at most. With 16 a vote costs a sixteenth of a
// hash of 544 bytes, and a path to one of 256 votes is 30 hashes.
const arity = 16

// nodeTag, the number of children, the level and zeros are the 32 bytes that a node's hash begins with.
const nodeTag = "parsec votes 1\n"

// Tree hashes the votes of one event. Votes in order are cut into groups of 16, the last may be smaller;
// the hashes of the groups are cut into groups again, until one is left: the root. A single vote is a
// group too. The event's id covers the number of votes, and with it the shape.
//
// A Tree is buffers only: its zero value is ready, and no call depends on one before it.
type Tree struct {
	node  node
	level []Hash
}

// Root returns the root of the tree over the observation hashes that an event votes for, in order. That
// of none is the zero hash. It does not allocate once it has seen as many votes.
func (t *Tree) Root(votes []Hash) Hash {
	if len(votes) == 0 {
		return Hash{}
	}
	for level := 0; ; level++ {
		votes = t.up(level, votes)
		if len(votes) == 1 {
			return votes[0]
		}
	}
}

// Path returns what PathRoot needs besides the vote at place i to compute the root: the other members of
// its group in each level, from the votes up. It panics if there is no such vote.
func (t *Tree) Path(votes []Hash, i int) []Hash {
	if uint(i) >= uint(len(votes)) {
		panic("wire: a path to a vote that is not there")
	}
	path := make([]Hash, 0, pathLength(i, len(votes)))
	for level := 0; ; level++ {
		first := i / arity * arity
		path = append(path, votes[first:i]...)
		path = append(path, votes[i+1:min(first+arity, len(votes))]...)
		if votes = t.up(level, votes); len(votes) == 1 {
			return path
		}
		i /= arity
	}
}

// up returns the hashes of the groups of one level. They may overwrite that level: the hash of a group is
// written no further on than the group, which is read before.
func (t *Tree) up(level int, below []Hash) []Hash {
	groups := (len(below) + arity - 1) / arity
	if cap(t.level) < groups {
		t.level = make([]Hash, groups)
	}
	above := t.level[:groups]
	for g := range above {
		end := t.node.put(nodeHeader, below[g*arity:min((g+1)*arity, len(below))])
		above[g] = t.node.sum(level, end)
	}
	return above
}

// PathRoot returns the root of the tree of n votes whose vote at place i and whose path to it are given.
// It reports false if there is no such place, if n is beyond MaxVotes, or if the path has not the length
// that i and n demand. It does not allocate; its cost is that of at most four hashes of 544 bytes.
func PathRoot(vote Hash, i, n int, path []Hash) (Hash, bool) {
	if n > MaxVotes || i < 0 || i >= n || len(path) != pathLength(i, n) {
		return Hash{}, false
	}
	var b node
	for level := 0; ; level++ {
		before := i % arity
		others := min(arity, n-i/arity*arity) - 1
		end := b.put(nodeHeader, path[:before])
		end += copy(b[end:], vote[:])
		end = b.put(end, path[before:others])
		vote, path = b.sum(level, end), path[others:]
		i, n = i/arity, (n+arity-1)/arity
		if n == 1 {
			return vote, true
		}
	}
}

// pathLength returns how many hashes the path to place i of n votes has.
func pathLength(i, n int) int {
	length := 0
	for {
		length += min(arity, n-i/arity*arity) - 1
		i, n = i/arity, (n+arity-1)/arity
		if n == 1 {
			return length
		}
	}
}

const nodeHeader = 32

// node is where the children of one group are put together to be hashed.
type node [nodeHeader + arity*32]byte

// put writes hashes from the byte at on, and returns where they end.
func (b *node) put(at int, hashes []Hash) int {
	for i := range hashes {
		at += copy(b[at:], hashes[i][:])
	}
	return at
}

// sum returns the hash of the node whose children end before the byte end.
func (b *node) sum(level, end int) Hash {
	at := copy(b[:], nodeTag)
	b[at], b[at+1] = byte((end-nodeHeader)/32), byte(level)
	return blake3.Sum256(b[:end])
}
