package link

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Profile is a network as one may meet it. Its figures are orders of magnitude, rounded from what operators of such
// networks publish (for regions: round trips between data centres of the large clouds); none was measured here.
type Profile struct {
	Name, Does string

	each    Conditions // of all ways
	regions []string   // nodes are in regions in turn; none: all are alike
	trips   [][]int    // ms, round trips between regions
}

// near is one way between two data centres of a region.
const near = 500 * time.Microsecond

// Profiles returns all profiles.
func Profiles() []Profile { return slices.Clone(profiles) }

var profiles = []Profile{
	{
		Name: "lan", Does: "a switch between: 0.1 ms, 1 Gbit/s",
		each: Conditions{Delay: 100 * time.Microsecond, Jitter: 20 * time.Microsecond, Rate: 125e6},
	},
	{
		Name: "metro", Does: "data centres of one city: 0.5 ms, 1 Gbit/s",
		each: Conditions{Delay: near, Jitter: 50 * time.Microsecond, Rate: 125e6},
	},
	{
		Name:    "wan-eu",
		Does:    "Frankfurt, Paris, London, Dublin, Stockholm in turn: round trips of 9 to 40 ms, 500 Mbit/s, 0.01 % loss",
		each:    Conditions{Delay: near, Spread: Pareto, Rate: 62.5e6, Loss: 0.0001},
		regions: []string{"Frankfurt", "Paris", "London", "Dublin", "Stockholm"},
		trips: [][]int{
			{},
			{10},
			{15, 9},
			{25, 18, 11},
			{22, 30, 31, 40},
		},
	},
	{
		Name: "wan-global",
		Does: "Virginia, Frankfurt, Singapore, São Paulo, Tokyo, Oregon, Sydney in turn: round trips of 60 to 330 ms, " +
			"200 Mbit/s, 0.05 % loss",
		each:    Conditions{Delay: near, Spread: Pareto, Rate: 25e6, Loss: 0.0005},
		regions: []string{"Virginia", "Frankfurt", "Singapore", "São Paulo", "Tokyo", "Oregon", "Sydney"},
		trips: [][]int{
			{},
			{90},
			{220, 160},
			{115, 205, 330},
			{150, 230, 70, 260},
			{60, 145, 165, 175, 100},
			{200, 290, 95, 315, 105, 140},
		},
	},
	{
		Name: "mobile", Does: "a cell each: 40 ms, 20 ms of jitter at times much more, 1 % loss, 20 Mbit/s",
		each: Conditions{Delay: 40 * time.Millisecond, Jitter: 20 * time.Millisecond, Spread: Pareto, Loss: 0.01, Rate: 2.5e6},
	},
	{
		Name: "satellite", Does: "by a geostationary satellite: 300 ms, 0.5 % loss, 10 Mbit/s",
		each: Conditions{Delay: 300 * time.Millisecond, Jitter: 10 * time.Millisecond, Loss: 0.005, Rate: 1.25e6},
	},
	{
		Name: "lossy", Does: "20 ms and 5 % loss: bad on purpose",
		each: Conditions{Delay: 20 * time.Millisecond, Jitter: 5 * time.Millisecond, Loss: 0.05},
	},
}

// Matrix returns the profile's for so many nodes.
func (p Profile) Matrix(nodes int) Matrix {
	m := New(nodes)
	for i, row := range m {
		for j := range row {
			c := p.each
			if len(p.regions) > 0 {
				a, b := i%len(p.regions), j%len(p.regions)
				if a < b {
					a, b = b, a
				}
				if a != b {
					c.Delay = time.Duration(p.trips[a][b]) * time.Millisecond / 2
				}
				c.Jitter = c.Delay / 50
			}
			row[j] = c
		}
	}
	return m
}

// Named returns the profile of that name.
func Named(name string) (Profile, error) {
	var names []string
	for _, p := range profiles {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Profile{}, fmt.Errorf("%q is no profile of links: there are %s", name, strings.Join(names, ", "))
}
