package sim

import (
	"slices"

	"parsec/core"
	"parsec/core/internal/wire"
)

// attack is a kind of message that no honest member sends.
type attack uint8

const (
	attackBranch   attack = iota // branches on one event of its own, under a head or under none
	attackFeed                   // an event on top of another hostile member's, whatever branch that is on
	attackStranger               // an event by a key that was never added, with one of its own on top
	attackName                   // an event in an honest member's name, with one of its own on top: needs signatures
	attackHidden                 // a branch below an event that is refused late
	attackMerged                 // branches under events of strangers, one below the other
	attackLegal                  // branches of several forkers, each of which takes in branches of those before it
	attackSoup                   // any events on any others, valid or not
	attackOld                    // events that are known, of anybody, whole histories or pieces, in any order
	attackFrame                  // a frame that was sent before, to anybody
	attackTwice                  // events several times in one message
	attackTeach                  // an answer to a question that nobody asked
	attackPart                   // a message in part, about what is not so
	attackContents               // votes by hash alone; and contents, or questions for contents, that nobody asked for
	attackNoise                  // no message at all, or a damaged one
	attackLimit                  // a message past a limit
	attacks
)

// assault is one message in the making: who sends it to whom.
type assault struct {
	*plot
	s     *run
	v     *hostile
	r     stream
	to    *process      // it is made for: the others who get it may have more or less
	by    core.Identity // the sender
	other core.Identity // another hostile member, if there is one
}

// compose returns a message of a kind of attack, nil if there is nothing to make one of.
func (a *assault) compose(what attack) *wire.Message {
	base := a.base(a.by)
	kind := pick(a.r, []wire.MessageKind{wire.KindRequest, wire.KindRequest, wire.KindResponse})
	var events []*forged
	switch what {
	case attackBranch:
		events = a.branches(base)
	case attackFeed:
		events = a.feed(base)
	case attackStranger:
		x := a.initial(a.s, pick(a.r, a.strangers))
		events = []*forged{x, a.hear(a.s, base, x)}
	case attackName:
		events = a.name(base)
	case attackHidden:
		events = a.hidden(base)
	case attackMerged:
		events = a.merged(base)
	case attackLegal:
		events = a.legal(len(a.keys) - 1)
	case attackSoup:
		events = a.soup()
	case attackOld:
		events = a.old()
	case attackTwice:
		events = a.branches(base)
		if events = append(events, events...); len(events) > 0 {
			events = append(events, pick(a.r, events))
		}
	case attackTeach:
		return a.teach(wire.Hash{byte(a.r.below(4))})
	case attackPart:
		kind = pick(a.r, []wire.MessageKind{wire.KindPartRequest, wire.KindPartResponse})
		events = a.branches(base)
	case attackContents:
		if a.r.percent(30) {
			return a.unasked()
		}
		events = a.branches(base)
	}
	if len(events) == 0 {
		return nil
	}
	m := a.s.compose(kind, events)
	switch {
	case m.Kind.Part():
		if all := a.graphs[a.to.number].events; len(all) > 0 && a.r.percent(70) {
			m.Has = pick(a.r, all).id
		}
	case what == attackContents:
		for i := range m.Observations {
			if a.r.percent(70) {
				m.Observations[i].Body = nil
			}
		}
	}
	if a.r.percent(10) {
		m.Known = uint32(a.r.below(1 << 31))
	}
	return m
}

// base returns an event of a hostile member to fork at: one that the recipient has, if it can be, and a late one rather
// than an early one. A member of which nobody has an event makes its first two.
func (a *assault) base(by core.Identity) *forged {
	if len(a.own[by]) < 2 {
		return a.ask(a.s, a.initial(a.s, by), pick(a.r, a.s.founders))
	}
	own := a.own[by]
	for range 8 {
		i := len(own) - 1 - a.r.below(min(len(own), 1+a.r.below(30)))
		if e := own[i]; e.in>>(a.to.number%64)&1 == 1 {
			return e
		}
	}
	return own[0]
}

// allowed takes so many branches from what the hostile member may still make.
func (a *assault) allowed(n int) int {
	n = min(n, a.v.branches)
	a.v.branches -= n
	return n
}

// bill returns something to vote for: rarely what honest members vote for too.
func (a *assault) bill() []byte {
	switch n := a.r.below(10); {
	case n < 2 && len(a.s.proposals) > 0:
		q := &a.s.proposals[a.r.below(len(a.s.proposals))]
		return a.s.bodyOf(core.Content{Hash: q.hash, Kind: q.kind, Payload: q.payload, Peer: q.peer, Info: q.info})
	case n < 3:
		return wire.AppendBody(nil, &wire.Body{Kind: wire.Add, Peer: wire.Hash(pick(a.r, a.strangers))})
	case n < 4:
		return wire.AppendBody(nil, &wire.Body{Kind: wire.Remove, Peer: wire.Hash(pick(a.r, a.s.founders)), Info: []byte("forged")})
	}
	return a.payload()
}

// branch returns an event on a base: a vote, a question or the receipt of something.
func (a *assault) branch(base *forged) *forged {
	switch a.r.below(4) {
	case 0:
		return a.ask(a.s, base, pick(a.r, a.s.founders))
	case 1:
		if o := a.someones(); o != nil {
			return a.hear(a.s, base, o)
		}
	case 2:
		if a.r.percent(30) {
			return a.vote(a.s, base, a.payload(), a.payload(), a.payload())
		}
	}
	return a.vote(a.s, base, a.bill())
}

// someones returns a late event of an honest member, nil if there is none.
func (a *assault) someones() *forged {
	if len(a.others) == 0 {
		return nil
	}
	return a.others[len(a.others)-1-a.r.below(min(len(a.others), 20))]
}

// branches returns different events on one base, some with events on top of them, and perhaps one at the end that a
// recipient builds on.
func (a *assault) branches(base *forged) (events []*forged) {
	for range a.allowed(1 + a.r.below(a.v.width)) {
		e := a.branch(base)
		if events = append(events, e); a.r.percent(40) {
			events = append(events, a.ask(a.s, e, pick(a.r, a.s.founders)))
		}
	}
	if len(events) > 0 && a.r.percent(50) {
		events = append(events, a.ask(a.s, events[len(events)-1], a.to.identity))
	}
	return a.complete(events)
}

// complete puts what the recipient lacks before events, in most cases.
func (a *assault) complete(events []*forged) []*forged {
	if a.r.percent(85) {
		return closed(a.to, events...)
	}
	return events
}

func (a *assault) feed(base *forged) []*forged {
	on := a.own[a.other]
	if len(on) == 0 || a.allowed(1) == 0 {
		return nil
	}
	e := a.hear(a.s, base, on[len(on)-1-a.r.below(min(len(on), 8))])
	return a.complete([]*forged{e})
}

func (a *assault) name(base *forged) []*forged {
	on := a.someones()
	if on == nil || !a.s.plan.signed {
		return nil
	}
	e := a.make(a.s, forged{by: on.by, cause: wire.Observing, self: on, votes: [][]byte{a.payload()}})
	a.others = a.others[:len(a.others)-1]
	e.signature = a.signers[a.by].Sign(&e.id)
	return []*forged{e, a.hear(a.s, base, e)}
}

// hidden returns branches below an event that is refused only once it is to be inserted, a head on that, and perhaps
// what honest members would build on else.
func (a *assault) hidden(base *forged) (events []*forged) {
	b := base
	for range a.allowed(1 + a.r.below(3)) {
		b = a.branch(b)
		events = append(events, b)
	}
	if len(events) == 0 {
		return nil
	}
	late := a.late(b)
	head := a.ask(a.s, late, a.to.identity)
	events = append(closed(a.to, append(events, late, head)...), base)
	if a.r.percent(30) && base.self != nil {
		events = append(events, base.self)
	}
	if a.r.percent(20) { // another head, which is good
		events = append(events, a.ask(a.s, base, a.to.identity))
	}
	return events
}

// late returns an event on b that its form does not refuse.
func (a *assault) late(b *forged) *forged {
	s := a.s
	switch a.r.below(6) {
	case 0: // it votes to add what is no key
		id := wire.Hash{}
		for i := range id {
			id[i] = 0xff
		}
		return a.vote(s, b, wire.AppendBody(nil, &wire.Body{Kind: wire.Add, Peer: id, Info: a.payload()}))
	case 1: // it feeds a fork that it has seen
		if f := a.base(a.other); a.other != b.by {
			one, two := a.vote(s, f, a.payload()), a.vote(s, f, a.payload())
			return a.hear(s, a.hear(s, a.hear(s, b, one), two), a.vote(s, f, a.payload()))
		}
	case 2: // it descends from another branch of its own creator
		if o := a.someones(); o != nil {
			return a.hear(s, b, o)
		}
	case 3: // it hears of a stranger
		return a.hear(s, b, a.initial(s, pick(a.r, a.strangers)))
	case 4: // it has more of its own chain behind its other-parent
		if f := a.base(a.other); a.other != b.by {
			return a.hear(s, b, a.hear(s, f, a.vote(s, b, a.payload())))
		}
	case 5:
		if s.plan.signed {
			e := *a.vote(s, b, a.payload())
			e.signature[a.r.below(64)] ^= 1
			return &e
		}
	}
	return a.vote(s, b, s.genesis, a.payload(), wire.AppendBody(nil, &wire.Body{Kind: wire.Genesis, Group: []wire.Hash{wire.Hash(a.by)}}))
}

// merged returns branches of another hostile member, each heard of by a stranger, who heard of the stranger before.
func (a *assault) merged(base *forged) (events []*forged) {
	on := a.base(a.other)
	var top *forged
	for i := range a.allowed(1 + a.r.below(a.v.width)) {
		b := a.vote(a.s, on, a.payload())
		x := a.hear(a.s, a.initial(a.s, a.strangers[i%len(a.strangers)]), b)
		if top != nil && top.by != x.by {
			x = a.hear(a.s, x, top)
		}
		events, top = append(events, x), x
	}
	if top != nil && a.r.percent(40) {
		events = append(events, a.hear(a.s, base, top))
	}
	return closed(a.to, events...)
}

// legal returns a branch of the hostile member with a number, which takes in two branches of each before it: the most
// that the rule of acceptance allows.
func (a *assault) legal(number int) []*forged {
	var chain func(k int) *forged
	chain = func(k int) *forged {
		if a.allowed(1) == 0 {
			return nil
		}
		tip := a.vote(a.s, a.base(a.keys[k]), a.payload())
		for j := range k {
			for range 2 {
				if sub := chain(j); sub != nil {
					tip = a.hear(a.s, tip, sub)
				}
			}
		}
		return tip
	}
	tip := chain(min(number, 3))
	if tip == nil {
		return nil
	}
	return closed(a.to, a.ask(a.s, tip, a.to.identity))
}

// soup returns events by any keys that hostile members have, on any events.
func (a *assault) soup() (events []*forged) {
	for range a.allowed(2 + a.r.below(10)) {
		by := pick(a.r, a.keys)
		if a.r.percent(15) {
			by = pick(a.r, a.strangers)
		}
		own := a.own[by]
		if len(own) == 0 || a.r.percent(3) {
			events = append(events, a.initial(a.s, by))
			continue
		}
		self := own[len(own)-1-a.r.below(min(len(own), 1+a.r.below(40)))]
		e := a.branch(self)
		if a.r.percent(40) {
			of := a.own[pick(a.r, append(slices.Clone(a.keys), a.strangers...))]
			if len(of) > 0 {
				e = a.hear(a.s, self, of[len(of)-1-a.r.below(min(len(of), 20))]) // perhaps by itself
			}
		}
		events = append(events, e)
	}
	if a.r.percent(30) && len(events) > 0 {
		events = append(events, a.ask(a.s, events[len(events)-1], a.to.identity))
	}
	switch a.r.below(4) {
	case 0:
		shuffle(a.r, events)
		return events
	case 1:
		return mixed(a.r, closed(a.to, events...))
	}
	return closed(a.to, events...)
}

// old returns what is known of anybody's, whole or in pieces.
func (a *assault) old() []*forged {
	all := a.graphs[a.to.number].events
	if a.r.percent(50) {
		all = a.others
	}
	if len(all) == 0 {
		return nil
	}
	from := a.r.below(len(all))
	events := slices.Clone(all[from:min(len(all), from+1+a.r.below(60))])
	switch a.r.below(3) {
	case 0:
		events = mixed(a.r, events)
	case 1:
		shuffle(a.r, events)
	}
	if a.r.percent(30) {
		events = append(events, a.hear(a.s, a.base(a.by), events[len(events)-1]))
	}
	return events
}
