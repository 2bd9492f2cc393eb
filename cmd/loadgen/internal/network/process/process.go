package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Config says what to run.
type Config struct {
	Name string   // in errors
	Path string   // of the program
	Args []string // without its name
	Env  []string // as os/exec has it; nil for this process's
	Idle bool     // it runs only while nothing else wants the processor, where the system can do that
	Log  string   // file that gets, at its end, what the child writes
	// Ready reports whether a line of the child's standard output says that it is ready.
	Ready func(line string) bool
	// Ended is told of the child's end, before Done is closed. It may be nil.
	Ended func(*Process, Exit)
}

// Exit is how a child ended.
type Exit struct {
	At     time.Time
	Status string // as os.ProcessState says it: exit status 1, signal: killed
	Code   int    // exit status; -1 if a signal ended it
	Asked  bool   // it was asked to end, or killed, by this process
	CPU    time.Duration
}

// Process is a child. Its methods may be called by many goroutines, also after it ended: then they do nothing.
type Process struct {
	name, log string
	logFrom   int64 // where in the log this child's part begins
	isReady   func(string) bool
	cmd       *exec.Cmd
	ready     chan string
	done      chan struct{}
	exit      Exit // written before done is closed

	mu     sync.Mutex
	gone   bool // it has ended: its number may soon be another's
	asked  bool
	stops  stop // why it is stopped; 0 if it runs
	slower *slower
}

// tail is how much of its log an error about a child shows, in bytes.
const tail = 2 << 10

// maxLine is how long a line of the child's standard output may be; the rest of a longer one is left out.
const maxLine = 64 << 10

func start(c Config) (*Process, error) {
	log, err := os.OpenFile(c.Log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	p := &Process{
		name: c.Name, log: c.Log, isReady: c.Ready,
		ready: make(chan string, 1), done: make(chan struct{}),
	}
	if info, err := log.Stat(); err == nil {
		p.logFrom = info.Size()
	}
	out, in, err := os.Pipe()
	if err != nil {
		log.Close()
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	p.cmd = exec.Command(c.Path, c.Args...)
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = c.Env, in, log
	p.cmd.SysProcAttr = attributes()
	err = p.cmd.Start()
	in.Close()
	if err != nil {
		log.Close()
		out.Close()
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	if c.Idle {
		idle(p.cmd.Process.Pid)
	} else {
		yieldTo(p.cmd.Process.Pid)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.read(out, log)
	}()
	go func() {
		awaitEnd(p.cmd)
		p.mu.Lock()
		p.gone = true
		asked := p.asked
		p.mu.Unlock()
		p.Full()
		p.cmd.Wait() // its error is in the state
		// A stray heir of the pipe must not hold up the end.
		out.SetReadDeadline(time.Now().Add(time.Second))
		<-read
		out.Close()
		log.Close()
		state := p.cmd.ProcessState
		p.exit = Exit{time.Now(), state.String(), state.ExitCode(), asked, state.UserTime() + state.SystemTime()}
		if c.Ended != nil {
			c.Ended(p, p.exit)
		}
		close(p.done)
	}()
	return p, nil
}

// read takes the ready line from the child's standard output; other lines go into the log.
func (p *Process) read(out io.Reader, log io.Writer) {
	r := bufio.NewReaderSize(out, maxLine)
	said, whole := false, true
	for {
		line, err := r.ReadSlice('\n')
		switch text := strings.TrimRight(string(line), "\r\n"); {
		case !said && whole && err == nil && p.isReady(text):
			said = true
			p.ready <- text
		case len(line) > 0 && whole: // what cannot be written down is lost
			if err != nil {
				text += "..."
			}
			io.WriteString(log, text+"\n")
		}
		whole = !errors.Is(err, bufio.ErrBufferFull)
		if err != nil && whole {
			return
		}
	}
}

// Ready waits until the child says that it is ready, and returns the line. It returns the line once. The error, if the
// child ends or ctx does, has the end of what the child wrote.
func (p *Process) Ready(ctx context.Context) (string, error) {
	select {
	case line := <-p.ready:
		return line, nil
	default:
	}
	select {
	case line := <-p.ready:
		return line, nil
	case <-p.done:
		select {
		case line := <-p.ready: // it said so and ended
			return line, nil
		default:
		}
		return "", fmt.Errorf("%s ended before it was ready: %w", p.name, p.Failure())
	case <-ctx.Done():
		return "", fmt.Errorf("%s is not ready: %w%s", p.name, context.Cause(ctx), p.Tail())
	}
}

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit returns how the child ended, and whether it has.
func (p *Process) Exit() (Exit, bool) {
	select {
	case <-p.done:
		return p.exit, true
	default:
		return Exit{}, false
	}
}

// Failure waits for the child's end, and returns an error that says how it ended, with the end of what it wrote.
func (p *Process) Failure() error {
	<-p.done
	return fmt.Errorf("%s%s", p.exit.Status, p.Tail())
}

// Tail returns the last lines that the child wrote, each on a line of its own and indented, after a line end. It is
// empty if there are none.
func (p *Process) Tail() string {
	f, err := os.Open(p.log)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	from := max(p.logFrom, info.Size()-tail)
	text, _ := io.ReadAll(io.NewSectionReader(f, from, tail))
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if from > p.logFrom && len(lines) > 1 {
		lines = lines[1:] // the first is cut
	}
	if len(lines) == 1 && lines[0] == "" {
		return ""
	}
	return "\n\t" + strings.Join(lines, "\n\t")
}

// Pid is the child's number.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Kill kills the child at once: no signal handler of it runs.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return
	}
	p.asked = true
	killGroup(p.cmd.Process)
}

// Stop asks the child to end, and kills it if it has not when grace is over. It returns when the child is gone.
func (p *Process) Stop(grace time.Duration) Exit {
	p.mu.Lock()
	if !p.gone {
		p.asked = true
		ask(p.cmd.Process)
	}
	p.mu.Unlock()
	p.Full()
	p.Resume() // a stopped process cannot end
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		p.Kill()
		<-p.done
	}
	return p.exit
}
