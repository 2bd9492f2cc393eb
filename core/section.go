package core

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"parsec/core/internal/history"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// Limits of one section, the same for every member: they are part of what makes an event valid.
const (
	MaxVoters        = wire.MaxGroup            // 256: voters at one time
	MaxPayload       = wire.MaxPayload          // 1 MiB: bytes of an opaque payload
	MaxInfo          = wire.MaxInfo             // 1 KiB: bytes beside a peer that is voted about
	MaxVotes         = wire.MaxVotes            // 8,192: votes in one event, and in one call of [Node.Vote]
	MaxVotesSize     = history.MaxVotesSize     // 4 MiB: bytes of what the votes in one event are about: a message has room for them
	MaxUndecided     = history.MaxUndecided     // 65,536: votes of one peer that are undecided
	MaxUndecidedSize = history.MaxUndecidedSize // 64 MiB: bytes of what they are about
	MaxName          = 255                      // bytes of a section's name
)

// Section is what all members of a section agree on beforehand. Everything that its members sign is bound to
// it, so that nothing replays into another one.
type Section struct {
	Name    string     // tells sections of the same founders apart; at most [MaxName] bytes
	Mode    Mode       // how many votes a payload needs
	Genesis []Identity // the founders: the first voters, 1 to [MaxVoters], no two equal; any order
}

// founders returns the genesis group in order, checked.
func (s *Section) founders() ([]Identity, error) {
	switch {
	case s.Mode > Single:
		return nil, fmt.Errorf("%w: unknown %v", ErrConfig, s.Mode)
	case len(s.Name) > MaxName:
		return nil, fmt.Errorf("%w: the section's name has %d bytes, of %d", ErrConfig, len(s.Name), MaxName)
	case len(s.Genesis) == 0:
		return nil, fmt.Errorf("%w: the genesis group is empty", ErrConfig)
	case len(s.Genesis) > MaxVoters:
		return nil, fmt.Errorf("%w: a genesis group of %d, of %d voters", ErrConfig, len(s.Genesis), MaxVoters)
	}
	founders := slices.Clone(s.Genesis)
	slices.SortFunc(founders, compareIdentities)
	for i, id := range founders {
		if i > 0 && id == founders[i-1] {
			return nil, fmt.Errorf("%w: %x is in the genesis group twice", ErrConfig, id[:8])
		}
		if err := sign.CheckKey(sign.PublicKey(id)); err != nil {
			return nil, fmt.Errorf("%w: %x in the genesis group: %w", ErrConfig, id[:8], err)
		}
	}
	return founders, nil
}

func compareIdentities(a, b Identity) int { return bytes.Compare(a[:], b[:]) }

// wireSection returns what the section's hashes begin with. Founders are in order.
func (s *Section) wireSection(founders []Identity) *wire.Section {
	description := []byte{1, byte(s.Mode), byte(len(s.Name))}
	description = append(description, s.Name...)
	description = binary.BigEndian.AppendUint16(description, uint16(len(founders)))
	for _, id := range founders {
		description = append(description, id[:]...)
	}
	return wire.NewSection(description)
}

// ID returns what the section is called in proofs, a hash of all its fields. The error wraps [ErrConfig].
func (s *Section) ID() (Hash, error) {
	founders, err := s.founders()
	if err != nil {
		return Hash{}, err
	}
	return s.wireSection(founders).ID, nil
}
