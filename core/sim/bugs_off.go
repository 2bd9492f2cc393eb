//go:build !bugs

package sim

import "fmt"

// Bugs lists the deliberate bugs that [SetBug] knows: none, but under the build tag bugs.
func Bugs() (names []string) { return nil }

// activeBug returns the deliberate bug that runs are made with: none.
func activeBug() string { return "" }

// SetBug has all runs from now on made with a deliberate bug; "" ends it. It is not to be called while anything runs.
func SetBug(name string) error {
	if name != "" {
		return fmt.Errorf("%w: bugs are in builds with -tags bugs alone", ErrConfig)
	}
	return nil
}
