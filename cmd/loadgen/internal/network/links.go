package network

import (
	"errors"

	"parsec/cmd/loadgen/internal/network/link"
)

// mesh is all links of a network: for each ordered pair of nodes a way, and a proxy that the first dials.
type mesh struct {
	base    link.Matrix // conditions at first
	ways    [][]*link.Way
	proxies [][]*link.Proxy
}

// newMesh makes proxies to the nodes that listen at those addresses.
func newMesh(base link.Matrix, listen []string, seed uint64) (*mesh, error) {
	n := len(listen)
	m := &mesh{base: base, ways: make([][]*link.Way, n), proxies: make([][]*link.Proxy, n)}
	for i := range n {
		m.ways[i] = make([]*link.Way, n)
		m.proxies[i] = make([]*link.Proxy, n)
		for j := range n {
			if i != j {
				m.ways[i][j] = link.NewWay(base[i][j], seed, uint64(i)<<32|uint64(j))
			}
		}
	}
	for i := range n {
		for j := range n {
			if i == j {
				continue
			}
			p, err := link.NewProxy(listen[j], m.ways[i][j], m.ways[j][i])
			if err != nil {
				return nil, errors.Join(err, m.close())
			}
			m.proxies[i][j] = p
		}
	}
	return m, nil
}

func (m *mesh) close() error {
	if m == nil {
		return nil
	}
	for _, row := range m.proxies {
		for _, p := range row {
			if p != nil {
				p.Close()
			}
		}
	}
	return nil
}

// cut cuts ways or heals them.
func (m *mesh) cut(pairs []link.Pair, cut bool) {
	for _, p := range pairs {
		m.ways[p.From][p.To].Cut(cut)
	}
}

// change gives ways other conditions.
func (m *mesh) change(pairs []link.Pair, conditions string) error {
	for _, p := range pairs {
		w := m.ways[p.From][p.To]
		c, err := link.Parse(conditions, w.Conditions())
		if err != nil {
			return err
		}
		w.Set(c)
	}
	return nil
}

// restore gives ways the conditions that they had at first. Those that are cut stay so.
func (m *mesh) restore(pairs []link.Pair) {
	for _, p := range pairs {
		w := m.ways[p.From][p.To]
		c := m.base[p.From][p.To]
		c.Cut = c.Cut || w.Conditions().Cut
		w.Set(c)
	}
}

// reset ends the connections of links.
func (m *mesh) reset(pairs []link.Pair) {
	for _, p := range pairs {
		m.proxies[p.From][p.To].Reset()
	}
}

// all returns all ways.
func (m *mesh) all() []link.Pair {
	var pairs []link.Pair
	for i := range m.ways {
		for j := range m.ways {
			if i != j {
				pairs = append(pairs, link.Pair{From: i, To: j})
			}
		}
	}
	return pairs
}
