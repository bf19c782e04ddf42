package ovpn_test

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

const inside = "SALLYPORT_OVPN_SANDBOX"

// TestMain runs everything again in PID, mount and network namespaces of its own: whatever the
// tests start ends with them, however they end, and their devices and addresses meet nobody's.
func TestMain(m *testing.M) {
	fuzzing := slices.ContainsFunc(os.Args, func(a string) bool {
		return strings.HasPrefix(a, "-test.fuzz") && !strings.HasPrefix(a, "-test.fuzzcachedir")
	})
	if os.Getenv(inside) != "" || os.Getuid() != 0 || fuzzing {
		if os.Getenv(inside) != "" {
			furnish()
		}
		os.Exit(m.Run())
	}
	runtime.LockOSThread() // Pdeathsig is about this thread
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET,
		Pdeathsig:  syscall.SIGKILL,
	}
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "namespaces of our own:", err)
		os.Exit(1)
	}
}

// furnish gives the namespaces what they lack: a /proc of these PIDs, a loopback device.
func furnish() {
	must := func(what string, err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, what+":", err)
			os.Exit(1)
		}
	}
	must("private mounts", unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	must("mount proc", unix.Mount("proc", "/proc", "proc", 0, ""))
	must("loopback", exec.Command("ip", "link", "set", "lo", "up").Run())
}

// needsSandbox fails where the tests do not run in namespaces of their own.
func needsSandbox(t *testing.T) {
	t.Helper()
	if os.Getenv(inside) == "" {
		t.Fatal("run this test as root: it starts OpenVPN in namespaces of its own")
	}
	for _, tool := range []string{"openvpn", "ip", "nsenter"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("install %s (packages openvpn, iproute2, util-linux): %v", tool, err)
		}
	}
}

func run(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
}
