package netlab

import (
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/vishvananda/netns"
)

// Namespace is one host of a lab: a network namespace.
type Namespace struct {
	// Name is what `ip netns` calls it; empty for Here.
	Name   string
	handle netns.NsHandle
	files  int // a process in the host's mount namespace, see LayFiles; 0: it has the machine's files
}

// New makes a host with nothing but a loopback device, and removes it at the end of the test with
// all that is in it. The label is a part of its name.
func New(t testing.TB, label string) *Namespace {
	t.Helper()
	n := &Namespace{Name: "splab-" + label + "-" + strings.ToLower(rand.Text()[:6])}
	Run(t, "ip", "netns", "add", n.Name)
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "delete", n.Name).Run() })
	var err error
	if n.handle, err = netns.GetFromName(n.Name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.handle.Close() })
	n.IP(t, "link", "set", "lo", "up")
	return n
}

// Here is the host that the test itself runs on: its sandbox.
func Here() *Namespace { return &Namespace{handle: netns.None()} }

// NetNS is the namespace for netlink. It is closed at the end of the test.
func (n *Namespace) NetNS() netns.NsHandle { return n.handle }

// IP runs iproute2 on the host and gives what it prints.
func (n *Namespace) IP(t testing.TB, args ...string) string {
	t.Helper()
	if n.Name == "" {
		return Run(t, append([]string{"ip"}, args...)...)
	}
	return Run(t, append([]string{"ip", "-n", n.Name}, args...)...)
}

// Exec prepares a command that runs on the host.
func (n *Namespace) Exec(args ...string) *exec.Cmd {
	switch {
	case n.Name == "":
		return exec.Command(args[0], args[1:]...)
	case n.files != 0:
		return n.inFiles(args)
	}
	return exec.Command("ip", append([]string{"netns", "exec", n.Name}, args...)...)
}

// NFT has nft apply a script on the host.
func (n *Namespace) NFT(t testing.TB, script string) {
	t.Helper()
	cmd := n.Exec("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(script + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("nft %s: %v: %s", script, err, out)
	}
}

// Do calls f on the host. Sockets that f opens stay there; goroutines that f starts run outside. The
// thread goes back where it came from: it may be the one that started a process which ends with its
// thread (PR_SET_PDEATHSIG), so it must not end.
func (n *Namespace) Do(f func() error) error {
	if n.Name == "" {
		return f()
	}
	runtime.LockOSThread()
	outside, err := netns.Get()
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer outside.Close()
	if err := netns.Set(n.handle); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter %s: %w", n.Name, err)
	}
	defer func() {
		if err := netns.Set(outside); err != nil {
			panic(fmt.Sprintf("netlab: leave %s: %v", n.Name, err))
		}
		runtime.UnlockOSThread()
	}()
	return f()
}

// Sysctl writes a setting of the host; names are paths under /proc/sys.
func (n *Namespace) Sysctl(t testing.TB, name, value string) {
	t.Helper()
	if err := n.Do(func() error { return os.WriteFile("/proc/sys/"+name, []byte(value), 0) }); err != nil {
		t.Fatal(err)
	}
}

// ReadFile reads a file as the host sees it, without the spaces around its text.
func (n *Namespace) ReadFile(t testing.TB, path string) string {
	t.Helper()
	var b []byte
	err := n.Do(func() (err error) { b, err = os.ReadFile(path); return err })
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// Connect lays a veth pair between two hosts and gives each end its address; an empty address gives
// none. The pair is removed with either host, and at the end of the test.
func Connect(t testing.TB, a *Namespace, deviceA, addressA string, b *Namespace, deviceB, addressB string) {
	t.Helper()
	args := append([]string{"ip", "link", "add", deviceA}, a.netnsArgument()...)
	args = append(args, "type", "veth", "peer", "name", deviceB)
	Run(t, append(args, b.netnsArgument()...)...)
	for _, end := range []struct {
		n               *Namespace
		device, address string
	}{{a, deviceA, addressA}, {b, deviceB, addressB}} {
		if end.n.Name == "" {
			t.Cleanup(func() { _ = exec.Command("ip", "link", "delete", end.device).Run() })
		}
		if end.address != "" {
			end.n.IP(t, "addr", "add", end.address, "dev", end.device)
		}
		end.n.IP(t, "link", "set", end.device, "up")
	}
}

func (n *Namespace) netnsArgument() []string {
	if n.Name == "" {
		return nil
	}
	return []string{"netns", n.Name}
}

// Run runs a command, gives what it prints, and fails the test where the command fails.
func Run(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func join(addr string, port int) string { return net.JoinHostPort(addr, strconv.Itoa(port)) }
