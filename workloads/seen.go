package workloads

import "slices"

// logs holds the order in which each member learned the events: its own as it made them, others' as
// messages brought them, in the order of the sender. Only AsSeen order pays for it.
//
// What every member knows no message will bring again, so all but the recorder's logs are cut off in
// front from time to time. Kept whole they would take 4 bytes for each member and event: 200 MB for
// 256 peers and 200,000 events.
type logs struct {
	order   [][]int32 // by member: events; a suffix of the log
	dropped []int     // by member: how many events before that suffix
	origin  []origin  // by event
	news    []int32   // scratch
	entries int       // in all of order
	limit   int       // entries at which to cut
	least   int       // the lowest limit
}

func (l *logs) init(members int) {
	l.order = make([][]int32, members)
	l.dropped = make([]int, members)
	l.least = 1 << 20
	l.limit = l.least
}

// origin is where an event comes from: the member that made it, and how many events of its came before.
type origin struct {
	place uint32
	chain uint16
}

// in reports whether row, or who has it, knows the event.
func (o origin) in(row []uint32) bool { return o.place < row[o.chain] }

// len returns how many events m knows.
func (l *logs) len(m *member) int { return l.dropped[m.number] + len(l.order[m.number]) }

// made records m's newest event.
func (l *logs) made(m *member) {
	l.origin = append(l.origin, origin{m.row[m.number] - 1, uint16(m.number)})
	l.order[m.number] = append(l.order[m.number], m.last)
	l.entries++
}

// learn records what a message tells m, whose row is still as it was before. It walks the sender's log
// backwards from where the message was sent until it has met all that is new.
func (l *logs) learn(s *section, m *member, msg *message) {
	missing := 0
	for k, known := range msg.row {
		if known > m.row[k] {
			missing += int(known - m.row[k])
		}
	}
	from := l.order[msg.from][:max(0, msg.log-l.dropped[msg.from])]
	l.news = l.news[:0]
	for i := len(from) - 1; i >= 0 && missing > 0; i-- {
		if e := from[i]; !l.origin[e].in(m.row) {
			l.news = append(l.news, e)
			missing--
		}
	}
	if missing > 0 {
		// A joiner's first message goes back beyond what was cut off. Its log counts the events, so
		// that positions stay right, but no one will ask it for them.
		l.dropped[m.number] += missing
	}
	slices.Reverse(l.news)
	l.order[m.number] = append(l.order[m.number], l.news...)
	if l.entries += len(l.news); l.entries > l.limit {
		l.cut(s)
	}
}

// copy gives member to the log of member from.
func (l *logs) copy(to, from int32) {
	l.order[to] = slices.Clone(l.order[from])
	l.dropped[to] = l.dropped[from]
	l.entries += len(l.order[to])
}

// cut drops from the front of each log what every member knows that takes part.
func (l *logs) cut(s *section) {
	known := slices.Clone(s.view.row)
	for i := range s.members {
		if m := &s.members[i]; m.awake && !m.gone {
			for k, r := range m.row {
				known[k] = min(known[k], r)
			}
		}
	}
	l.entries = 0
	for i := range s.members {
		if s.view.number != int32(i) {
			log := l.order[i]
			k := 0
			for k < len(log) && l.origin[log[k]].in(known) {
				k++
			}
			l.order[i] = append(log[:0], log[k:]...)
			l.dropped[i] += k
		}
		l.entries += len(l.order[i])
	}
	l.limit = max(l.least, 2*l.entries)
}
