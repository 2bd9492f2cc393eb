package plain

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func load(t testing.TB, f string) map[string]any {
	b, err := exec.Command("zstd", "-dcq", f).Output()
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

var kinds = map[string]int{"opaque": 0, "genesis": 1, "add": 2, "remove": 3, "accusation": 4}
var causes = map[string]int{"initial": 0, "observation": 1, "requesting": 2, "request": 3, "response": 4}

func build(m map[string]any) (*Engine, []Event, []Block) {
	var obs []Observation
	for _, o := range m["observations"].([]any) {
		om := o.(map[string]any)
		var x Observation
		b, _ := hex.DecodeString(om["id"].(string))
		copy(x.Hash[:], b)
		x.Kind = kinds[om["kind"].(string)]
		if p, ok := om["peer"]; ok {
			x.Peer = int(p.(float64))
		}
		obs = append(obs, x)
	}
	var gen []int
	for _, p := range m["genesis"].([]any) {
		gen = append(gen, int(p.(float64)))
	}
	e := New(m["mode"] == "single", m["rules"] == "crate-0.7.3", RoundParity, len(m["peers"].([]any)), gen, obs)
	var evs []Event
	for _, r := range m["events"].([]any) {
		a := r.([]any)
		ev := Event{Creator: int(a[0].(float64)), Cause: causes[a[1].(string)], Self: -1, Other: -1, Observation: -1}
		if len(a) > 2 {
			ev.Self = int(a[2].(float64))
		}
		if ev.Cause >= Request {
			ev.Other = int(a[3].(float64))
		}
		if ev.Cause == Observing {
			ev.Observation = int(a[3].(float64))
		}
		evs = append(evs, ev)
	}
	var bl []Block
	for _, b := range m["blocks"].([]any) {
		bm := b.(map[string]any)
		x := Block{Observation: int(bm["observation"].(float64)), At: int(bm["at"].(float64))}
		for _, v := range bm["voters"].([]any) {
			x.Voters = append(x.Voters, int(v.(float64)))
		}
		bl = append(bl, x)
	}
	return e, evs, bl
}
func TestRec(t *testing.T) {
	fs, _ := filepath.Glob("/work/shared/conformance/recordings/*.zst")
	if os.Getenv("LARGE") != "" {
		fs, _ = filepath.Glob("/work/shared/conformance/large/*" + os.Getenv("LARGE") + "*.zst")
	}
	for _, f := range fs {
		m := load(t, f)
		e, evs, bl := build(m)
		t0 := time.Now()
		var w, maxw int
		_ = w
		for _, ev := range evs {
			e.Insert(ev)
			if len(e.Metas) > maxw {
				maxw = len(e.Metas)
			}
		}
		ok := reflect.DeepEqual(e.Blocks, bl)
		if !ok {
			t.Errorf("%s differs %d %d", f, len(e.Blocks), len(bl))
		}
		if strings.Contains(f, "large") {
			t.Log(f, len(evs), time.Since(t0), maxw)
		}
	}
}
