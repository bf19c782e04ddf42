package supervise

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const cldExited = 1 // si_code of a process that called exit

// siginfo is the kernel's siginfo_t of a child that ended. x/sys does not export its fields: on 64-bit
// Linux they follow three ints and four bytes of padding.
type siginfo struct {
	signo, errno, code, _ int32
	pid                   int32
	uid                   uint32
	status                int32
	_                     [100]byte
}

// wait reaps the child of the pidfd. It returns ECHILD for a process that is not our child or was
// reaped before.
func (s *siginfo) wait(fd int) error {
	for {
		err := unix.Waitid(unix.P_PIDFD, fd, (*unix.Siginfo)(unsafe.Pointer(s)), unix.WEXITED|unix.WNOHANG, nil) //nolint:gosec // the same memory under two names
		if err != unix.EINTR {
			return err
		}
	}
}
