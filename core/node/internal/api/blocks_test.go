package api_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"parsec/core/node/client"
	"parsec/core/node/internal/api"
	"parsec/core/node/internal/batch"
	"parsec/core/node/internal/solo"
)

// variety gives a node blocks of every kind, with items left out, none left, many, and large ones.
func variety(node *solo.Node) (want []client.Block) {
	by, peer := [32]byte{1}, [32]byte{2}
	hexBy, hexPeer := "01"+strings.Repeat("00", 31), "02"+strings.Repeat("00", 31)
	want = append(want, client.Block{Kind: client.KindGenesis})
	add := func(b api.Block, w client.Block) {
		node.Append(b)
		w.Number, w.Kind, w.First, w.Info = uint64(len(want)), b.Kind, b.First, b.Info
		want = append(want, w)
	}
	add(api.Block{Kind: client.KindAdd, By: &by, Peer: &peer, Info: []byte{0xff, 0}}, client.Block{By: hexBy, Peer: hexPeer})
	add(api.Block{Kind: client.KindRemove, Peer: &peer}, client.Block{Peer: hexPeer})
	add(api.Block{Kind: client.KindOther, By: &by, Payload: []byte("not a batch")}, client.Block{By: hexBy})
	first := uint64(0)
	for _, c := range []struct{ count, size int }{{1, 0}, {200, 7}, {1, batch.MaxData}, {58253, 0}, {70, 10000}, {3, 0}} {
		for _, skip := range [][]uint64{nil, {5}, {0, 0, 1 << 40}, slices.Repeat([]uint64{1<<64 - 1}, 1000)[:min(1000, 1+c.count/64)]} {
			if c.count*batch.Size(1, c.size) > 1<<19 && len(skip) == 1 {
				continue // the race detector is slow
			}
			payload := batch.Begin(nil, batch.Salt{})
			var items []client.Item
			for i := range c.count {
				id := batch.ID{byte(i >> 8), byte(i), byte(c.size)}
				data := bytes.Repeat([]byte{byte(i)}, c.size)
				until := uint64(i % 128)
				if c.size == 7 {
					until = 1<<64 - 1 - uint64(i)
				}
				payload = batch.Append(payload, &id, until, data)
				if i>>6 >= len(skip) || skip[i>>6]>>(i&63)&1 == 0 {
					items = append(items, client.Item{ID: id, Until: until, Data: data})
				}
			}
			if len(payload) > batch.MaxPayload {
				panic("a payload that no section has")
			}
			add(api.Block{Kind: client.KindSubmissions, By: &by, First: first, Payload: payload, Skip: skip}, client.Block{By: hexBy, Items: items})
			first += uint64(len(items))
		}
	}
	return want
}

// same reports whether blocks are alike, with none and nil alike too.
func same(a, b *client.Block) bool {
	if a.Number != b.Number || a.Kind != b.Kind || a.By != b.By || a.Peer != b.Peer || a.First != b.First ||
		!bytes.Equal(a.Info, b.Info) || len(a.Items) != len(b.Items) {
		return false
	}
	for i := range a.Items {
		if a.Items[i].ID != b.Items[i].ID || a.Items[i].Until != b.Items[i].Until || a.Items[i].Hash != b.Items[i].Hash || !bytes.Equal(a.Items[i].Data, b.Items[i].Data) {
			return false
		}
	}
	return true
}

// TestBlocksBinary: what a client reads is what there is.
func TestBlocksBinary(t *testing.T) {
	node, _, address := serve(t, api.Options{})
	want := variety(node)
	c := client.New(address)
	defer c.Close()
	for _, ids := range []bool{false, true} {
		f, err := c.Blocks(t.Context(), 0, ids)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			w := want[i]
			if ids {
				w.Items = slices.Clone(w.Items)
				for k := range w.Items {
					w.Items[k].Hash = batch.KeyOf(&batch.ID{}, 0, w.Items[k].Data).Hash
					w.Items[k].Data = nil
				}
			}
			if b, err := f.Next(); err != nil || !same(b, &w) {
				t.Fatalf("ids %t, block %d: %v", ids, i, err)
			}
		}
		if _, err := f.Next(); err != io.EOF {
			t.Errorf("ids %t, at the end: %v", ids, err)
		}
	}
}

// TestBlocksJSON reads the same blocks as lines, with a parser of JSON.
func TestBlocksJSON(t *testing.T) {
	node, _, address := serve(t, api.Options{})
	want := variety(node)
	for _, ids := range []string{"", "&ids=1"} {
		r, err := http.Get("http://" + address + "/v1/blocks?from=0" + ids)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReaderSize(r.Body, 8<<20) // the longest line that is documented
		for i := range want {
			line, err := lines.ReadSlice('\n')
			if err != nil {
				t.Fatalf("block %d: %v", i, err)
			}
			var v struct {
				Number   uint64
				Kind     string
				By, Peer string
				Info     []byte
				First    uint64
				Items    []struct {
					ID    string
					Until uint64
					Hash  string
					Data  []byte
				}
			}
			d := json.NewDecoder(bytes.NewReader(line))
			d.DisallowUnknownFields()
			if err := d.Decode(&v); err != nil {
				t.Fatalf("block %d: %v", i, err)
			}
			b := client.Block{Number: v.Number, Kind: v.Kind, By: v.By, Peer: v.Peer, Info: v.Info, First: v.First}
			w := want[i]
			w.Items = slices.Clone(w.Items)
			for k, item := range v.Items {
				var id client.ID
				if n, err := hex.Decode(id[:], []byte(item.ID)); n != 16 || err != nil {
					t.Fatalf("block %d has %q", i, item.ID)
				}
				b.Items = append(b.Items, client.Item{ID: id, Until: item.Until, Data: item.Data})
				if _, err := hex.Decode(b.Items[k].Hash[:], []byte(item.Hash)); err != nil || (item.Hash != "") != (ids != "") {
					t.Fatalf("block %d has hash %q", i, item.Hash)
				}
				if ids != "" {
					w.Items[k].Hash = batch.KeyOf(&batch.ID{}, 0, w.Items[k].Data).Hash
					w.Items[k].Data = nil
				}
			}
			if !same(&b, &w) {
				t.Errorf("ids %q, block %d is not as it was", ids, i)
			}
		}
		if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
			t.Errorf("%q, %v at the end", rest, err)
		}
		r.Body.Close()
	}
}

// TestFollow: blocks come as they are decided, from any number on, also one that is yet to come.
func TestFollow(t *testing.T) {
	node, h, address := serve(t, api.Options{})
	c := client.New(address)
	defer c.Close()
	f, err := c.Follow(t.Context(), 2, true)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan uint64)
	go func() {
		defer close(got)
		for {
			b, err := f.Next()
			if err != nil {
				var e *client.Error
				if e, _ = err.(*client.Error); e == nil || e.Code != "stopping" {
					t.Errorf("at the end: %v", err)
				}
				return
			}
			got <- b.Number
		}
	}()
	for i := uint64(1); i < 100; i++ {
		node.Append(api.Block{Kind: client.KindOther})
		if i >= 2 {
			if n := <-got; n != i {
				t.Fatalf("block %d, not %d", n, i)
			}
		}
	}
	h.Stop()
	if n, more := <-got; more {
		t.Errorf("block %d after the end", n)
	}
	eventually(t, "no reader", func() bool { return h.Stats().Readers == 0 })
}

// TestBlocksEnd: at most max; an error of the node, and its end, are the last line.
func TestBlocksEnd(t *testing.T) {
	node, h, address := serve(t, api.Options{MaxReaders: 1})
	for range 40 {
		node.Append(api.Block{Kind: client.KindOther})
	}
	a := do(t, "GET", address, "/v1/blocks?from=3&max=20", "", nil)
	if n := strings.Count(a.body, "\n"); n != 20 || !strings.HasPrefix(a.body, `{"number":3,`) {
		t.Errorf("%d lines: %s", n, a.body)
	}
	if a := do(t, "GET", address, "/v1/blocks?from=1000", "", nil); a.status != 200 || a.body != "" {
		t.Errorf("of what is yet to come: %+v", a)
	}
	r, err := http.Get("http://" + address + "/v1/blocks?from=40&follow=1")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if a := do(t, "GET", address, "/v1/blocks", "", nil); a.status != 429 || a.code != "busy" {
		t.Errorf("a second reader: %+v", a)
	}
	lines := bufio.NewReader(r.Body)
	if b, err := lines.ReadString('\n'); b != `{"number":40,"kind":"other"}`+"\n" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	h.Stop()
	if b, err := io.ReadAll(lines); string(b) != `{"error":"the node is stopping","code":"stopping"}`+"\n" || err != nil {
		t.Errorf("%q, %v at the end", b, err)
	}
}

// TestSlowReader: who takes nothing is cut, and nothing is gathered for it.
func TestSlowReader(t *testing.T) {
	for _, accept := range []string{"*/*", client.BlocksType} {
		node, h, address := serve(t, api.Options{Stall: 20 * time.Millisecond})
		id := batch.ID{1}
		payload := batch.Append(batch.Begin(nil, batch.Salt{}), &id, 1, make([]byte, batch.MaxData-64))
		for range 100 { // more than connections hold
			node.Append(api.Block{Kind: client.KindSubmissions, Payload: payload})
		}
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET /v1/blocks HTTP/1.1\r\nHost: x\r\nAccept: %s\r\n\r\n", accept)
		eventually(t, "cut", func() bool { return h.Stats().Cut == 1 && h.Stats().Readers == 0 })
		conn.Close()
	}
}

// TestReaderLeaves: a follower that goes away is noticed while there is nothing to tell it.
func TestReaderLeaves(t *testing.T) {
	_, h, address := serve(t, api.Options{})
	c := client.New(address)
	defer c.Close()
	f, err := c.Follow(t.Context(), 1, false)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "a reader", func() bool { return h.Stats().Readers == 1 })
	f.Close()
	if _, err := f.Next(); err != client.ErrClosed {
		t.Errorf("after Close: %v", err)
	}
	eventually(t, "no reader", func() bool { return h.Stats().Readers == 0 })
}
