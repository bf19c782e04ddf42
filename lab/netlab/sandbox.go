package netlab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// insideSandbox is set in the environment of a test binary that runs in its sandbox.
const insideSandbox = "SALLYPORT_TEST_SANDBOX"

// Sandbox says how the sandbox of a test binary is prepared.
type Sandbox struct {
	// Prepare lists arguments of ip, a command each, that run inside before the first test.
	Prepare []string
}

// Main runs the tests of a package in a sandbox and ends the process. It is what TestMain calls.
//
// The binary starts itself again in PID, mount and network namespaces of its own, with a /proc of
// those PIDs, an empty /run and a loopback device. All processes that the tests start end with the
// sandbox, and their devices and tables cannot meet those of the machine. Without root, and while
// fuzzing, the tests run without a sandbox; those that need one call NeedSandbox and fail there.
func Main(m *testing.M, s Sandbox) {
	if InSandbox() {
		s.furnish()
		os.Exit(m.Run())
	}
	if os.Getuid() != 0 || fuzzing() {
		os.Exit(m.Run())
	}
	runtime.LockOSThread() // Pdeathsig follows the thread that starts the child
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), insideSandbox+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "start the tests in namespaces of their own:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// InSandbox tells whether this process runs in the sandbox that Main made.
func InSandbox() bool { return os.Getenv(insideSandbox) != "" }

// NeedSandbox fails a test that does not run in a sandbox, or where one of the commands is missing.
func NeedSandbox(t testing.TB, commands ...string) {
	t.Helper()
	if !InSandbox() {
		t.Fatal("run this test as root: it needs network namespaces of its own")
	}
	if missing := missingCommand(commands); missing != "" {
		t.Fatal(missing)
	}
}

func fuzzing() bool {
	return slices.ContainsFunc(os.Args, func(a string) bool {
		return strings.HasPrefix(a, "-test.fuzz") && !strings.HasPrefix(a, "-test.fuzzcachedir")
	})
}

// furnish gives the new namespaces what they lack.
func (s Sandbox) furnish() {
	must := func(what string, err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, "sandbox:", what+":", err)
			os.Exit(1)
		}
	}
	must("private mounts", unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	must("mount /run", unix.Mount("run", "/run", "tmpfs", 0, "mode=0755"))
	must("mount /proc", unix.Mount("proc", "/proc", "proc", 0, ""))
	for _, line := range append([]string{"link set lo up"}, s.Prepare...) {
		if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
			must("ip "+line, fmt.Errorf("%w: %s", err, out))
		}
	}
}
