package link

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Conditions are those of one way. The zero value is a way that does nothing to the bytes.
type Conditions struct {
	Delay  time.Duration // of every byte, 0 to 1 min
	Jitter time.Duration // what Spread says, 0 to 1 min
	Spread Spread
	Loss   float64 // probability that a segment of 1460 bytes is lost, 0 to 0.9
	Rate   float64 // bytes a second, 1000 or more; 0 for as many as come
	Cut    bool    // nothing passes
}

// Spread is how jitter is distributed. No byte is sooner than it would be without a delay.
type Spread uint8

const (
	Normal  Spread = iota // Jitter is the standard deviation
	Uniform               // between minus Jitter and Jitter
	Pareto                // only late, by Jitter in the mean, with a heavy tail (shape 3)
)

var spreads = []string{"normal", "uniform", "pareto"}

func (s Spread) String() string { return spreads[s] }

// Limits.
const (
	MaxDelay = time.Minute
	MaxLoss  = 0.9
	MinRate  = 1000 // bytes a second
)

// Syntax tells how conditions are written, for help texts.
const Syntax = `delay=20ms    of every byte, one way
jitter=2ms    standard deviation of the delay; spread=uniform: at most so much more or less;
              spread=pareto: later by so much in the mean, at times by much more
loss=1%       of segments of 1460 bytes; TCP sends them again, so they are late
rate=10Mbit   a second; bit, kbit, Mbit, Gbit, or B, kB, MB, GB
cut           nothing passes
clear         nothing of the above`

// Parse reads conditions as [Syntax] tells, separated by spaces or commas, over those given: what is not mentioned
// stays.
func Parse(s string, over Conditions) (Conditions, error) {
	c := over
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' })
	if len(words) == 0 {
		return c, fmt.Errorf("no conditions given, such as delay=20ms")
	}
	for _, word := range words {
		key, value, has := strings.Cut(word, "=")
		var err error
		switch {
		case key == "cut" && !has:
			c.Cut = true
		case key == "clear" && !has:
			c = Conditions{}
		case key == "delay" && has:
			c.Delay, err = duration(value)
		case key == "jitter" && has:
			c.Jitter, err = duration(value)
		case key == "spread" && has:
			c.Spread, err = spread(value)
		case key == "loss" && has:
			c.Loss, err = loss(value)
		case key == "rate" && has:
			c.Rate, err = rate(value)
		default:
			err = fmt.Errorf("is none of delay=, jitter=, spread=, loss=, rate=, cut, clear")
		}
		if err != nil {
			return over, fmt.Errorf("%q %w", word, err)
		}
	}
	return c, nil
}

func duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > MaxDelay {
		return 0, fmt.Errorf("is no duration of 0 to %v, such as 20ms", MaxDelay)
	}
	return d, nil
}

func spread(s string) (Spread, error) {
	for i, name := range spreads {
		if s == name {
			return Spread(i), nil
		}
	}
	return 0, fmt.Errorf("is none of %s", strings.Join(spreads, ", "))
}

func loss(s string) (float64, error) {
	number, percent := strings.CutSuffix(s, "%")
	p, err := strconv.ParseFloat(number, 64)
	if percent {
		p /= 100
	}
	if err != nil || !(p >= 0 && p <= MaxLoss) {
		return 0, fmt.Errorf("is no share of 0 to %v%%, such as 1%%", MaxLoss*100)
	}
	return p, nil
}

var units = []struct {
	name  string
	bytes float64
}{{"Gbit", 1e9 / 8}, {"Mbit", 1e6 / 8}, {"kbit", 1e3 / 8}, {"bit", 1. / 8}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}}

func rate(s string) (float64, error) {
	for _, u := range units {
		number, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		r, err := strconv.ParseFloat(number, 64)
		if r *= u.bytes; err == nil && r == 0 {
			return 0, nil // as many as come
		}
		if err != nil || !(r >= MinRate && r <= math.MaxInt64) {
			break
		}
		return r, nil
	}
	return 0, fmt.Errorf("is no rate of 8kbit or more, such as 10Mbit or 2MB")
}

// String writes conditions so that Parse reads them over the zero value.
func (c Conditions) String() string {
	var words []string
	if c.Cut {
		words = append(words, "cut")
	}
	if c.Delay > 0 {
		words = append(words, "delay="+c.Delay.String())
	}
	if c.Jitter > 0 {
		words = append(words, "jitter="+c.Jitter.String())
	}
	if c.Spread != Normal {
		words = append(words, "spread="+c.Spread.String())
	}
	if c.Loss > 0 {
		words = append(words, "loss="+strconv.FormatFloat(c.Loss, 'g', -1, 64))
	}
	if c.Rate > 0 {
		words = append(words, "rate="+strconv.FormatFloat(c.Rate, 'g', -1, 64)+"B")
	}
	if len(words) == 0 {
		return "clear"
	}
	return strings.Join(words, ",")
}
