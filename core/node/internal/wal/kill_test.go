package wal

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

const killEnv = "PARSEC_WAL_TEST_DIR"

// TestKill kills processes that append to one log, and looks for all records that they said were durable.
func TestKill(t *testing.T) {
	o := Options{SegmentSize: 64 << 10}
	if dir := os.Getenv(killEnv); dir != "" {
		l, records := mustOpen(t, dir, o)
		for i := len(records); ; i++ {
			position := mustAppend(t, l, numbered(i, i*37%3000))
			if i%5 == 0 {
				mustWait(t, l, position)
				fmt.Println("durable", position)
			}
		}
	}
	kills := 10
	if testing.Short() {
		kills = 3
	}
	dir := t.TempDir()
	total := 0
	for range kills {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKill$")
		cmd.Env = append(os.Environ(), killEnv+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		durable, heard := 0, 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var n int
			if _, err := fmt.Sscanf(lines.Text(), "durable %d", &n); err == nil {
				durable = n
			}
			if heard++; heard == 20 { // it goes on while it dies
				time.AfterFunc(time.Millisecond, func() { cmd.Process.Kill() })
			}
		}
		if err := cmd.Wait(); err == nil || heard < 20 {
			t.Fatalf("the process ended by itself after %d lines: %v", heard, err)
		}
		l, records := mustOpen(t, dir, o)
		if len(records) < durable || durable <= total {
			t.Fatalf("%d records, %d were durable, %d before", len(records), durable, total)
		}
		for i, record := range records {
			if string(record) != string(numbered(i, i*37%3000)) {
				t.Fatalf("record %d is %.40q", i, record)
			}
		}
		total = len(records)
		mustClose(t, l)
	}
}
