package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Exit is how a process ended. Known is false for a process that was not our child: the kernel tells
// only the parent.
type Exit struct {
	Known  bool
	Code   int
	Signal syscall.Signal // 0 unless a signal ended it
}

// String describes the exit for a log.
func (e Exit) String() string {
	switch {
	case !e.Known:
		return "ended"
	case e.Signal != 0:
		return "ended by signal " + e.Signal.String()
	}
	return fmt.Sprintf("ended with status %d", e.Code)
}

// Process is a running worker, started or adopted.
type Process struct {
	id   Identity
	fd   *os.File // a pidfd: unlike a PID it never refers to another process
	log  *Log
	done chan struct{}
	exit Exit
}

// Adopt watches a process that an earlier dataplane started: one that crashed, or this process before
// it executed itself again (then the worker is still our child and is reaped). It returns ErrGone
// where the process has ended, even if another one has its PID now.
func Adopt(id Identity) (*Process, error) {
	fd, err := unix.PidfdOpen(id.PID, unix.PIDFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("adopt process %d: %w", id.PID, errors.Join(ErrGone, err))
	}
	log, _ := findLog(id.PID)
	// Compared after the pidfd and the log were opened: the PID cannot have been reused meanwhile.
	now, err := readIdentity(id.PID)
	if err == nil && now != id {
		err = ErrGone
	}
	if err != nil {
		reapChild(fd)
		_ = unix.Close(fd)
		return nil, fmt.Errorf("adopt process %d: %w", id.PID, err)
	}
	return watch(id, fd, log), nil
}

// watchChild watches a child of this process that was just started. It may have ended already, but it
// cannot have been reaped.
func watchChild(pid int, log *Log) (*Process, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		_ = unix.Kill(pid, unix.SIGKILL) // not reaped yet, so the PID is still its own
		_, _ = unix.Wait4(pid, nil, 0, nil)
		return nil, err
	}
	id, err := readIdentity(pid)
	if err != nil && !errors.Is(err, ErrGone) {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
		_ = unix.Close(fd)
		return nil, err
	}
	id.PID = pid
	return watch(id, fd, log), nil
}

func watch(id Identity, fd int, log *Log) *Process {
	p := &Process{id: id, fd: os.NewFile(uintptr(fd), "pidfd"), log: log, done: make(chan struct{})}
	go p.wait()
	return p
}

func (p *Process) wait() {
	raw, err := p.fd.SyscallConn()
	if err != nil {
		return
	}
	err = raw.Read(func(fd uintptr) bool {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(poll, 0)
		if err != nil || n == 0 {
			return false
		}
		p.exit = reapChild(int(fd))
		return true
	})
	if err != nil {
		return // Release was called: done stays open
	}
	close(p.done)
}

// reapChild reads the exit status if the process is our child.
func reapChild(fd int) Exit {
	var info siginfo
	if err := info.wait(fd); err != nil || info.pid == 0 {
		return Exit{}
	}
	if info.code == cldExited {
		return Exit{Known: true, Code: int(info.status)}
	}
	return Exit{Known: true, Code: -1, Signal: syscall.Signal(info.status)}
}

// Identity identifies the process in a journal.
func (p *Process) Identity() Identity { return p.id }

// Log is what the process writes. It is nil where the output of an adopted process is no Log: an
// earlier version of this program started it with a file that has a path.
func (p *Process) Log() *Log { return p.log }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit returns how the process ended. It is valid after Done is closed.
func (p *Process) Exit() Exit {
	select {
	case <-p.done:
		return p.exit
	default:
		return Exit{}
	}
}

// Wait waits for the process to end. The error is that of ctx.
func (p *Process) Wait(ctx context.Context) (Exit, error) {
	select {
	case <-p.done:
		return p.exit, nil
	case <-ctx.Done():
		return Exit{}, ctx.Err()
	}
}

// Release stops watching and leaves the process running. Done is not closed after it.
func (p *Process) Release() { _ = p.fd.Close() }

const (
	// StopGrace is how long a worker may take to end: notifying its clients takes two seconds.
	StopGrace = 5 * time.Second
	killWait  = 5 * time.Second
)

// Stop sends SIGTERM, and SIGKILL when StopGrace or ctx ends first. It returns when the process has
// ended; the error means that it still runs.
func (p *Process) Stop(ctx context.Context) error {
	grace := time.NewTimer(StopGrace)
	defer grace.Stop()
	if err := p.signal(unix.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-grace.C:
	case <-ctx.Done():
	}
	return p.Kill()
}

// Kill sends SIGKILL and waits for the process to end. The error means that it still runs.
func (p *Process) Kill() error {
	if err := p.signal(unix.SIGKILL); err != nil {
		return err
	}
	deadline := time.NewTimer(killWait)
	defer deadline.Stop()
	select {
	case <-p.done:
		return nil
	case <-deadline.C:
		return fmt.Errorf("process %d does not end", p.id.PID)
	}
}

// signal sends a signal through the pidfd. A process that has ended is no error.
func (p *Process) signal(s unix.Signal) error {
	raw, err := p.fd.SyscallConn()
	if err != nil {
		return err
	}
	var sent error
	if err := raw.Control(func(fd uintptr) { sent = unix.PidfdSendSignal(int(fd), s, nil, 0) }); err != nil {
		return err
	}
	if sent != nil && !errors.Is(sent, unix.ESRCH) {
		return fmt.Errorf("signal process %d: %w", p.id.PID, sent)
	}
	return nil
}
