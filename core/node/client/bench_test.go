package client_test

import (
	"fmt"
	"io"
	"runtime"
	"testing"

	"parsec/core/node/client"
	"parsec/core/node/internal/api"
	"parsec/core/node/internal/batch"
)

// BenchmarkStream sends submissions of 128 bytes over loopback to a node that only counts them, and waits until all are
// acknowledged. An operation is one submission; client and server share the processors.
func BenchmarkStream(b *testing.B) {
	for _, size := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			node, c, _ := serve(b, api.Options{})
			node.Count = true
			s, err := c.Stream(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			submissions := make([]client.Submission, size)
			data := make([]byte, 128)
			for i := range submissions {
				submissions[i] = client.Submission{ID: id(i), Until: client.Ahead, Data: data}
			}
			done := make(chan error)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			b.ResetTimer()
			go func() {
				for {
					n, err := s.Acknowledged()
					if err == io.EOF && n < uint64(b.N) {
						err = fmt.Errorf("%d acknowledged of %d", n, b.N)
					}
					if err == io.EOF {
						err = nil
					} else if err == nil {
						continue
					}
					done <- err
					return
				}
			}()
			for sent := 0; sent < b.N; sent += size {
				if err := s.Send(submissions); err != nil {
					b.Fatal(err)
				}
			}
			if err := s.CloseSend(); err != nil {
				b.Fatal(err)
			}
			if err := <-done; err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "submissions/s")
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(b.N), "allocs/submission")
		})
	}
}

// BenchmarkFollow reads blocks of 1000 submissions of 128 bytes over loopback. An operation is one submission.
func BenchmarkFollow(b *testing.B) {
	const each = 1000
	payload := batch.Begin(nil, batch.Salt{})
	for i := range each {
		one := id(i)
		payload = batch.Append(payload, &one, client.Ahead, make([]byte, 128))
	}
	for _, ids := range []bool{true, false} {
		b.Run(fmt.Sprintf("ids=%t", ids), func(b *testing.B) {
			node, c, _ := serve(b, api.Options{})
			block := api.Block{Kind: client.KindSubmissions, By: &[32]byte{1}, Payload: payload}
			for range (b.N + each - 1) / each {
				node.Append(block)
			}
			f, err := c.Follow(b.Context(), 1, ids)
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			b.ResetTimer()
			for got := 0; got < b.N; {
				block, err := f.Next()
				if err != nil {
					b.Fatal(err)
				}
				got += len(block.Items)
			}
			b.StopTimer()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "submissions/s")
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(b.N), "allocs/submission")
		})
	}
}
