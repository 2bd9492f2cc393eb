package wal_test

import (
	"fmt"
	"os"

	"parsec/core/node/internal/wal"
)

func Example() {
	dir, err := os.MkdirTemp("", "wal")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	for range 2 {
		log, err := wal.Open(dir, wal.Options{})
		if err != nil {
			panic(err)
		}
		for record, err := range log.Records() {
			if err != nil {
				panic(err)
			}
			fmt.Printf("found %s\n", record)
		}
		position, err := log.Append([]byte("a record"))
		if err == nil {
			err = log.Wait(position)
		}
		if err != nil {
			panic(err)
		}
		fmt.Println("durable up to", log.Durable())
		if err := log.Close(); err != nil {
			panic(err)
		}
	}
	// Output:
	// durable up to 1
	// found a record
	// durable up to 2
}
