package bench

import (
	"testing"
	"time"
)

func TestReadInjection(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want injected
		ok   bool
	}{
		{nil, injected{}, true},
		{map[string]string{slowdownVariable: "1.5", spinVariable: "7", bareVariable: "1"}, injected{1.5, 7, true}, true},
		{map[string]string{slowdownVariable: "fast"}, injected{}, false},
		{map[string]string{slowdownVariable: "0.5"}, injected{}, false},
		{map[string]string{slowdownVariable: "NaN"}, injected{}, false},
		{map[string]string{spinVariable: "-1"}, injected{}, false},
		{map[string]string{bareVariable: "yes"}, injected{}, false},
	} {
		got, err := readInjection(func(name string) string { return c.env[name] })
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%v: %+v, %v", c.env, got, err)
		}
	}
	if lines := (injected{}).lines(); lines != "" {
		t.Errorf("nothing injected is announced as %q", lines)
	}
	if got, want := (injected{1.5, 7, true}).lines(), "injected-slowdown: 1.5\ninjected-spin: 7\nbare: true\n"; got != want {
		t.Errorf("announced as %q, want %q", got, want)
	}
}

func TestBurn(t *testing.T) {
	const took = 5 * time.Millisecond
	start := time.Now().Add(-took)
	injected{slowdown: 3}.burn(start)
	if d := time.Since(start); d < 3*took {
		t.Errorf("%v slowed down three times took %v", took, d)
	}
}
