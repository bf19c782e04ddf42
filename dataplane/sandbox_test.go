package dataplane

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/dataplane/api"
)

const (
	inside = "SALLYPORT_DATAPLANE_SANDBOX"
	// asEngine, set to a run directory, makes this program a dataplane that can be killed.
	asEngine = "SALLYPORT_DATAPLANE_ENGINE"
)

// TestMain runs everything again in PID, mount and network namespaces of its own: whatever the
// tests start ends with them, however they end, and their devices and tables meet nobody's.
func TestMain(m *testing.M) {
	if dir := os.Getenv(asEngine); dir != "" {
		if err := serveEngine(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
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
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "namespaces of our own:", err)
		os.Exit(1)
	}
}

// furnish gives the namespaces what they lack: a /proc of these PIDs, a loopback device, and the
// interface of a target network.
func furnish() {
	must := func(what string, err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, what+":", err)
			os.Exit(1)
		}
	}
	must("private mounts", unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	must("mount run", unix.Mount("run", "/run", "tmpfs", 0, "mode=0755")) // as a host has it
	must("mount proc", unix.Mount("proc", "/proc", "proc", 0, ""))
	for _, line := range []string{
		"link set lo up", "link add neta type veth peer name far", "addr add 10.0.1.1/24 dev neta", "link set neta up", "link set far up",
	} {
		must("ip "+line, exec.Command("ip", strings.Fields(line)...).Run())
	}
}

// needsSandbox fails where the tests do not run in namespaces of their own.
func needsSandbox(t testing.TB) {
	t.Helper()
	if os.Getenv(inside) == "" {
		t.Fatal("run this test as root: it starts OpenVPN in namespaces of its own")
	}
	for _, tool := range []string{"openvpn", "nft", "ip"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("install %s (packages openvpn, nftables, iproute2): %v", tool, err)
		}
	}
}

func socketIn(dir string) string { return filepath.Join(dir, "socket", "s") }

// serveEngine is a dataplane as main runs it: SIGTERM stops it, SIGKILL is a crash.
func serveEngine(dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	l, err := api.Listen(ctx, socketIn(dir), 0)
	if err != nil {
		return err
	}
	working, halt := context.WithCancel(context.Background())
	defer halt()
	e, err := Open(working, Config{RunDir: dir, Workers: 2, Log: log})
	if err != nil {
		return err
	}
	go e.Run(working)
	if err := api.Serve(ctx, l, api.Handler(e, log), 0, log); err != nil {
		return err
	}
	return e.Stop(context.Background())
}
