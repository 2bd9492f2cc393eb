package workloads

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"

	"parsec/core"
	"parsec/core/recording"
)

// propose has the next opaque observations come up and their voters vote.
func (s *section) propose() {
	for range max(s.p.Burst, 1) {
		if s.p.Observations > 0 && s.opaque == s.p.Observations {
			break
		}
		payload := strconv.Itoa(s.opaque)
		s.opaque++
		o := s.observe(recording.Observation{Kind: core.Opaque, Payload: payload}, payload)
		voters := s.voters()
		k := max(1, (len(voters)*s.p.VoterPercent+99)/100)
		for i := range k {
			j := i + s.rng.below(len(voters)-i)
			voters[i], voters[j] = voters[j], voters[i]
			s.votes(voters[i], o)
		}
	}
	if s.p.Observations == 0 || s.opaque < s.p.Observations {
		s.schedule(s.p.Every.sample(s.rng), action{kind: propose})
	}
}

// change has the members vote on a change of the membership, and schedules its effect.
func (s *section) change(c Change, who core.PeerIndex) {
	s.changed++
	obs := recording.Observation{Kind: c.Kind, Peer: who}
	effect := leave
	switch c.Kind {
	case core.Add:
		effect = join
	case core.Accusation:
		obs.Malice = "Fork"
	}
	o := s.observe(obs, c.Kind.String()+strconv.Itoa(int(who)))
	for _, p := range s.voters() {
		if p != who {
			s.votes(p, o)
		}
	}
	s.schedule(c.Lag, action{kind: effect, who: int32(who)})
}

// voters returns the peers that can vote now; the slice is good until the next call.
func (s *section) voters() []core.PeerIndex {
	s.scratch = s.scratch[:0]
	for _, p := range s.taking {
		if s.members[p].awake {
			s.scratch = append(s.scratch, p)
		}
	}
	return s.scratch
}

// votes schedules p's vote for an observation, by each instance of p.
func (s *section) votes(p core.PeerIndex, observation int32) {
	for _, m := range s.instances(p) {
		s.pending++
		s.schedule(s.p.Spread.sample(s.rng), action{kind: vote, who: m.number, what: observation})
	}
}

// vote makes m's observation event, unless m has left.
func (s *section) vote(m *member, observation int32) {
	s.pending--
	if !m.gone {
		s.add(m, recording.Event{Cause: core.Observing, Observation: observation})
	}
	if s.p.Events == 0 && s.pending == 0 && s.opaque == s.p.Observations && s.changed == len(s.p.Changes) {
		s.schedule(s.p.Settle, action{kind: finish})
	}
}

// observe makes an observation known. Its hash is of seed, kind and name, which must be new: random
// hashes, so that the order of keys has nothing to do with the order of coming up.
func (s *section) observe(o recording.Observation, name string) int32 {
	o.ID = observationID(s.p.Seed, o.Kind, name)
	s.observations = append(s.observations, o)
	return int32(len(s.observations) - 1)
}

func observationID(seed uint64, kind core.Kind, name string) core.Hash {
	text := []byte("parsec/workloads ")
	text = binary.BigEndian.AppendUint64(text, seed)
	text = append(text, kind.String()...)
	text = append(text, ' ')
	text = append(text, name...)
	return sha256.Sum256(text)
}
