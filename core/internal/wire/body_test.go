package wire

import (
	"bytes"
	"slices"
	"testing"
)

func sameBody(x, y *Body) bool {
	return x.Kind == y.Kind && x.Peer == y.Peer && bytes.Equal(x.Info, y.Info) && bytes.Equal(x.Payload, y.Payload) &&
		slices.Equal(x.Group, y.Group)
}

func TestBody(t *testing.T) {
	r := random(20)
	reused := new(Body)
	for range rounds(1000) {
		b := randomBody(r)
		p := AppendBody([]byte("before"), b)[6:]
		if err := ParseBody(p, reused); err != nil || !sameBody(b, reused) {
			t.Fatalf("%+v read as %+v (%v)", b, reused, err)
		}
		if again := AppendBody(nil, reused); !bytes.Equal(p, again) {
			t.Fatalf("%x written again as %x", p, again)
		}
		if cut := p[:r.IntN(len(p))]; ParseBody(cut, reused) == nil && !bytes.Equal(cut, AppendBody(nil, reused)) {
			t.Fatalf("%x cut to %x is not what is written", p, cut)
		}
	}
}

// group returns n identities in ascending order.
func group(n int) []Hash {
	g := make([]Hash, n)
	for i := range g {
		g[i][0], g[i][1] = byte(i>>8), byte(i)
	}
	return g
}

func TestBodyLimits(t *testing.T) {
	twice := group(3)
	twice[1] = twice[2]
	swapped := group(3)
	swapped[0], swapped[1] = swapped[1], swapped[0]
	for _, c := range []struct {
		name string
		body Body
		want error
	}{
		{"empty payload", Body{}, nil},
		{"longest payload", Body{Payload: make([]byte, MaxPayload)}, nil},
		{"payload too long", Body{Payload: make([]byte, MaxPayload+1)}, ErrTooLarge},
		{"one member", Body{Kind: Genesis, Group: group(1)}, nil},
		{"most members", Body{Kind: Genesis, Group: group(MaxGroup), Info: make([]byte, MaxInfo)}, nil},
		{"no members", Body{Kind: Genesis}, ErrMalformed},
		{"too many members", Body{Kind: Genesis, Group: group(MaxGroup + 1)}, ErrTooLarge},
		{"member twice", Body{Kind: Genesis, Group: twice}, ErrMalformed},
		{"members descending", Body{Kind: Genesis, Group: swapped}, ErrMalformed},
		{"genesis info too long", Body{Kind: Genesis, Group: group(1), Info: make([]byte, MaxInfo+1)}, ErrTooLarge},
		{"add", Body{Kind: Add}, nil},
		{"longest info", Body{Kind: Add, Info: make([]byte, MaxInfo)}, nil},
		{"add info too long", Body{Kind: Add, Info: make([]byte, MaxInfo+1)}, ErrTooLarge},
		{"remove info too long", Body{Kind: Remove, Info: make([]byte, MaxInfo+1)}, ErrTooLarge},
		{"reserved", Body{Kind: 4}, ErrReserved},
		{"reserved, the last", Body{Kind: 255}, ErrReserved},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.body.Check()
			if c.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				p := AppendBody(nil, &c.body)
				if got := new(Body); ParseBody(p, got) != nil || !sameBody(&c.body, got) {
					t.Errorf("read as %+v", got)
				}
				return
			}
			wantError(t, err, c.want)
			defer func() {
				if recover() == nil {
					t.Error("it was encoded")
				}
			}()
			AppendBody(nil, &c.body)
		})
	}
}

// What no Body encodes to is refused, with the place of what is wrong.
func TestParseBody(t *testing.T) {
	hash := func(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }
	info := make([]byte, MaxInfo+1)
	for _, c := range []struct {
		name  string
		bytes []byte
		want  error
		at    int
	}{
		{"nothing", nil, ErrMalformed, 0},
		{"payload too long", make([]byte, 2+MaxPayload), ErrTooLarge, 0},
		{"genesis without a number", []byte{1}, ErrMalformed, 0},
		{"genesis without members", []byte{1, 0}, ErrMalformed, 0},
		{"genesis cut short", slices.Concat([]byte{1, 1}, hash(1), hash(2)[:31]), ErrMalformed, 0},
		{"member twice", slices.Concat([]byte{1, 1}, hash(1), hash(1)), ErrMalformed, 34},
		{"members descending", slices.Concat([]byte{1, 2}, hash(1), hash(3), hash(2)), ErrMalformed, 66},
		{"genesis info too long", slices.Concat([]byte{1, 0}, hash(1), info), ErrTooLarge, 34},
		{"add cut short", slices.Concat([]byte{2}, hash(1)[:31]), ErrMalformed, 0},
		{"add info too long", slices.Concat([]byte{2}, hash(1), info), ErrTooLarge, 33},
		{"remove cut short", []byte{3}, ErrMalformed, 0},
		{"accusation", []byte{4}, ErrReserved, 0},
		{"start-dkg", []byte{5}, ErrReserved, 0},
		{"dkg-message", []byte{6}, ErrReserved, 0},
		{"the last kind", []byte{255}, ErrReserved, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := ParseBody(c.bytes, new(Body))
			wantError(t, err, c.want)
			if at := err.(*Error).Offset; at != c.at {
				t.Errorf("%v: want byte %d", err, c.at)
			}
		})
	}
}

func TestBodyAllocations(t *testing.T) {
	into := &Body{Group: make([]Hash, 0, MaxGroup)}
	for kind := Opaque; kind <= Remove; kind++ {
		p := AppendBody(nil, &Body{Kind: kind, Group: group(MaxGroup), Payload: make([]byte, 100)})
		if n := testing.AllocsPerRun(100, func() {
			if err := ParseBody(p, into); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("kind %d: %v allocations", kind, n)
		}
	}
}
