package process

import (
	"os"
	"os/exec"
	"syscall"
)

func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func awaitEnd(c *exec.Cmd) { c.Wait() }

func killGroup(p *os.Process) { p.Kill() }

// ask kills: there is no gentler signal that every program takes.
func ask(p *os.Process) { p.Kill() }

func halt(*os.Process, bool) error { return ErrUnsupported }

func yieldTo(int) {}

func idle(int) {}
