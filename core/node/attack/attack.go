// Package attack is hostile to nodes, to test what they bear: strangers without a key of the section, and members
// with one or several that work together. It speaks as nodes do, over connections of its own. It is a testing tool, for
// sections of one's own: nothing else uses it, and no node needs it.
//
// [Run] does one kind of attack; [Kinds] says what there are. core/design/attacks.md has what each came to.
package attack

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"parsec/core"
)

// Target is a node that is attacked.
type Target struct {
	ID      core.Identity
	Address string // where it listens for peers, host:port
}

// Member is a hostile member.
type Member struct {
	Seed   [32]byte // its key
	Listen string   // where nodes reach it, for what they ask and answer; "": nowhere
}

// Config says whom to attack, and as whom.
type Config struct {
	Targets []Target
	From    netip.Addr // address of strangers to connect from, so that others on this machine have another; zero: any
	Random  uint64     // seed of what is random
	Workers int        // of strangers and of [Noise], for each target; 0: 2
	Rate    float64    // frames a second to each target, of kinds that are made of distinct frames; 0: as fast as it takes them

	// Open is when members fork in the open, of kinds that hide branches before: 0 stands for 30 s. A node that is sent
	// more than it takes in, and is held up for it, needs longer until the hidden ones come to what they can.
	Open time.Duration

	// Of all kinds but Stranger. The nodes whose keys these are must not run, and must never have run, but for Noise: their
	// events would be forks that the attack does not mean.
	Members []Member
	Section core.Section
}

// Kind is a kind of attack.
type Kind string

// The kinds of attacks.
const (
	Stranger  Kind = "stranger"
	Noise     Kind = "member"
	Greedy    Kind = "greedy"
	Hidden    Kind = "hidden"
	Merged    Kind = "merged"
	Nested    Kind = "nested"
	Branches  Kind = "branches"
	Lesson    Kind = "lesson"
	Questions Kind = "questions"
	Withheld  Kind = "withheld"
	Replaced  Kind = "replaced"
	Slow      Kind = "slow"
)

// About is what a kind of attack is.
type About struct {
	Kind Kind
	What string // in a few words

	run func(context.Context, *Config) (Counts, error)
}

// Kinds returns all kinds of attacks.
func Kinds() []About {
	return []About{
		{Stranger, "no key of the section: connections, handshakes, garbage, as fast as it can", strange},
		{Noise, "frames that no node takes in, past every limit, and the same request for all there is again and again", each(noise)},
		{Greedy, "valid events and requests in any number, each for all there is", each(greedy)},
		{Hidden, "a branch under a head that is refused late, in each message; then branches in the open", scripted(hidden)},
		{Merged, "a forker's branches under strangers' events, a hundred a message; then branches in the open", scripted(merged)},
		{Nested, "branches that take in branches of the other hostile members, each event by the rules", scripted(nested)},
		{Branches, "a branch in each message, and other ones for each target", scripted(branches)},
		{Lesson, "1,100 branches in answer to whoever learns its own events; then branches in the open", scripted(lesson)},
		{Questions, "the questions of a node that has lost its log, again and again", scripted(questions)},
		{Withheld, "votes for contents that it does not give", scripted(withheld)},
		{Replaced, "members like others, but each votes for other data under the ids that it hears of", each(replace)},
		{Slow, "asks for all there is, and reads no more than a frame a second", each(slow)},
	}
}

// Names returns the names of all kinds, for messages.
func Names() (all []string) {
	for _, a := range Kinds() {
		all = append(all, string(a.Kind))
	}
	return all
}

// Run attacks until ctx ends, and says what it did. The error says why it could not begin, or not go on.
func Run(ctx context.Context, kind Kind, c Config) (Counts, error) {
	kinds := Kinds()
	i := slices.IndexFunc(kinds, func(a About) bool { return a.Kind == kind })
	switch {
	case i < 0:
		return Counts{}, fmt.Errorf("attack: no such kind: %q", kind)
	case len(c.Targets) == 0:
		return Counts{}, errors.New("attack: nobody to attack")
	case kind != Stranger && len(c.Members) == 0:
		return Counts{}, fmt.Errorf("attack: %s is an attack by members", kind)
	}
	for _, m := range c.Members {
		if !slices.Contains(c.Section.Genesis, core.IdentityOf(m.Seed)) {
			return Counts{}, errors.New("attack: the key is none of the section's founders")
		}
	}
	n, err := kinds[i].run(ctx, &c)
	if err != nil {
		err = fmt.Errorf("attack: %w", err)
	}
	return n, err
}

// Counts says what an attacker did.
type Counts struct {
	Connections uint64 `json:"connections"`
	Refused     uint64 `json:"refused"`    // connections that were not made, or closed by the target
	Handshakes  uint64 `json:"handshakes"` // begun, of TLS
	Frames      uint64 `json:"frames"`     // sent as a member
	Waits       uint64 `json:"waits"`      // times that a frame had to wait for room or a connection: the target takes no more
	Bytes       uint64 `json:"bytes"`      // sent, about
	Answers     uint64 `json:"answers"`    // frames that came, asked for or not
	AnswerBytes uint64 `json:"answer_bytes"`
	Events      uint64 `json:"events"` // that it made
}

func (c *Counts) add(o Counts) {
	c.Connections, c.Refused, c.Handshakes = c.Connections+o.Connections, c.Refused+o.Refused, c.Handshakes+o.Handshakes
	c.Frames, c.Waits, c.Bytes = c.Frames+o.Frames, c.Waits+o.Waits, c.Bytes+o.Bytes
	c.Answers, c.AnswerBytes, c.Events = c.Answers+o.Answers, c.AnswerBytes+o.AnswerBytes, c.Events+o.Events
}

// counts are Counts while the attack goes on.
type counts struct {
	connections, refused, handshakes, frames, waits, bytes, answers, answerBytes, events atomic.Uint64
}

func (c *counts) sum() Counts {
	return Counts{
		Connections: c.connections.Load(), Refused: c.refused.Load(), Handshakes: c.handshakes.Load(),
		Frames: c.frames.Load(), Waits: c.waits.Load(), Bytes: c.bytes.Load(),
		Answers: c.answers.Load(), AnswerBytes: c.answerBytes.Load(), Events: c.events.Load(),
	}
}

// pause is between two tries that failed at once: the attacker is to load its targets, not its own processor.
const pause = time.Millisecond

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
