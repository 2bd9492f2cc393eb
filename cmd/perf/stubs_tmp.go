package main
import ("context";"io")
func gateCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {return 2}
func instrCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {return 2}
func noiseCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {return 2}
func trackCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {return 2}
