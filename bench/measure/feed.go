package measure

import (
	"fmt"

	"parsec/core"
	"parsec/core/recording"
)

// Feed inserts all events of r into e, which r.Engine made, and takes the blocks after each. It returns
// how many came out. Unlike [recording.Recording.Replay] it does not compare them, so r needs none.
func Feed(e *core.Engine, r *recording.Recording) (blocks int, err error) {
	for i := range r.Events {
		if _, err := r.Insert(e, i); err != nil {
			return blocks, fmt.Errorf("event %d: %w", i, err)
		}
		blocks += len(e.Blocks())
	}
	return blocks, nil
}
