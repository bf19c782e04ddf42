package gateway

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// Gateway is the program as an administrator runs it, on a host.
type Gateway struct {
	On      *netlab.Namespace
	Dir     string   // its state; the database is below data
	Env     []string // the whole environment of the program
	UID     int      // the user it runs as
	Program string   // what Start executes
	Log     *netlab.Output

	running map[string]*exec.Cmd // by command; only the test's goroutine uses it
}

// New prepares a gateway on a host and starts nothing. Settings are environment variables of the
// program; a later one wins. At the end of the test everything that runs is stopped, and an OpenVPN
// process that is left is a failure.
func New(t testing.TB, on *netlab.Namespace, settings ...string) *Gateway {
	t.Helper()
	dir, err := newDirectory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	g := &Gateway{On: on, Dir: dir, Program: program, Log: &netlab.Output{}, running: map[string]*exec.Cmd{}}
	g.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "SALLYPORT_DATA_DIR=" + filepath.Join(dir, "data"), "SALLYPORT_RUN_DIR=" + filepath.Join(dir, "run"),
		"SALLYPORT_NODE_NAME=lab",
	}, append(raceEnv(), settings...)...)
	t.Cleanup(func() {
		g.Stop(t)
		if t.Failed() {
			t.Logf("the log of the gateway:\n%s", netlab.Tail(g.Log.String(), 120000))
			for _, log := range g.WorkerLogs() {
				t.Logf("the log of an OpenVPN worker:\n%s", log)
			}
		}
		// Workers outlive a program that was killed and not started again.
		for _, pid := range g.Processes("openvpn") {
			t.Errorf("a worker was left behind: process %d", pid)
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	return g
}

// Start prepares a gateway, runs `sallyport serve` and waits until it is ready.
func Start(t testing.TB, on *netlab.Namespace, settings ...string) *Gateway {
	t.Helper()
	g := New(t, on, settings...)
	g.Start(t, "serve")
	return g
}

// readyLines are what each process logs when it is ready.
var readyLines = map[string]string{"web": "console is ready", "dataplane": "dataplane is ready"}

// Start runs a command of the program (serve, web or dataplane) and waits until it is ready. Without
// root (UID) serve runs no dataplane.
func (g *Gateway) Start(t testing.TB, command string) {
	t.Helper()
	args := []string{g.Program, command}
	if g.UID != 0 {
		args = asUser(g.UID, args)
	}
	g.run(t, command, args)
}

// StartWeb runs the console alone, as the user whom the data directory belongs to.
func (g *Gateway) StartWeb(t testing.TB) {
	t.Helper()
	info, err := os.Stat(filepath.Join(g.Dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	g.run(t, "web", asUser(int(info.Sys().(*syscall.Stat_t).Uid), []string{g.Program, "web"}))
}

func asUser(uid int, args []string) []string {
	id := strconv.Itoa(uid)
	return append([]string{"setpriv", "--reuid", id, "--regid", id, "--clear-groups"}, args...)
}

func (g *Gateway) run(t testing.TB, command string, args []string) {
	t.Helper()
	cmd := g.On.Exec(args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = g.Env, g.Log, g.Log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	before := len(g.Log.String())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	g.running[command] = cmd
	netlab.Eventually(t, 40*time.Second, command+" is ready", func() bool {
		log := g.Log.String()[before:]
		for process, line := range readyLines {
			needed := command == process || command == "serve" && (process == "web" || g.UID == 0)
			if needed && !strings.Contains(log, line) {
				return false
			}
		}
		return true
	})
}

// Stop ends all commands that were started, as an administrator does, and waits until each has
// cleaned up.
func (g *Gateway) Stop(t testing.TB) {
	t.Helper()
	for command := range g.running {
		g.StopCommand(t, command)
	}
}

// StopCommand ends one command with SIGTERM and waits for it.
func (g *Gateway) StopCommand(t testing.TB, command string) {
	t.Helper()
	cmd := g.running[command]
	delete(g.running, command)
	_ = cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(40 * time.Second):
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-done
		t.Errorf("%s does not stop", command)
	}
}

// KillCommand ends one command with SIGKILL, as a crash would, and waits for it.
func (g *Gateway) KillCommand(command string) {
	cmd := g.running[command]
	delete(g.running, command)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// CommandPID is the process of a command that was started.
func (g *Gateway) CommandPID(command string) int { return g.running[command].Process.Pid }

// Processes finds the processes of this gateway that run a command: openvpn, or one of the program.
func (g *Gateway) Processes(command string) []int {
	var out []int
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		line, err := os.ReadFile(dir + "/cmdline")
		if err != nil {
			continue
		}
		args := strings.Split(string(line), "\x00")
		environ, _ := os.ReadFile(dir + "/environ")
		mine := strings.Contains(string(environ), "SALLYPORT_DATA_DIR="+g.Dir)
		if command == "openvpn" {
			// A worker has an environment of its own; its directory tells which gateway it belongs to.
			cwd, _ := os.Readlink(dir + "/cwd")
			mine = strings.HasPrefix(cwd, g.RunDir()+"/")
		}
		if mine && (strings.HasSuffix(args[0], "/"+command) || len(args) > 1 && args[0] == g.Program && args[1] == command) {
			pid, _ := strconv.Atoi(filepath.Base(dir))
			out = append(out, pid)
		}
	}
	return out
}

// Process waits until exactly one process runs a command, and gives it.
func (g *Gateway) Process(t testing.TB, command string) int {
	t.Helper()
	var pids []int
	netlab.Eventually(t, 20*time.Second, "one "+command+" process runs", func() bool {
		pids = g.Processes(command)
		return len(pids) == 1
	})
	return pids[0]
}

// ReadyCount is how often a process (web or dataplane) has become ready so far.
func (g *Gateway) ReadyCount(process string) int {
	return strings.Count(g.Log.String(), readyLines[process])
}

// WaitReady waits until a process has become ready for the n-th time.
func (g *Gateway) WaitReady(t testing.TB, process string, n int) {
	t.Helper()
	netlab.Eventually(t, 20*time.Second, fmt.Sprintf("%s is ready again (%d)", process, n), func() bool { return g.ReadyCount(process) >= n })
}

// RunDir is the program's run directory.
func (g *Gateway) RunDir() string { return g.Setting("SALLYPORT_RUN_DIR") }

// Setting is the value of a setting in the program's environment; the last one counts.
func (g *Gateway) Setting(name string) (value string) {
	for _, setting := range g.Env {
		if v, ok := strings.CutPrefix(setting, name+"="); ok {
			value = v
		}
	}
	return value
}

var setupLink = regexp.MustCompile(`https://\S+/setup\?token=\S+`)

// SetupLink is the one-time link that the first start printed. The start notice comes after the
// line that says that the console is ready, so the link is waited for.
func (g *Gateway) SetupLink(t testing.TB) (link string) {
	t.Helper()
	netlab.Eventually(t, 20*time.Second, "the set-up link is printed", func() bool {
		link = setupLink.FindString(g.Log.String())
		return link != ""
	})
	return link
}

// WorkerLogs gives the end of the log of each worker that runs.
func (g *Gateway) WorkerLogs() []string {
	var out []string
	for _, pid := range g.Processes("openvpn") {
		path := fmt.Sprintf("/proc/%d/fd/1", pid)
		if file, err := os.Readlink(path); err != nil || !strings.HasPrefix(file, "/memfd:") {
			continue // it has ended, or its log is a file with a path
		}
		b, _ := os.ReadFile(path)
		out = append(out, path+"\n"+netlab.Tail(string(b), 4000))
	}
	return out
}
