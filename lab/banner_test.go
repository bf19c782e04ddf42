package lab

import (
	"bufio"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// A stock client hands the whole banner to its user interface, when its tunnel comes up; a running session is not
// interrupted by a change of the text.
func TestBannerOfAStockClient(t *testing.T) {
	t.Parallel()
	text := "Grüße, \"Kollegen\"; 100% #1 \\o/ 'ok'\n\n" + strings.Repeat("Für Änderungen fragen Sie 👩🏽‍🚒🔥, bitte.\t", 50)
	text = string([]rune(text)[:1399]) + "!"
	if utf8.RuneCountInString(text) != 1400 {
		t.Fatal("the text has not 1,400 characters")
	}
	s := newSite(t, 1)
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(gateway.Fields{"Enable client login banner": "on", "Client login banner text": strings.ReplaceAll(text, "\n", "\r\n")})
	s.Associate("subnet-a")
	s.WaitText("", "available")

	socket := filepath.Join(t.TempDir(), "m.sock")
	c := netlab.ConnectClient(t, s.clients[0], fmt.Sprintf("%s\nmanagement %s unix\n", s.Profile("alice"), socket))
	if shown, title := banner(t, socket); shown != text || title != "Client login banner" {
		t.Errorf("the client shows %q under %q, want %q", shown, title, text)
	}

	s.Modify(gateway.Fields{"Client login banner text": "short"}, nil)
	c.Leave(t)
	if ups := c.Ups(); ups != 1 {
		t.Errorf("the tunnel came up %d times, although only the banner was changed", ups)
	}
	netlab.Eventually(t, 40*time.Second, "a new connection has the new text", func() bool {
		c := netlab.ConnectClient(t, s.clients[0], fmt.Sprintf("%s\nmanagement %s unix\n", s.Profile("alice"), socket))
		defer c.Leave(t)
		shown, _ := banner(t, socket)
		return shown == "short"
	})
}

// banner is what the interface of a client shows, which it reads from the client's management socket.
func banner(t testing.TB, socket string) (text, title string) {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "echo all\n")
	lines := bufio.NewScanner(conn)
	for lines.Scan() && lines.Text() != "END" {
		_, message, ok := strings.Cut(lines.Text(), ",") // after the time
		word, rest, _ := strings.Cut(message, " ")
		plain, err := url.PathUnescape(rest)
		if err != nil {
			t.Errorf("message %q: %v", message, err)
		}
		switch {
		case !ok || strings.HasPrefix(lines.Text(), ">"):
		case word == "msg":
			text += plain + "\n"
		case word == "msg-n":
			text += plain
		case word == "msg-window":
			title = plain
		}
	}
	if err := lines.Err(); err != nil {
		t.Error(err)
	}
	return text, title
}
