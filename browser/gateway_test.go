package browser

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// gateway is the program as an administrator runs it, in its namespace.
type gateway struct {
	in   *host
	dir  string
	base string // where the browser finds the console
	env  []string
	runs map[string]*exec.Cmd // by command
	out  *output
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

// newGateway makes the program's directories and starts nothing.
func newGateway(t testing.TB, in *host) *gateway {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "sallyport-browser-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	listen := fmt.Sprintf("127.0.0.1:%d", in.door(t))
	g := &gateway{in: in, dir: dir, base: "https://" + listen, out: &output{}, runs: map[string]*exec.Cmd{}}
	g.env = []string{
		"PATH=" + os.Getenv("PATH"), "SALLYPORT_DATA_DIR=" + filepath.Join(dir, "data"), "SALLYPORT_RUN_DIR=" + filepath.Join(dir, "run"),
		"SALLYPORT_PUBLIC_NAME=" + gatewayAddr, "SALLYPORT_NODE_NAME=gateway-1", "SALLYPORT_CONSOLE_LISTEN=" + listen,
	}
	t.Cleanup(func() {
		for command := range g.runs {
			g.stop(t, command)
		}
		if t.Failed() {
			t.Logf("the gateway said:\n%s", tail(g.out.String(), 8000))
		}
	})
	return g
}

// ready are the words that each command prints once it works.
var ready = map[string][]string{
	"serve":     {"console is ready", "dataplane is ready"},
	"web":       {"console is ready"},
	"dataplane": {"dataplane is ready"},
}

// start runs a command of the program and waits until it works.
func (g *gateway) start(t testing.TB, command string, prefix ...string) {
	t.Helper()
	cmd := g.in.exec(append(prefix, program, command)...)
	cmd.Env, cmd.Stdout, cmd.Stderr = g.env, g.out, g.out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	before := len(g.out.String())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	g.runs[command] = cmd
	eventually(t, 40*time.Second, command+" is ready", func() bool {
		said := g.out.String()[before:]
		for _, words := range ready[command] {
			if !strings.Contains(said, words) {
				return false
			}
		}
		return true
	})
}

// startWeb runs the console alone, as the user whom the data belong to.
func (g *gateway) startWeb(t testing.TB) {
	t.Helper()
	info, err := os.Stat(filepath.Join(g.dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	uid := fmt.Sprint(info.Sys().(*syscall.Stat_t).Uid)
	g.start(t, "web", "setpriv", "--reuid", uid, "--regid", uid, "--clear-groups")
}

// stop ends a command as an administrator does, and waits until the host is clean.
func (g *gateway) stop(t testing.TB, command string) {
	t.Helper()
	cmd := g.runs[command]
	delete(g.runs, command)
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

// kill ends a command without a chance to clean up.
func (g *gateway) kill(command string) {
	cmd := g.runs[command]
	delete(g.runs, command)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

var setupLink = regexp.MustCompile(`https://\S+/setup\?token=\S+`)

// setupLink is the one-time link that the first start printed.
func (g *gateway) setupLink(t testing.TB) string {
	t.Helper()
	link := setupLink.FindString(g.out.String())
	if link == "" {
		t.Fatal("no set-up link was printed")
	}
	return link
}
