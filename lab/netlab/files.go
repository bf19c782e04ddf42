package netlab

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// ownFiles mounts directories for one host, each empty or laid over what the machine has there, and
// says when that is done. $1 is an empty directory, $2 the root of what is laid over the machine.
const ownFiles = `set -e
mount -t tmpfs files "$1"
for dir in usr etc var/lib; do
	mkdir -p "$1/$dir" "$1/scratch/$dir"
	lower="/$dir"
	if [ -d "$2/$dir" ]; then lower="$2/$dir:/$dir"; fi
	mount -t overlay files -o "lowerdir=$lower,upperdir=$1/$dir,workdir=$1/scratch/$dir" "/$dir"
done
mount -t tmpfs run /run
mkdir -p /run/lock
mount -t cgroup2 cgroup /sys/fs/cgroup
echo ready
exec sleep infinity`

// LayFiles gives a host files of its own: programs that start there from now on find below /usr, /etc
// and /var/lib what is in root, over what the machine has, and an empty /run. What they write is gone
// with the test.
func (n *Namespace) LayFiles(t testing.TB, root string) {
	t.Helper()
	cmd := n.Exec("sh", "-c", ownFiles, "sh", t.TempDir(), root)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var messages Output
	cmd.Stderr = &messages
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || strings.TrimSpace(line) != "ready" {
		t.Fatalf("the files of host %s: %v: %s", n.Name, err, messages.String())
	}
	n.files = cmd.Process.Pid
}

// WriteFile writes a file of a host that has files of its own.
func (n *Namespace) WriteFile(t testing.TB, path, text string) {
	t.Helper()
	if n.files == 0 {
		t.Fatalf("host %s has the machine's files: call LayFiles first", n.Name)
	}
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/root%s", n.files, path), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Shell runs a line of a shell on the host, and gives what it prints.
func (n *Namespace) Shell(t testing.TB, line string) string {
	t.Helper()
	out, err := n.Exec("sh", "-c", line).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", line, err, out)
	}
	return string(out)
}

// inFiles prepares a command that runs on a host with files of its own.
func (n *Namespace) inFiles(args []string) *exec.Cmd {
	return exec.Command("nsenter", append([]string{"--target", strconv.Itoa(n.files), "--mount", "--net"}, args...)...)
}
