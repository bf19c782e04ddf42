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

// Exit says how a process ended. Known is false for one that was not our child: only a parent
// is told.
type Exit struct {
	Known  bool
	Code   int
	Signal syscall.Signal // 0 unless a signal ended it
}

// String is for a log.
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
	fd   *os.File // a pidfd: unlike a PID it never means another process
	done chan struct{}
	exit Exit
}

// Adopt watches a process that somebody else started: a dataplane that crashed, or this one
// before it executed itself anew (then the process is still our child, and is reaped). ErrGone
// where it has ended, or its PID is another's by now.
func Adopt(id Identity) (*Process, error) {
	fd, err := unix.PidfdOpen(id.PID, unix.PIDFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("adopt process %d: %w", id.PID, errors.Join(ErrGone, err))
	}
	// Compared with the pidfd in hand: the PID cannot change hands any more.
	now, err := identify(id.PID)
	if err == nil && now != id {
		err = ErrGone
	}
	if err != nil {
		reap(fd)
		_ = unix.Close(fd)
		return nil, fmt.Errorf("adopt process %d: %w", id.PID, err)
	}
	return watch(id, fd), nil
}

// own watches a child of ours that was just started. It may have ended already; it cannot have
// been reaped.
func own(pid int) (*Process, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		_ = unix.Kill(pid, unix.SIGKILL) // not reaped yet, so the PID is still its own
		_, _ = unix.Wait4(pid, nil, 0, nil)
		return nil, err
	}
	id, err := identify(pid)
	if err != nil && !errors.Is(err, ErrGone) {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
		_ = unix.Close(fd)
		return nil, err
	}
	id.PID = pid
	return watch(id, fd), nil
}

func watch(id Identity, fd int) *Process {
	p := &Process{id: id, fd: os.NewFile(uintptr(fd), "pidfd"), done: make(chan struct{})}
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
		p.exit = reap(int(fd))
		return true
	})
	if err != nil {
		return // Release: nobody is told anything any more
	}
	close(p.done)
}

// reap takes the exit status where the process is our child.
func reap(fd int) Exit {
	var info siginfo
	if err := info.wait(fd); err != nil || info.pid == 0 {
		return Exit{}
	}
	if info.code == cldExited {
		return Exit{Known: true, Code: int(info.status)}
	}
	return Exit{Known: true, Code: -1, Signal: syscall.Signal(info.status)}
}

// Identity names the process in a journal.
func (p *Process) Identity() Identity { return p.id }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit says how the process ended. It is valid after Done.
func (p *Process) Exit() Exit {
	select {
	case <-p.done:
		return p.exit
	default:
		return Exit{}
	}
}

// Wait waits for the process to end, or for ctx.
func (p *Process) Wait(ctx context.Context) (Exit, error) {
	select {
	case <-p.done:
		return p.exit, nil
	case <-ctx.Done():
		return Exit{}, ctx.Err()
	}
}

// Release stops watching and leaves the process running. Done is never closed after it.
func (p *Process) Release() { _ = p.fd.Close() }

const (
	// StopGrace is how long a worker may take to end: saying goodbye to its clients takes two
	// seconds.
	StopGrace = 5 * time.Second
	killWait  = 5 * time.Second
)

// Stop ends the process: SIGTERM, and SIGKILL when StopGrace or ctx ends first. It returns once
// the process has ended; the error says that it could not be ended.
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

// Kill ends the process with SIGKILL and waits for it.
func (p *Process) Kill() error {
	if err := p.signal(unix.SIGKILL); err != nil {
		return err
	}
	last := time.NewTimer(killWait)
	defer last.Stop()
	select {
	case <-p.done:
		return nil
	case <-last.C:
		return fmt.Errorf("process %d does not end", p.id.PID)
	}
}

// signal sends through the pidfd. A process that has ended is no error.
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
