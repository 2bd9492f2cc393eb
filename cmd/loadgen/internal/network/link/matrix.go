package link

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// MaxNodes is how many nodes a matrix may have.
const MaxNodes = 256

// Matrix has the conditions of the way from node i to node j at [i][j]. What is at [i][i] is not used.
type Matrix [][]Conditions

// New returns a matrix of ways that do nothing to the bytes.
func New(nodes int) Matrix {
	m := make(Matrix, nodes)
	for i := range m {
		m[i] = make([]Conditions, nodes)
	}
	return m
}

// Clear reports whether no way does anything to the bytes.
func (m Matrix) Clear() bool {
	for i, row := range m {
		for j, c := range row {
			if i != j && c != (Conditions{Spread: c.Spread}) {
				return false
			}
		}
	}
	return true
}

// Pair names the way from a node to another.
type Pair struct{ From, To int }

// PairSyntax tells how links are written, for help texts.
const PairSyntax = `0-1           both ways between nodes 0 and 1
0>1           the way from 0 to 1
2             all ways from and to node 2; the same as 2-*
*             all ways; the same as *-*
0-1,0>2       several`

// ParsePairs reads links of a section of so many nodes as [PairSyntax] tells. Each way comes once, in order of the
// first mention.
func ParsePairs(s string, nodes int) ([]Pair, error) {
	if nodes > MaxNodes {
		return nil, fmt.Errorf("%d nodes are more than the %d that links can be given for", nodes, MaxNodes)
	}
	var pairs []Pair
	seen := map[Pair]bool{}
	add := func(i, j int) {
		if p := (Pair{i, j}); i != j && !seen[p] {
			seen[p] = true
			pairs = append(pairs, p)
		}
	}
	for term := range strings.SplitSeq(s, ",") {
		from, to, both := strings.Cut(term, "-")
		one := false
		if !both {
			if from, to, one = strings.Cut(term, ">"); !one {
				to, both = "*", true
			}
		}
		a, err := ends(from, nodes)
		if err != nil {
			return nil, fmt.Errorf("link %q: %w", term, err)
		}
		b, err := ends(to, nodes)
		if err != nil {
			return nil, fmt.Errorf("link %q: %w", term, err)
		}
		if len(a) == 1 && len(b) == 1 && a[0] == b[0] {
			return nil, fmt.Errorf("link %q: from a node to itself", term)
		}
		for _, i := range a {
			for _, j := range b {
				add(i, j)
				if both {
					add(j, i)
				}
			}
		}
	}
	return pairs, nil
}

func ends(s string, nodes int) ([]int, error) {
	if s == "*" {
		all := make([]int, nodes)
		for i := range all {
			all[i] = i
		}
		return all, nil
	}
	i, err := strconv.Atoi(s)
	if err != nil || i < 0 || i >= nodes {
		return nil, fmt.Errorf("%q is no node of 0 to %d, and not *", s, nodes-1)
	}
	return []int{i}, nil
}

// maxLine is how long a line of a matrix file may be, in bytes.
const maxLine = 1 << 12

// Read reads a matrix file: lines of links and conditions, and comments from # on. A line changes what those before it
// said, in what it mentions. For example:
//
//   - delay=20ms jitter=2ms
//     0-1  rate=10Mbit
//     2>0  clear loss=1%
func Read(r io.Reader, nodes int) (Matrix, error) {
	m := New(nodes)
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		text, _, _ := strings.Cut(lines.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		links, conditions, _ := strings.Cut(strings.ReplaceAll(text, "\t", " "), " ")
		if err := m.set(links, conditions); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, fmt.Errorf("line %d: more than %d bytes", n+1, maxLine)
	} else if err != nil {
		return nil, err
	}
	return m, nil
}

func (m Matrix) set(links, conditions string) error {
	pairs, err := ParsePairs(links, len(m))
	if err != nil {
		return err
	}
	for _, p := range pairs {
		c, err := Parse(conditions, m[p.From][p.To])
		if err != nil {
			return err
		}
		m[p.From][p.To] = c
	}
	return nil
}
