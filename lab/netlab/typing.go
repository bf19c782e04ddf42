package netlab

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Answer is what a user types at a prompt of a client's program.
type Answer struct {
	Prompt string // a part of it
	Text   string
}

// withoutSystemd runs a command on a host where OpenVPN asks at its terminal, and not by systemd-ask-password.
const withoutSystemd = `test ! -d /run/systemd || mount -t tmpfs none /run/systemd; exec "$@"`

// StartTypingClient is StartClient with a user at a terminal, who answers the program's own prompts.
func StartTypingClient(t testing.TB, on *Namespace, profile string, answers ...Answer) *Client {
	t.Helper()
	user, program := openTerminal(t)
	c := startClient(t, on, profile, func(c *Client) {
		c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = program, program, program
		c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	}, "sh", "-c", withoutSystemd, "sh")
	screen := watch(user)
	for _, a := range answers {
		Eventually(t, 20*time.Second, "the client's program asks for "+a.Prompt, func() bool { return strings.Contains(screen(), a.Prompt) })
		if strings.Contains(a.Prompt, "Password") { // it hides what is typed, and forgets what was typed before
			Eventually(t, 20*time.Second, "what is typed is hidden", func() bool {
				mode, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
				return err == nil && mode.Lflag&unix.ECHO == 0
			})
		}
		if _, err := user.WriteString(a.Text + "\n"); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// openTerminal makes a terminal: the user's side and the program's.
func openTerminal(t testing.TB) (user, program *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = user.Close() })
	if err := unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return user, program
}

// watch reads a terminal until it is closed, and gives what was on it so far.
func watch(terminal *os.File) func() string {
	var mu sync.Mutex // guards seen
	var seen strings.Builder
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := terminal.Read(b)
			mu.Lock()
			seen.Write(b[:n])
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return func() string { mu.Lock(); defer mu.Unlock(); return seen.String() }
}
