package cachegrind

import (
	"regexp"
	"testing"
)

func TestParse(t *testing.T) {
	n, err := parse([]byte("==7== \n==7== I   refs:      1,632,732,946\n"))
	if err != nil || n != 1632732946 {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := parse([]byte("==7== killed\n")); err == nil {
		t.Error("a log without a count gives one")
	}
}

func TestPattern(t *testing.T) {
	got := pattern("Replay/mode=single/peers=8")
	if got != "^BenchmarkReplay$/^mode=single$/^peers=8$" {
		t.Errorf("pattern %q", got)
	}
	if regexp.MustCompile("^peers=8$").MatchString("peers=80") {
		t.Error("another benchmark matches")
	}
}
