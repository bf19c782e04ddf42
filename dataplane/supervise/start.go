package supervise

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Start starts a worker. When Start returns, the worker runs under its own uid and without privileges;
// a configuration that it refuses shows a moment later by Done. From then on this process writes no
// core files either.
func Start(s Spec) (*Process, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	log, output, err := newLog()
	if err != nil {
		return nil, fmt.Errorf("log of a worker: %w", err)
	}
	defer output.Close()
	input, err := newSecretFile(s.Input)
	if err != nil {
		return nil, fmt.Errorf("input of a worker: %w", err)
	}
	defer input.Close()

	// No core file, because a worker's memory holds private keys. It inherits the limit of this process,
	// whose memory holds the same keys; setting the limit of another uid would need CAP_SYS_RESOURCE.
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return nil, fmt.Errorf("forbid core files: %w", err)
	}
	if err := limitProcesses(); err != nil {
		return nil, err
	}
	attr := &syscall.ProcAttr{
		Dir:   s.Dir,
		Env:   []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"},
		Files: []uintptr{input.Fd(), output.Fd(), output.Fd()},
		Sys: &syscall.SysProcAttr{
			// A process session of its own: signals of a terminal to this process do not reach it.
			Setsid: true,
			// No supplementary groups: Groups is empty and is set. Leaving uid 0 clears the permitted,
			// effective and ambient capabilities; unprivileged clears what could bring them back.
			Credential: &syscall.Credential{Uid: s.UID, Gid: s.GID},
		},
	}
	attr.Env = append(attr.Env, allocator(jemallocPlaces)...)
	if s.Inherit != nil {
		attr.Files = append(attr.Files, s.Inherit.Fd())
	}
	pid, err := forkUnprivileged(func() (int, error) {
		return syscall.ForkExec(s.Binary, append([]string{s.Binary}, s.Args...), attr)
	})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Binary, err)
	}
	p, err := watchChild(pid, log)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Binary, err)
	}
	if err := limitProcessesOf(pid); err != nil && !errors.Is(err, unix.ESRCH) {
		_ = p.Kill()
		p.Release()
		return nil, fmt.Errorf("start %s: %w", s.Binary, err)
	}
	return p, nil
}

// forkUnprivileged calls fork on a thread whose children can never gain privileges. Both settings
// belong to a thread, cannot be reverted and are inherited by the processes that it forks. So the
// thread must end afterwards: a goroutine that ends while it is locked to its thread ends the thread.
// The runtime creates no threads from a locked one, so no other thread inherits the settings. The
// first thread of a process cannot end and must not be changed: on it, another goroutine is used.
func forkUnprivileged(fork func() (int, error)) (pid int, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			pid, err = forkUnprivileged(fork)
			runtime.UnlockOSThread()
			return
		}
		if err = unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			err = fmt.Errorf("no new privileges: %w", err)
			return
		}
		if err = dropBoundingSet(); err != nil {
			err = fmt.Errorf("capability bounding set: %w", err)
			return
		}
		pid, err = fork()
	}()
	<-done
	return pid, err
}

// dropBoundingSet empties the capability bounding set of the thread.
func dropBoundingSet() error {
	for c := uintptr(0); ; c++ {
		switch err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); {
		case errors.Is(err, unix.EINVAL) && c > 0:
			return nil // beyond the last capability of this kernel
		case err != nil:
			return err
		}
	}
}

// newSecretFile writes b to a sealed file in memory that has no name. Unlike a pipe it needs no
// process that fills it, and it can be read again from the start.
func newSecretFile(b []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("input", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "input")
	if _, err = f.Write(b); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_GROW|unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
