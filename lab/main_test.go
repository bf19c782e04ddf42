package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program is the binary under test, built once.
var program string

func TestMain(m *testing.M) { os.Exit(runLab(m)) }

func runLab(m *testing.M) int {
	if lack := lacking(); lack != "" {
		fmt.Fprintln(os.Stderr, "lab:", lack)
		return 1
	}
	// Not under /tmp: the web process runs as another user and must be able to execute it.
	dir, err := os.MkdirTemp("/var/tmp", "sallyport-lab-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		return 1
	}
	program = filepath.Join(dir, "sallyport")
	build := exec.Command("go", "build", "-o", program, "..")
	build.Args = append(build.Args[:2], append(raceFlag(), build.Args[2:]...)...)
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "lab: build:", err)
		return 1
	}
	return m.Run()
}

// lacking says what this machine needs before the lab can run on it.
func lacking() string {
	if os.Geteuid() != 0 {
		return "run as root: the lab makes network namespaces and tun devices"
	}
	for name, from := range map[string]string{"openvpn": "openvpn", "nft": "nftables", "ip": "iproute2"} {
		if _, err := exec.LookPath(name); err != nil {
			return "the command " + name + " is missing; install the package " + from
		}
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		return "there is no /dev/net/tun; load the kernel module tun"
	}
	return ""
}
