package load

import (
	"errors"
	"io"
	"testing"

	"parsec/cmd/loadgen/internal/schedule"
	"parsec/core/node/client"
)

// blocks are given blocks, and then an error.
type blocks struct {
	all []*client.Block
	end error
}

func (b *blocks) Next() (*client.Block, error) {
	if len(b.all) == 0 {
		return nil, b.end
	}
	next := b.all[0]
	b.all = b.all[1:]
	return next, nil
}

func (b *blocks) Close() {}

func TestContent(t *testing.T) {
	size, err := schedule.ParseSize("20", client.MaxData)
	if err != nil {
		t.Fatal(err)
	}
	r := &Result{Sum: Rates{Due: 5}, nonce: [8]byte{7}, seed: 3, size: size}
	own := func(seq uint64) client.Item {
		return client.Item{ID: idOf(r.nonce, seq), Data: appendData(nil, r.seed, seq, 20)}
	}
	other := func(seq uint64) client.Item {
		return client.Item{ID: idOf(r.nonce, seq), Data: []byte("not what was submitted")}
	}
	foreign := own(1)
	foreign.ID[0]++
	all := []*client.Block{
		{Items: []client.Item{own(0), other(1), foreign}},
		{},
		{Items: []client.Item{other(2), own(2), own(3), other(3), own(5)}},
	}
	if got, err := r.Content(&blocks{all, io.EOF}); err != nil || got != (Content{Kept: 3, Replaced: 1}) {
		t.Errorf("%+v, %v", got, err)
	}
	broken := errors.New("broken")
	if _, err := r.Content(&blocks{nil, broken}); err != broken {
		t.Errorf("error %v", err)
	}
}
