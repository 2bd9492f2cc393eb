package client_test

import (
	"context"
	"fmt"
	"io"
	"net/http/httptest"

	"parsec/core/node/client"
	"parsec/core/node/internal/api"
	"parsec/core/node/internal/solo"
)

// node starts a node in memory, which stands for a real one here, and returns its address.
func node() (address string, stop func()) {
	server := httptest.NewServer(api.New(solo.New(), api.Options{}))
	return server.Listener.Addr().String(), server.Close
}

func ExampleClient_SubmitDecided() {
	address, stop := node()
	defer stop()
	c := client.New(address)
	defer c.Close()
	ctx := context.Background()

	// In earnest, an id is drawn at random, or a number of one's own.
	hello := &client.Submission{ID: client.ID{1, 2, 3}, Data: []byte("hello")}
	position, err := c.SubmitDecided(ctx, hello)
	if err != nil {
		panic(err)
	}
	fmt.Printf("submission %d, in block %d\n", position.Number, position.Block)
	// Again, after no answer for example, here or at another node: it was given an until, and is decided once.
	position, err = c.SubmitDecided(ctx, hello)
	if err != nil {
		panic(err)
	}
	fmt.Printf("submission %d, in block %d\n", position.Number, position.Block)
	// Output:
	// submission 0, in block 1
	// submission 0, in block 1
}

func ExampleClient_Stream() {
	address, stop := node()
	defer stop()
	c := client.New(address)
	defer c.Close()

	stream, err := c.Stream(context.Background())
	if err != nil {
		panic(err)
	}
	defer stream.Close()
	go func() {
		for i := range byte(10) {
			err := stream.Send([]client.Submission{{ID: client.ID{i, 1}, Data: []byte("a")}, {ID: client.ID{i, 2}, Data: []byte("b")}})
			if err != nil {
				return // Acknowledged says why
			}
		}
		stream.CloseSend()
	}()
	for {
		n, err := stream.Acknowledged()
		if err == io.EOF {
			fmt.Printf("all %d are durable\n", n)
			return
		}
		if err != nil {
			panic(err) // or: open another one, and send again what is not acknowledged
		}
	}
	// Output: all 20 are durable
}

func ExampleClient_Follow() {
	address, stop := node()
	defer stop()
	c := client.New(address)
	defer c.Close()
	ctx := context.Background()

	for i, text := range []string{"one", "two"} {
		if err := c.Submit(ctx, &client.Submission{ID: client.ID{byte(i + 1)}, Data: []byte(text)}); err != nil {
			panic(err)
		}
	}
	blocks, err := c.Follow(ctx, 0, false)
	if err != nil {
		panic(err)
	}
	defer blocks.Close()
	for range 3 {
		b, err := blocks.Next()
		if err != nil {
			panic(err) // or: follow again from the number after that of the last block
		}
		fmt.Println(b.Number, b.Kind)
		for i, item := range b.Items {
			fmt.Printf("  %d: %s\n", b.First+uint64(i), item.Data)
		}
	}
	// Output:
	// 0 genesis
	// 1 submissions
	//   0: one
	// 2 submissions
	//   1: two
}
