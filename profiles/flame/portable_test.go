package flame_test

import (
	"bytes"
	"testing"

	"github.com/google/pprof/profile"

	"parsec/profiles/flame"
)

// Two runs of one program on two machines give, where they did the same, the same bytes.
func TestPortable(t *testing.T) {
	taken := func(binary, buildID string, start uint64, nanos int64) *profile.Profile {
		p := tree()
		m := &profile.Mapping{ID: 1, Start: start, Limit: start + 1<<20, File: binary, BuildID: buildID, HasFunctions: true}
		p.Mapping = []*profile.Mapping{m}
		for i, l := range p.Location {
			l.Mapping, l.Address = m, start+uint64(i)
		}
		// The same line, one instruction on.
		next := *p.Location[2]
		next.ID, next.Address = 17, next.Address+100
		p.Location = append(p.Location, &next)
		p.Sample = append(p.Sample, &profile.Sample{
			Location: []*profile.Location{&next, p.Location[1], p.Location[0]}, Value: []int64{1, 1_000_000},
		})
		p.TimeNanos = nanos
		p.DocURL = "https://example.org/"
		return p
	}
	encode := func(p *profile.Profile) []byte {
		var b bytes.Buffer
		if err := p.WriteUncompressed(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	p := taken("/tmp/1/bench.test", "aa", 1<<22, 1)
	was := p.String()
	here := flame.Portable(p)
	if p.String() != was {
		t.Error("the profile was changed")
	}
	there := flame.Portable(taken(`C:\temp\bench.test`, "bb", 1<<30, 2))
	if !bytes.Equal(encode(here), encode(there)) {
		t.Errorf("%v\ndiffers from\n%v", here, there)
	}
	if len(here.Sample) != 2 || here.Sample[0].Value[1] != 4_000_000 {
		t.Errorf("samples are not merged by line: %v", here)
	}
	if got := here.Mapping[0].File; got != "bench.test" {
		t.Errorf("the binary is %q", got)
	}
	if got := here.Sample[0].Location[0].Line[0].Line; got != 7 {
		t.Errorf("line %d, want 7: profile-guided optimization reads it", got)
	}
}
