package netlab

import (
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// Daemon is a program that runs on a host until it is stopped.
type Daemon struct {
	cmd      *exec.Cmd
	messages Output
	done     chan struct{} // closed when the process has ended
}

// StartDaemon starts a program on the host, in the foreground. It is stopped at the end of the test.
func (n *Namespace) StartDaemon(t testing.TB, args ...string) *Daemon {
	t.Helper()
	d := &Daemon{cmd: n.Exec(args...), done: make(chan struct{})}
	d.cmd.Stdout, d.cmd.Stderr = &d.messages, &d.messages
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = d.cmd.Wait(); close(d.done) }()
	t.Cleanup(func() {
		d.Stop(t)
		if t.Failed() {
			t.Logf("%s printed:\n%s", args[0], Tail(d.messages.String(), 4000))
		}
	})
	return d
}

// Stop ends the program with SIGTERM, and waits for it.
func (d *Daemon) Stop(t testing.TB) {
	t.Helper()
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.done:
	case <-time.After(15 * time.Second):
		_ = syscall.Kill(-d.cmd.Process.Pid, syscall.SIGKILL)
		<-d.done
		t.Errorf("%s does not stop", d.cmd.Path)
	}
}
