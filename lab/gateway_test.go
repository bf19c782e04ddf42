package lab

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// gateway is the program as an administrator runs it: `sallyport serve`, in its namespace.
type gateway struct {
	in  *namespace
	dir string
	env []string
	uid int // what it runs as
	cmd *exec.Cmd
	out *output
}

// output collects what the program prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func startGateway(t testing.TB, in *namespace, settings ...string) *gateway {
	t.Helper()
	g := prepareGateway(t, in, settings...)
	g.start(t)
	return g
}

// prepareGateway makes the program's directories and does not start it.
func prepareGateway(t testing.TB, in *namespace, settings ...string) *gateway {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "sallyport-lab-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	g := &gateway{in: in, dir: dir, out: &output{}}
	g.env = append([]string{
		"PATH=" + os.Getenv("PATH"), "SALLYPORT_DATA_DIR=" + filepath.Join(dir, "data"), "SALLYPORT_RUN_DIR=" + filepath.Join(dir, "run"),
		"SALLYPORT_PUBLIC_NAME=" + gatewayWAN, "SALLYPORT_NODE_NAME=lab",
	}, append(raceEnv(), settings...)...)
	t.Cleanup(func() {
		g.stop(t)
		if t.Failed() {
			t.Logf("the gateway said:\n%s", tail(g.out.String(), 120000))
			for _, log := range g.workerLogs() {
				t.Logf("an OpenVPN worker said:\n%s", log)
			}
		}
		// Workers outlive a program that was killed and not started again.
		for _, pid := range g.children(t, "openvpn") {
			t.Errorf("a worker was left behind: process %d", pid)
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	return g
}

func (g *gateway) start(t testing.TB) {
	t.Helper()
	g.cmd = g.in.exec(g.command()...)
	g.cmd.Env = g.env
	g.cmd.Stdout, g.cmd.Stderr = g.out, g.out
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	before := len(g.out.String())
	if err := g.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, "the console and the dataplane are ready", func() bool {
		said := g.out.String()[before:]
		return strings.Contains(said, "console is ready") && (g.uid != 0 || strings.Contains(said, "dataplane is ready"))
	})
}

func (g *gateway) command() []string {
	if g.uid == 0 {
		return []string{program, "serve"}
	}
	return []string{"setpriv", "--reuid", itoa(g.uid), "--regid", itoa(g.uid), "--clear-groups", program, "serve"}
}

// stop ends the program as an administrator does, and waits until the host is clean.
func (g *gateway) stop(t testing.TB) {
	t.Helper()
	if g.cmd == nil {
		return
	}
	cmd := g.cmd
	g.cmd = nil
	_ = cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(40 * time.Second):
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-done
		t.Error("the program does not stop")
	}
}

var setupLink = regexp.MustCompile(`https://\S+(/setup\?token=\S+)`)

// setupPath is the path of the one-time link that the first start printed.
func (g *gateway) setupPath(t testing.TB) string {
	t.Helper()
	m := setupLink.FindStringSubmatch(g.out.String())
	if m == nil {
		t.Fatal("no set-up link was printed")
	}
	return m[1]
}

// runDir is where the run directory is: the last setting counts.
func (g *gateway) runDir() (dir string) {
	for _, setting := range g.env {
		if value, ok := strings.CutPrefix(setting, "SALLYPORT_RUN_DIR="); ok {
			dir = value
		}
	}
	return dir
}

// children finds the processes below serve whose command line begins with the given command.
func (g *gateway) children(t testing.TB, command string) []int {
	t.Helper()
	var out []int
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		line, err := os.ReadFile(dir + "/cmdline")
		if err != nil {
			continue
		}
		args := strings.Split(string(line), "\x00")
		environ, _ := os.ReadFile(dir + "/environ")
		mine := bytes.Contains(environ, []byte("SALLYPORT_DATA_DIR="+g.dir))
		if command == "openvpn" {
			// A worker has an environment of its own; its directory tells whose it is.
			cwd, _ := os.Readlink(dir + "/cwd")
			mine = strings.HasPrefix(cwd, g.runDir()+"/")
		}
		if mine && (strings.HasSuffix(args[0], "/"+command) || len(args) > 1 && args[0] == program && args[1] == command) {
			pid, _ := strconv.Atoi(filepath.Base(dir))
			out = append(out, pid)
		}
	}
	return out
}

func (g *gateway) workerLogs() []string {
	var out []string
	logs, _ := filepath.Glob(filepath.Join(g.dir, "run/logs/*.log"))
	for _, path := range logs {
		b, _ := os.ReadFile(path)
		out = append(out, path+"\n"+tail(string(b), 4000))
	}
	return out
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

// eventually waits for a condition and fails with what was waited for.
func eventually(t testing.TB, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", limit, what)
		}
		<-tick.C
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
