package election

// Subjects that every observer so far sees alike have the same meta-votes everywhere. They form a class,
// and meta-votes are kept for classes: in gossip most subjects are seen by all observers and one class
// holds them. An observer that sees two of a class differently splits it, which copies what the class has
// so far.

// A word has four quarters, and a quarter has a bit for each class of a group. In sections of up to
// nibbleVoters voters the bits stand four apart, so that words add up to tallies: a group is four classes.
// In larger ones they are adjacent, and a group is sixteen.
const (
	nibbleVoters = 8
	quarterBits  = 16
	quarter      = uint64(1)<<quarterBits - 1
	twice        = 0x1_0001           // copies a quarter to the lower half
	fourTimes    = 0x1_0001_0001_0001 // copies a quarter to all four
	nibbles      = 0x1111 * fourTimes // the lowest bit of each nibble
)

// classes says which class a voter's say is in.
type classes struct {
	lane  int      // bits from one class to the next: 4 or 1
	of    []uint16 // by voter
	count int
	all   []uint64 // by group: a bit for each class
	into  []uint16 // scratch of split, by class: the new one, 0 for none yet
	value []uint8  // scratch of split, by class: 1 more than what its first voter has
}

// place returns the group of class of, and its bit there.
func (c *classes) place(of uint16) (group, bit int) {
	at := int(of) * c.lane
	return at / quarterBits, at % quarterBits
}

// begin puts all n voters into one class.
func (c *classes) begin() {
	clear(c.of)
	clear(c.all)
	c.count = 1
	c.all[0] = 1
}

// splitAt splits the classes whose voters' bits in subjects differ. Votes has the numbers in use.
func (l *metaVotes) splitAt(subjects []uint64, votes []uint32) {
	c := &l.classes
	clear(c.value[:c.count])
	clear(c.into[:c.count])
	for v, of := range c.of {
		bit := uint8(subjects[v>>6]>>(v&63)&1) + 1
		switch {
		case c.value[of] == 0:
			c.value[of] = bit
		case c.value[of] != bit:
			if c.into[of] == 0 {
				c.into[of] = l.split(of, votes)
			}
			c.of[v] = c.into[of]
		}
	}
}

// split makes a new class with the meta-votes of class a, and returns it. Time O(numbers).
func (l *metaVotes) split(a uint16, votes []uint32) uint16 {
	c := &l.classes
	b := uint16(c.count)
	if c.count*c.lane == l.groups*quarterBits {
		l.widen(votes)
	}
	c.count++
	c.value[b], c.into[b] = 0, 0
	from, fromBit := c.place(a)
	to, toBit := c.place(b)
	c.all[to] |= 1 << toBit
	for t := range l.active {
		s := &l.steps[t]
		counted, state := s.counted[:l.used], s.state[:l.used]
		for k := 0; k < len(counted); k += l.groups {
			counted[k+to] |= counted[k+from] >> fromBit & fourTimes << toBit
			state[k+to] |= state[k+from] >> fromBit & fourTimes << toBit
		}
		s.met[to] |= s.met[from] >> fromBit & 1 << toBit
	}
	return b
}

// widen adds a group. Numbers grow with that: those in votes and in l.cur are rewritten.
func (l *metaVotes) widen(votes []uint32) {
	was := l.groups
	l.groups++
	moved := func(number uint32) uint32 { return number / uint32(was) * uint32(l.groups) }
	old := l.versions
	numbers := l.used / was
	l.used = numbers * l.groups
	l.roomy = max(l.roomy, l.used+l.groups)
	l.versions = make([]version, l.roomy)
	for i := range numbers {
		l.versions[i*l.groups] = old[i*was]
	}
	for t := range l.steps {
		s := &l.steps[t]
		counted, state := s.counted, s.state
		s.counted, s.state = nil, nil
		if t >= l.active {
			continue
		}
		l.room(s)
		for i := range numbers {
			copy(s.counted[i*l.groups:], counted[i*was:(i+1)*was])
			copy(s.state[i*l.groups:], state[i*was:(i+1)*was])
		}
	}
	for i, number := range votes {
		votes[i] = moved(number)
	}
	for i, number := range l.cur {
		l.cur[i] = moved(number)
	}
	l.classes.all = append(l.classes.all, 0)
	l.carry = append(l.carry, carried{})
}

// gather adds to the estimates of each group the classes whose voters' bits are set in subjects.
func (c *classes) gather(subjects []uint64, into []carried) {
	for v, of := range c.of {
		group, bit := c.place(of)
		into[group].estimates |= subjects[v>>6] >> (v & 63) & 1 << bit
	}
}
