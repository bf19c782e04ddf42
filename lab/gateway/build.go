package gateway

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"sallyport/lab/netlab"
)

// program is the binary under test, which Main builds.
var program string

// Program is the path of the binary under test, once Main has built it.
func Program() string { return program }

// Main builds the program, runs the tests and gives the exit code: what TestMain ends with. It
// fails with what to install where root, /dev/net/tun or one of the commands is missing. prepare,
// unless nil, runs before the first test with a directory that is removed after the last one and
// that every user may enter.
func Main(m *testing.M, prepare func(dir string) error, commands ...string) int {
	if missing := netlab.Missing(append([]string{"openvpn", "nft", "ip"}, commands...)...); missing != "" {
		fmt.Fprintln(os.Stderr, missing)
		return 1
	}
	dir, err := newDirectory()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if prepare != nil {
		err = prepare(dir)
	}
	if err == nil {
		err = build(filepath.Join(dir, "sallyport"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// newDirectory makes a directory that every user may enter. It is not below /tmp: the web process
// runs as another user and must be able to execute the program.
func newDirectory() (string, error) {
	dir, err := os.MkdirTemp("/var/tmp", "sallyport-lab-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}

// build compiles the module that this file belongs to, with the race detector where the test has it.
func build(path string) error {
	_, file, _, _ := runtime.Caller(0)
	cmd := exec.Command("go", append(append([]string{"build"}, raceFlags()...), "-o", path, ".")...)
	cmd.Dir = filepath.Join(filepath.Dir(file), "../..")
	cmd.Env = append(os.Environ(), raceBuildEnv()...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build the program: %w", err)
	}
	program = path
	return nil
}
