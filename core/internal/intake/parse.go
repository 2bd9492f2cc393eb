package intake

import (
	"parsec/core/internal/members"
	"parsec/core/internal/reason"
	"parsec/core/internal/wire"
)

// Parse is the first stage: it decodes a frame from somebody into m. What m refers to of the frame is valid as long as the
// frame is. Errors wrap [reason.ErrMessage].
func (in *Intake) Parse(m *Message, from *members.Peer, frame []byte) error {
	m.reset(from)
	raw, err := m.framer.Open(in.h.Section, frame)
	if err != nil {
		return reason.OfMessage(err)
	}
	return in.decode(m, raw)
}

func (in *Intake) decode(m *Message, raw []byte) error {
	m.raw = raw
	if err := wire.Decode(raw, in.h.Section, &m.Wire); err != nil {
		return reason.OfMessage(err)
	}
	return nil
}
