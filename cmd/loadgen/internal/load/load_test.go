package load_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"parsec/cmd/loadgen/internal/check"
	"parsec/cmd/loadgen/internal/fake"
	"parsec/cmd/loadgen/internal/latency"
	. "parsec/cmd/loadgen/internal/load"
	"parsec/cmd/loadgen/internal/schedule"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// All of these run in virtual time: what they measure is exact, and does not depend on the machine.

func constant(rate float64, length time.Duration) Config {
	p := schedule.Profile{{Length: length, From: rate, To: rate}}
	size, _ := schedule.ParseSize("uniform:100", 1<<20)
	return Config{Arrivals: schedule.Even(p), Length: length, Size: size, Seed: 1, Drain: 20 * time.Second}
}

// in runs a load on a section, with what is done to it meanwhile.
func in(t *testing.T, o fake.Options, cfg Config, meanwhile func(s *fake.Section), judge func(s *fake.Section, r *Result)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if o.Interval == 0 {
			o.Interval = 10 * time.Millisecond
		}
		s := fake.New(o)
		defer s.Close()
		done := make(chan struct{})
		go func() {
			defer close(done)
			if meanwhile != nil {
				meanwhile(s)
			}
		}()
		cfg.Nodes = s.Nodes()
		r, err := Run(t.Context(), cfg)
		<-done
		if err != nil {
			t.Fatal(err)
		}
		judge(s, r)
	})
}

func valid(t *testing.T, r *Result) {
	t.Helper()
	if len(r.Invalid) > 0 || r.Failed != nil || r.Interrupted || !r.Verdict.Safe() {
		t.Errorf("invalid: %q; failed: %v; %v", r.Invalid, r.Failed, r.Verdict.Violations)
	}
}

func TestConstant(t *testing.T) {
	cfg := constant(5000, 3*time.Second)
	cfg.Warmup = time.Second
	told := 0
	cfg.Tell = func(p Progress) { told++ }
	in(t, fake.Options{Nodes: 3, History: 50}, cfg, nil, func(s *fake.Section, r *Result) {
		valid(t, r)
		if c := r.Counts; c.Due != 10_000 || c.Sent != 10_000 || c.Acknowledged != 10_000 || c.Contacted != 10_000 || c.All != 10_000 || r.Sum.All != 15_000 {
			t.Errorf("%+v of %+v", c, r.Sum)
		}
		if v := r.Verdict; v.Decided != 15_000 || v.Submitted != 15_000 || v.Acknowledged != 15_000 || v.Foreign != 0 || v.Behind != nil {
			t.Errorf("%+v", v)
		}
		if r.Achieved != 1 || math.Abs(r.Rate-5000) > 1e-6 || r.Measured != 2*time.Second {
			t.Errorf("%v of the load in %v, %v a second", r.Achieved, r.Measured, r.Rate)
		}
		h := r.Latency[latency.Intended][latency.All]
		if h.Count() != 10_000 || h.Missing() != 0 || h.Max() > 12*time.Millisecond || h.Quantile(.5) < 4*time.Millisecond || h.Quantile(.5) > 7*time.Millisecond {
			t.Errorf("%d latencies, median %v, at most %v", h.Count(), h.Quantile(.5), h.Max())
		}
		if r.Lag.Count() != 10_000 || r.Lag.Max() > 600*time.Microsecond {
			t.Errorf("lag of %d, at most %v", r.Lag.Count(), r.Lag.Max())
		}
		if len(r.Intervals) < 3 || r.Intervals[0].Rates.Due != 5000 || r.Intervals[0].Of[latency.Intended][latency.All].Count != 0 ||
			r.Intervals[1].Of[latency.Intended][latency.All].Count < 4900 || told < 2 {
			t.Errorf("%d intervals, told %d times: %+v", len(r.Intervals), told, r.Intervals)
		}
		for i, samples := range r.Samples {
			if len(samples) < 3 {
				t.Errorf("node %d was asked %d times", i, len(samples))
			}
		}
	})
}

// TestStall puts a stall of known length into a constant load. Every submission due in it waits for its end: so the
// share of the stall in the time is late, and the quantile q is length - (1-q) * time, for q above 1 - that share. From
// when they were handed over, almost none is late: the stall kept them from being handed over.
func TestStall(t *testing.T) {
	const (
		length = 10 * time.Second
		stall  = 2 * time.Second
		rate   = 1500
	)
	for _, where := range []string{"all", "one"} {
		share := 1.0
		stop := func(s *fake.Section) {
			time.Sleep(3 * time.Second)
			go s.Node(0).Stall(stall)
			go s.Node(1).Stall(stall)
			s.Node(2).Stall(stall)
		}
		if where == "one" { // a third of the submissions are for it; the others are acknowledged at once
			share = 1.0 / 3
			stop = func(s *fake.Section) {
				time.Sleep(3 * time.Second)
				s.Node(1).Stall(stall)
			}
		}
		in(t, fake.Options{Nodes: 3, Interval: time.Millisecond}, constant(rate, length), stop, func(s *fake.Section, r *Result) {
			valid(t, r)
			h, sent := r.Latency[latency.Intended][latency.Acknowledged], r.Latency[latency.Sent][latency.Acknowledged]
			late := stall.Seconds() / length.Seconds() * share
			for _, q := range []float64{.5, .7, .85, .9, .94, .97, .99, .999, 1} {
				if math.Abs(q-(1-late)) < .01 {
					continue // where the curve has its corner, 5 % of the value mean nothing
				}
				want := time.Duration(0)
				if q > 1-late {
					want = time.Duration((1 - (1-q)/late) * float64(stall))
				}
				got := h.Quantile(q)
				if diff := (got - want).Abs(); float64(diff) > .05*float64(want) && diff > 3*time.Millisecond {
					t.Errorf("%s: quantile %v is %v, by arithmetic %v", where, q, got, want)
				}
			}
			affected := 0
			for _, b := range h.HDR().Distribution() {
				if b.From > int64(5*time.Millisecond) {
					affected += int(b.Count)
				}
			}
			if want := late * rate * length.Seconds(); math.Abs(float64(affected)-want) > .05*want {
				t.Errorf("%s: %d submissions were late, by arithmetic %v", where, affected, want)
			}
			if q := sent.Quantile(.99); q > 5*time.Millisecond {
				t.Errorf("%s: from when they were sent, the 99th percentile is %v: the test shows no omission", where, q)
			}
			if r.Lag.Quantile(.99) > time.Millisecond {
				t.Errorf("%s: the stall counts as pacing lag: %v", where, r.Lag.Quantile(.99))
			}
			// Where one is slow, all live nodes are waited for.
			if all := r.Latency[latency.Intended][latency.All].Quantile(.99); all < stall*8/10 {
				t.Errorf("%s: decided everywhere after %v", where, all)
			}
		})
	}
}

func TestViolations(t *testing.T) {
	for _, c := range []struct {
		kind check.Kind
		do   func(s *fake.Section)
	}{
		{check.Lost, func(s *fake.Section) { s.Lose(1) }},
		{check.Duplicate, func(s *fake.Section) { s.Repeat(1) }},
		{check.Invented, func(s *fake.Section) { s.Invent(1) }},
		{check.Invented, func(s *fake.Section) { s.Alter(1) }},
		{check.Invented, func(s *fake.Section) { s.Rob(1) }},
		{check.Order, func(s *fake.Section) { s.Swap(1, 2010) }}, // well within a block: at 2000 one may end
		{check.Lost, func(s *fake.Section) { // acknowledged, then lost in a crash
			s.Node(1).Crash(true)
			time.Sleep(100 * time.Millisecond)
			s.Node(1).Restart()
		}},
	} {
		in(t, fake.Options{Nodes: 3}, constant(5000, 2*time.Second), func(s *fake.Section) {
			time.Sleep(255 * time.Millisecond) // between two blocks
			c.do(s)
		}, func(s *fake.Section, r *Result) {
			if n := r.Verdict.Counts[c.kind]; n == 0 || c.kind != check.Lost && r.Took > 2*time.Second {
				t.Errorf("%v: %v after %v: %v", c.kind, r.Verdict.Counts, r.Took, r.Verdict.Violations)
			}
			if r.Failed != nil || r.Interrupted {
				t.Errorf("%v: %v, %v", c.kind, r.Failed, r.Interrupted)
			}
		})
	}
}

// TestHostile: among hostile members, other data with ids of the run is a violation where it stands in place of the run's, and
// only there.
func TestHostile(t *testing.T) {
	for _, instead := range []bool{true, false} {
		cfg := constant(5000, 2*time.Second)
		cfg.Hostile = true
		in(t, fake.Options{Nodes: 3}, cfg, func(s *fake.Section) {
			time.Sleep(255 * time.Millisecond)
			if instead {
				s.Alter(10)
			} else {
				s.Rob(10)
			}
		}, func(s *fake.Section, r *Result) {
			lost := uint64(0)
			if instead {
				lost = 10
			}
			if v := r.Verdict; v.Counts != [check.Kinds]uint64{check.Lost: lost} || v.Altered != 10 || v.Decided != 10_000-lost {
				t.Errorf("instead is %v: %+v", instead, v)
			}
			if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "10 submissions") {
				t.Errorf("%q", r.Notes)
			}
		})
	}
}

func TestCrash(t *testing.T) {
	const away = 500 * time.Millisecond
	for _, c := range []struct {
		away, retry Policy
		p99         time.Duration // about
	}{{Same, Same, 400 * time.Millisecond}, {Other, Other, 0}} {
		cfg := constant(3000, 5*time.Second)
		cfg.Away, cfg.Retry = c.away, c.retry
		in(t, fake.Options{Nodes: 3, Room: 2000}, cfg, func(s *fake.Section) {
			time.Sleep(time.Second)
			go s.Node(1).Stall(50 * time.Millisecond) // so that something is outstanding
			time.Sleep(50 * time.Millisecond)
			s.Node(1).Crash(false)
			time.Sleep(away)
			s.Node(1).Restart()
		}, func(s *fake.Section, r *Result) {
			valid(t, r)
			if r.Counts.All != 15_000 || r.Counts.Acknowledged != 15_000 || r.Counts.Contacted != 15_000 || r.Verdict.Decided != 15_000 {
				t.Errorf("%v: %+v, %+v", c.away, r.Counts, r.Verdict)
			}
			if a := r.Absences; len(a) != 1 || a[0].Node != 1 || (a[0].From-1050*time.Millisecond).Abs() > time.Millisecond ||
				(a[0].Back-1550*time.Millisecond).Abs() > 60*time.Millisecond || a[0].Caught < a[0].Back || a[0].Caught > a[0].Back+20*time.Millisecond {
				t.Errorf("%v: absences %+v", c.away, a)
			}
			// A third of a tenth of the time has to wait for the node: those due in its absence, or none.
			h := r.Latency[latency.Intended][latency.Acknowledged]
			if q := h.Quantile(.99); q < c.p99*7/10 || q > c.p99*13/10+10*time.Millisecond {
				t.Errorf("%v: 99th percentile %v, want about %v", c.away, q, c.p99)
			}
		})
	}
}

// TestAwayForGood: what a node acknowledged that does not come back is not lost, and missing.
func TestAwayForGood(t *testing.T) {
	cfg := constant(3000, 2*time.Second)
	cfg.Away, cfg.Retry, cfg.Drain = Other, None, 2*time.Second
	in(t, fake.Options{Nodes: 3, Interval: 100 * time.Millisecond}, cfg, func(s *fake.Section) {
		time.Sleep(950 * time.Millisecond)
		s.Node(2).Crash(false)
	}, func(s *fake.Section, r *Result) {
		if v := r.Verdict; !v.Safe() || v.Stranded == 0 || v.Stranded > 200 {
			t.Errorf("%+v", v)
		}
		h := r.Latency[latency.Intended][latency.All]
		if h.Missing() == 0 || h.Max() != latency.Beyond || h.Missing() != r.Counts.Due-r.Counts.All {
			t.Errorf("%d are missing, at most %v", h.Missing(), h.Max())
		}
	})
}

// TestExpelled: a node whose key others have gets no load any more, and nobody waits for it, though it goes on to
// acknowledge and decides nothing.
func TestExpelled(t *testing.T) {
	cfg := constant(3000, 2*time.Second)
	cfg.Away, cfg.Retry = Other, Other
	var forged atomic.Bool
	cfg.Forged = func(identity string) bool { return forged.Load() && strings.HasSuffix(identity, "02") }
	in(t, fake.Options{Nodes: 3, Interval: 10 * time.Millisecond}, cfg, func(s *fake.Section) {
		time.Sleep(time.Second)
		s.Fork(2)
		forged.Store(true)
		time.Sleep(50 * time.Millisecond)
		s.Node(2).Stall(time.Minute)
	}, func(s *fake.Section, r *Result) {
		valid(t, r)
		if r.Counts.All != r.Counts.Due || r.Took > 3*time.Second || !slices.Equal(r.Forged, []bool{false, false, true}) {
			t.Errorf("%+v after %v; forged %v", r.Counts, r.Took, r.Forged)
		}
		if len(r.Absences) != 1 || r.Absences[0].Node != 2 || r.Absences[0].Back != 0 || r.Absences[0].From > 1100*time.Millisecond {
			t.Errorf("absent: %+v", r.Absences)
		}
	})
}

// TestExpelledWhileFull: one that takes nothing when others get its key holds nothing back.
func TestExpelledWhileFull(t *testing.T) {
	cfg := constant(3000, 2*time.Second)
	cfg.Away, cfg.Retry = Other, Other
	var forged atomic.Bool
	cfg.Forged = func(identity string) bool { return forged.Load() && strings.HasSuffix(identity, "02") }
	in(t, fake.Options{Nodes: 3, Interval: 10 * time.Millisecond}, cfg, func(s *fake.Section) {
		time.Sleep(time.Second)
		time.AfterFunc(50*time.Millisecond, func() { forged.Store(true) })
		s.Node(2).Stall(time.Minute)
	}, func(s *fake.Section, r *Result) {
		valid(t, r)
		// What it acknowledged since the last block is stranded.
		if r.Counts.Sent != r.Counts.Due || r.Counts.All < r.Counts.Due-10 || r.Took > 10*time.Second {
			t.Errorf("%+v after %v", r.Counts, r.Took)
		}
	})
}

func TestInvalid(t *testing.T) {
	for _, c := range []struct {
		name string
		o    fake.Options
		cfg  func(c *Config)
		why  string // "" for none
		note string // likewise
	}{
		{"as it should be", fake.Options{}, func(c *Config) {}, "", ""},
		{"a pacer that sleeps too long", fake.Options{}, func(c *Config) {
			c.Sleep = func(d time.Duration) { time.Sleep(d + 5*time.Millisecond) }
		}, "lagged", ""},
		{"and one that does where users wait longer anyway", fake.Options{Interval: 1500 * time.Millisecond}, func(c *Config) {
			c.Sleep = func(d time.Duration) { time.Sleep(d + 5*time.Millisecond) }
		}, "", ""},
		// Held up once, for s: rate times s submissions are late by s/2 on average. Of 10,000 in all, those are 150 by 15 ms,
		// 0.2 ms each, and 750 by 75 ms, 5.6 ms each.
		{"a pacer that is held up for 30 ms", fake.Options{}, func(c *Config) { c.Sleep = once(30 * time.Millisecond) }, "", "held up now and then"},
		{"and one for 150 ms", fake.Options{}, func(c *Config) { c.Sleep = once(150 * time.Millisecond) }, "lagged", ""},
		{"nodes that take less", fake.Options{Capacity: 20, Room: 100}, func(c *Config) {}, "handed over in time", ""},
		{"nodes that decide less", fake.Options{Capacity: 20}, func(c *Config) { c.Drain = time.Second / 2 }, "not decided within", ""},
		{"a warm-up with all of it", fake.Options{}, func(c *Config) { c.Length, c.Warmup = 5*time.Second, 4*time.Second }, "nothing was due", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := constant(5000, 2*time.Second)
			c.cfg(&cfg)
			c.o.Nodes = 2
			in(t, c.o, cfg, nil, func(s *fake.Section, r *Result) {
				if c.why == "" && r.Invalid != nil || c.why != "" && !strings.Contains(strings.Join(r.Invalid, "\n"), c.why) {
					t.Errorf("%q", r.Invalid)
				}
				if c.note == "" && r.Notes != nil || c.note != "" && !strings.Contains(strings.Join(r.Notes, "\n"), c.note) {
					t.Errorf("%q", r.Notes)
				}
				if !r.Verdict.Safe() {
					t.Error(r.Verdict.Violations)
				}
			})
		})
	}
}

// once sleeps as it should, but one time, after some, for so long.
func once(stall time.Duration) func(time.Duration) {
	n := 0
	return func(d time.Duration) {
		if n++; n == 500 {
			d = stall
		}
		time.Sleep(d)
	}
}

// TestClosed: as many are outstanding as shall be, and by Little's law the rate is their number by the latency.
func TestClosed(t *testing.T) {
	cfg := Config{Closed: 100, Length: 4 * time.Second, Warmup: time.Second}
	in(t, fake.Options{Nodes: 4, Interval: 20 * time.Millisecond}, cfg, nil, func(s *fake.Section, r *Result) {
		valid(t, r)
		h := r.Latency[latency.Intended][latency.Contacted]
		if law := 100 / h.Mean().Seconds(); math.Abs(r.Rate/law-1) > .02 || math.Abs(r.Rate-5000) > 100 {
			t.Errorf("%v a second, by Little's law %v", r.Rate, law)
		}
		if r.Verdict.Decided != r.Sum.Due || r.Achieved != 1 {
			t.Errorf("%+v", r.Verdict)
		}
	})
	// A node that crashes takes none of them with it.
	cfg = Config{Closed: 90, Length: 4 * time.Second, Retry: None}
	in(t, fake.Options{Nodes: 3, Interval: 20 * time.Millisecond}, cfg, func(s *fake.Section) {
		time.Sleep(time.Second)
		go s.Node(1).Stall(50 * time.Millisecond)
		time.Sleep(50 * time.Millisecond)
		s.Node(1).Crash(false)
		time.Sleep(100 * time.Millisecond)
		s.Node(1).Restart()
	}, func(s *fake.Section, r *Result) {
		if n := r.Intervals[2].Rates.All; n < 4400 || n > 4600 {
			t.Errorf("%d a second after the crash, want 4500", n)
		}
	})
}

func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fake.New(fake.Options{Nodes: 3, Interval: 10 * time.Millisecond})
		defer s.Close()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(1500*time.Millisecond, cancel)
		cfg := constant(1000, time.Minute)
		cfg.Nodes = s.Nodes()
		r, err := Run(ctx, cfg)
		if err != nil || !r.Interrupted || len(r.Invalid) > 0 || !r.Verdict.Safe() || r.Took.Round(100*time.Millisecond) != 1500*time.Millisecond ||
			r.Measured.Round(100*time.Millisecond) != 1500*time.Millisecond {
			t.Fatalf("%+v, %v", r, err)
		}
		if h := r.Latency[latency.Intended][latency.All]; h.Count() < 1480 || h.Missing() != 0 || len(r.Intervals) != 2 {
			t.Errorf("%d latencies in %d intervals", h.Count(), len(r.Intervals))
		}
	})
}

// TestPoisson: intended times are the schedule's, whatever the pacer's ticks are.
func TestPoisson(t *testing.T) {
	p := schedule.Profile{{Length: 5 * time.Second, From: 1000, To: 1000}}
	n := uint64(0)
	for a := schedule.Poisson(p, 3); ; n++ {
		if _, ok := a.Next(); !ok {
			break
		}
	}
	cfg := constant(1, 5*time.Second)
	cfg.Arrivals = schedule.Poisson(p, 3)
	in(t, fake.Options{Nodes: 3}, cfg, nil, func(s *fake.Section, r *Result) {
		valid(t, r)
		if r.Counts.Due != n || r.Counts.All != n {
			t.Errorf("%+v of %d", r.Counts, n)
		}
	})
}

func TestWrongConfig(t *testing.T) {
	s := fake.New(fake.Options{Nodes: 1, Interval: time.Millisecond})
	defer s.Close()
	good := constant(1, time.Second)
	good.Nodes = s.Nodes()
	for name, change := range map[string]func(c *Config){
		"no nodes": func(c *Config) { c.Nodes = nil }, "both loops": func(c *Config) { c.Closed = 1 }, "no load": func(c *Config) { c.Arrivals = nil },
		"warm-up": func(c *Config) { c.Warmup = c.Length }, "away": func(c *Config) { c.Away = None }, "drain": func(c *Config) { c.Drain = -1 },
	} {
		cfg := good
		change(&cfg)
		if r, err := Run(t.Context(), cfg); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
	s.Node(0).Crash(false)
	if _, err := Run(t.Context(), good); err == nil {
		t.Error("it runs without a node")
	}
}

// TestUntil: a load that is ended before its time is the part before.
func TestUntil(t *testing.T) {
	for _, closed := range []int{0, 30} {
		synctest.Test(t, func(t *testing.T) {
			s := fake.New(fake.Options{Nodes: 3, Interval: 10 * time.Millisecond})
			defer s.Close()
			cfg := constant(1000, time.Hour)
			if cfg.Warmup = time.Second; closed > 0 {
				cfg.Arrivals, cfg.Closed = nil, closed
			}
			until := make(chan struct{})
			cfg.Nodes, cfg.Until = s.Nodes(), until
			go func() {
				time.Sleep(4 * time.Second)
				close(until)
			}()
			r, err := Run(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			valid(t, r)
			if r.Took > 5*time.Second || r.Measured < 2900*time.Millisecond || r.Measured > 3100*time.Millisecond || r.Counts.Due < 2900 || r.Counts.All != r.Counts.Due || r.Achieved != 1 {
				t.Errorf("%v, of them %v measured: %+v", r.Took, r.Measured, r.Counts)
			}
			if closed == 0 && math.Abs(r.Rate-1000) > 10 {
				t.Errorf("%v a second", r.Rate)
			}
		})
	}
}

// TestForged: forks of a node whose key others have are not its own.
func TestForged(t *testing.T) {
	for _, forged := range []bool{false, true} {
		cfg := constant(1000, time.Second)
		cfg.Forged = func(identity string) bool { return forged && strings.HasSuffix(identity, "2") }
		in(t, fake.Options{Nodes: 3}, cfg, func(s *fake.Section) { s.Fork(2) }, func(s *fake.Section, r *Result) {
			if n := r.Verdict.Counts[check.Fork]; n != 1 && !forged || n != 0 && forged {
				t.Errorf("forged is %v: %v", forged, r.Verdict.Violations)
			}
		})
	}
}
