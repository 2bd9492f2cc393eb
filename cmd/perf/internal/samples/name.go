package samples

import (
	"regexp"
	"strings"
)

var processors = regexp.MustCompile(`-[0-9]+$`)

// WithoutProcessors returns the names of benchmarks, all of one run, without the number of processors that
// go test puts behind them: a machine with more of them has the same benchmarks. With one processor go test
// puts none, so that "size-8" may be all name: only what all names end with is taken off.
func WithoutProcessors(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	suffix := processors.FindString(names[0])
	for _, name := range names {
		if processors.FindString(name) != suffix {
			return names
		}
	}
	bare := make([]string, len(names))
	for i, name := range names {
		bare[i] = strings.TrimSuffix(name, suffix)
	}
	return bare
}
