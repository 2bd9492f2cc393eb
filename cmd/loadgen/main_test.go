package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// asProgram is set in the environment of processes that are this program and not its tests.
const asProgram = "PARSEC_LOADGEN_TEST_IS_PROGRAM"

// The test binary is the program whose nodes are started, too.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Setenv(asProgram, "1") // of all that tests start
	goleak.VerifyTestMain(m)
}
