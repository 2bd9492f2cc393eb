package core

import "parsec/core/internal/election"

// Inner returns the engine's election, for tests that look into it.
func Inner(e *Engine) *election.Election { return e.election }
