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

// Start starts a worker. It is running, as its own uid and without privileges, when Start
// returns; whether it likes its configuration shows a moment later, by Done. From then on this
// process leaves no core files either.
func Start(s Spec) (*Process, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	log, err := openLog(s.Log)
	if err != nil {
		return nil, fmt.Errorf("log of a worker: %w", err)
	}
	defer log.Close()
	input, err := secretFile(s.Input)
	if err != nil {
		return nil, fmt.Errorf("input of a worker: %w", err)
	}
	defer input.Close()

	// No core file: a worker's memory holds private keys. It inherits the limit from us, whose
	// memory holds the same keys; to set another uid's limit would need CAP_SYS_RESOURCE.
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return nil, fmt.Errorf("forbid core files: %w", err)
	}
	attr := &syscall.ProcAttr{
		Dir:   s.Dir,
		Env:   []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"},
		Files: []uintptr{input.Fd(), log.Fd(), log.Fd()},
		Sys: &syscall.SysProcAttr{
			// A session of its own: no terminal's and no service manager's signal for us reaches it.
			Setsid: true,
			// No supplementary groups: Groups is empty and is set. Leaving uid 0 clears the permitted,
			// effective and ambient capabilities; unprivileged clears what could bring them back.
			Credential: &syscall.Credential{Uid: s.UID, Gid: s.GID},
		},
	}
	pid, err := unprivileged(func() (int, error) {
		return syscall.ForkExec(s.Binary, append([]string{s.Binary}, s.Args...), attr)
	})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Binary, err)
	}
	p, err := own(pid)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Binary, err)
	}
	return p, nil
}

// unprivileged runs fork on a thread whose children can never gain privileges. Both settings
// are a thread's, last for its life and are inherited by what it forks, which is why the thread
// is not given back: a goroutine that ends while locked to its thread ends the thread. Other
// threads of ours are not made from a locked one, so that none of them inherits anything. The
// process's first thread cannot end and stays as it is: there, another thread is asked.
func unprivileged(fork func() (int, error)) (pid int, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			pid, err = unprivileged(fork)
			runtime.UnlockOSThread()
			return
		}
		if err = unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			err = fmt.Errorf("no new privileges: %w", err)
			return
		}
		if err = dropBounds(); err != nil {
			err = fmt.Errorf("capability bounding set: %w", err)
			return
		}
		pid, err = fork()
	}()
	<-done
	return pid, err
}

func dropBounds() error {
	for c := uintptr(0); ; c++ {
		switch err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); {
		case errors.Is(err, unix.EINVAL) && c > 0:
			return nil // beyond the last capability that this kernel has
		case err != nil:
			return err
		}
	}
}

// secretFile holds b in memory that has no name, sealed. Not a pipe: nobody would have to be
// there to fill it. And a file can be read again from the start.
func secretFile(b []byte) (*os.File, error) {
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
