//go:build bugs

package sim

import (
	"fmt"
	"slices"

	"parsec/core/internal/bug"
)

// Bugs lists the deliberate bugs that [SetBug] knows: none, but under the build tag bugs.
func Bugs() (names []string) {
	for _, b := range bug.All {
		names = append(names, string(b))
	}
	return names
}

// activeBug returns the deliberate bug that runs are made with, "" for none.
func activeBug() string { return string(bug.Active) }

// SetBug has all runs from now on made with a deliberate bug; "" ends it. It is not to be called while anything runs.
func SetBug(name string) error {
	if name != "" && !slices.Contains(bug.All, bug.Bug(name)) {
		return fmt.Errorf("%w: no bug %q", ErrConfig, name)
	}
	bug.Active = bug.Bug(name)
	return nil
}
