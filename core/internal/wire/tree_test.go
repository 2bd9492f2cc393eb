package wire

import (
	"fmt"
	"testing"

	"github.com/zeebo/blake3"
)

// plainRoot is Tree.Root as its definition reads.
func plainRoot(level byte, votes []Hash) Hash {
	if len(votes) == 0 {
		return Hash{}
	}
	var groups []Hash
	for first := 0; first < len(votes); first += 16 {
		group := votes[first:min(first+16, len(votes))]
		text := append([]byte("parsec votes 1\n"), byte(len(group)), level)
		text = append(text, make([]byte, 15)...)
		for _, h := range group {
			text = append(text, h[:]...)
		}
		groups = append(groups, blake3.Sum256(text))
	}
	if len(groups) == 1 {
		return groups[0]
	}
	return plainRoot(level+1, groups)
}

func TestTree(t *testing.T) {
	r := random(5)
	votes := make([]Hash, MaxVotes)
	for i := range votes {
		votes[i] = randomHash(r)
	}
	tree := new(Tree)
	longest := 0
	for _, n := range []int{0, 1, 2, 15, 16, 17, 31, 32, 33, 255, 256, 257, 300, 4095, 4096, 4097, MaxVotes} {
		votes := votes[:n]
		root := tree.Root(votes)
		if want := plainRoot(0, votes); root != want {
			t.Fatalf("%d votes: root %x, want %x", n, root, want)
		}
		for _, i := range []int{0, 1, 14, 15, 16, 17, 100, n / 2, n - 2, n - 1} {
			if i < 0 || i >= n {
				continue
			}
			path := tree.Path(votes, i)
			longest = max(longest, len(path))
			if got, ok := PathRoot(votes[i], i, n, path); !ok || got != root {
				t.Fatalf("vote %d of %d: path gives %x, %v; want %x", i, n, got, ok, root)
			}
			if got := tree.Root(votes); got != root {
				t.Fatalf("%d votes: another root after a path", n)
			}
			wrongPaths(t, votes, i, path, root)
		}
	}
	votes = append(votes, Hash{})
	if _, ok := PathRoot(votes[0], 0, len(votes), tree.Path(votes, 0)); ok {
		t.Error("a path to one of more than MaxVotes votes was followed")
	}
	if longest != MaxPath {
		t.Errorf("the longest path has %d hashes, MaxPath is %d", longest, MaxPath)
	}
}

// wrongPaths tries what must not give the root.
func wrongPaths(t *testing.T, votes []Hash, i int, path []Hash, root Hash) {
	t.Helper()
	n := len(votes)
	refuse := func(what string, vote Hash, i, n int, path []Hash) {
		if got, ok := PathRoot(vote, i, n, path); ok && got == root {
			t.Fatalf("vote %d of %d: %s gives the root too", i, n, what)
		}
	}
	shape := func(what string, i, n int, path []Hash) {
		if _, ok := PathRoot(votes[0], i, n, path); ok {
			t.Fatalf("vote %d of %d, %d hashes: %s was not refused", i, n, len(path), what)
		}
	}
	bad := votes[i]
	bad[31] ^= 1
	refuse("another vote", bad, i, n, path)
	for _, j := range []int{0, 1, i - 1, i + 1, i ^ 16, n - 1} {
		if j >= 0 && j < n && j != i {
			refuse(fmt.Sprintf("place %d", j), votes[i], j, n, path)
		}
	}
	for _, j := range []int{0, len(path) / 2, len(path) - 1} {
		if j >= 0 && j < len(path) {
			path[j][0] ^= 1
			refuse("another hash in the path", votes[i], i, n, path)
			path[j][0] ^= 1
		}
	}
	shape("a longer path", i, n, append(path[:len(path):len(path)], Hash{}))
	if len(path) > 0 {
		shape("a shorter path", i, n, path[1:])
	}
	shape("place n", n, n, path)
	shape("a place below 0", -1, n, path)
	shape("no votes", 0, 0, path)
	shape("less than no votes", 0, -1, path)
}

// A group of one level is not a group of another, nor part of a larger one.
func TestTreeDomains(t *testing.T) {
	tree := new(Tree)
	seen := map[Hash]int{}
	for n := range 40 {
		root := tree.Root(make([]Hash, n))
		if m, ok := seen[root]; ok {
			t.Errorf("%d and %d zero votes have the same root", m, n)
		}
		seen[root] = n
	}
	votes := make([]Hash, 32)
	inner := []Hash{tree.Root(votes[:16]), tree.Root(votes[16:])}
	if tree.Root(votes) == tree.Root(inner) {
		t.Error("32 votes have the root of two votes for their groups")
	}
}

func TestTreeAllocations(t *testing.T) {
	tree := new(Tree)
	votes := make([]Hash, 300)
	tree.Root(votes)
	path := tree.Path(votes, 17)
	if n := testing.AllocsPerRun(100, func() { tree.Root(votes) }); n != 0 {
		t.Errorf("Root allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { PathRoot(votes[17], 17, 300, path) }); n != 0 {
		t.Errorf("PathRoot allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { tree.Path(votes, 17) }); n != 1 {
		t.Errorf("Path allocates %v times, want 1", n)
	}
}
