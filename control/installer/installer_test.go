package installer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"sallyport/control"
	"sallyport/control/controltest"
	"sallyport/control/installer"
	"sallyport/vpn"
)

var user = control.Principal{Kind: control.PortalUser, ID: "key-alice", Name: "alice"}

// content is so many bytes of which no two pieces are alike.
func content(n int) []byte {
	out := make([]byte, 0, n+8)
	for i := 0; len(out) < n; i++ {
		out = append(out, byte(i), byte(i>>8), byte(i>>16), 7)
	}
	return out[:n]
}

func read(t *testing.T, s *controltest.Kit, p vpn.Platform) (vpn.Installer, []byte) {
	t.Helper()
	i, file, err := s.Installers.Open(t.Context(), user, p)
	s.Must(err)
	b, err := io.ReadAll(file)
	s.Must(err)
	s.Must(file.Close())
	return i, b
}

// A file is stored in pieces and read as it was, from any place on; another one takes its place at once, and who reads the
// former one reads it to its end.
func TestFileIsStoredWhileItArrives(t *testing.T) {
	t.Parallel()
	s := controltest.NewWithAccounts(t)
	first := content(1_300_001)
	pieces := 0
	up := installer.Upload{Platform: vpn.Windows, Program: vpn.OpenVPNConnect, FileName: "setup.msi", Body: iotest.HalfReader(bytes.NewReader(first)), Progress: func() { pieces++ }}
	s.Must(s.Installers.Replace(t.Context(), s.Admin, up))
	i, got := read(t, s, vpn.Windows)
	sum := sha256.Sum256(first)
	if !bytes.Equal(got, first) || i.Size != int64(len(first)) || i.SHA256 != hex.EncodeToString(sum[:]) || i.By != "admin" || pieces != 3 {
		t.Errorf("got %d bytes in %d pieces, %+v", len(got), pieces, i)
	}
	if a := s.LastAudit(); a.Action != vpn.ReplaceInstaller || a.Subject != "windows" || a.Before != "" || !strings.Contains(a.After, i.SHA256) {
		t.Errorf("audit %+v", a)
	}
	_, file, err := s.Installers.Open(t.Context(), user, vpn.Windows)
	s.Must(err)
	if err := iotest.TestReader(file, first); err != nil {
		t.Error(err)
	}
	_, err = file.Seek(1_000_000, io.SeekStart)
	s.Must(err)

	second := content(512 << 10)
	up.Body, up.FileName, up.Progress = bytes.NewReader(second), "setup2.msi", nil
	s.Must(s.Installers.Replace(t.Context(), s.Admin, up))
	if i, got := read(t, s, vpn.Windows); !bytes.Equal(got, second) || i.FileName != "setup2.msi" {
		t.Errorf("after the second: %d bytes, %+v", len(got), i)
	}
	if rest, err := io.ReadAll(file); err != nil || !bytes.Equal(rest, first[1_000_000:]) {
		t.Errorf("who reads the former file gets %d bytes, %v", len(rest), err)
	}
	s.Must(s.Installers.SetLink(t.Context(), s.Admin, vpn.Windows, vpn.OpenVPNGUI, "https://example.com/x", ""))
	if _, _, err := s.Installers.Open(t.Context(), user, vpn.Windows); vpn.KindOf(err) != vpn.NotFound {
		t.Errorf("the file of a link: %v", err)
	}
	s.Must(s.Installers.Remove(t.Context(), s.Admin, vpn.Windows))
	if offered, err := s.Installers.Offered(t.Context(), user, vpn.Windows); offered != nil || err != nil {
		t.Errorf("after its removal: %+v, %v", offered, err)
	}
	s.WantKind("removed twice", s.Installers.Remove(t.Context(), s.Admin, vpn.Windows), vpn.NotFound, "")
}

// What cannot be stored leaves the former file where it is, and no piece of its own.
func TestRefusedUploads(t *testing.T) {
	t.Parallel()
	s := controltest.NewSite(t)
	s.Set(s.Admin, "installer_megabytes", "1")
	up := func(body io.Reader) installer.Upload {
		return installer.Upload{Platform: vpn.MacOS, Program: vpn.Tunnelblick, FileName: "x.dmg", Body: body}
	}
	s.Must(s.Installers.Replace(t.Context(), s.Admin, up(strings.NewReader("the former file"))))
	for what, c := range map[string]struct {
		body io.Reader
		want string
	}{
		"larger than the limit": {bytes.NewReader(content(1_000_001)), "larger than 1 MB"},
		"empty":                 {strings.NewReader(""), "empty"},
		"interrupted":           {io.MultiReader(bytes.NewReader(content(600_000)), iotest.ErrReader(errors.New("connection reset"))), "did not arrive whole"},
	} {
		err := s.Installers.Replace(t.Context(), s.Admin, up(c.body))
		if got := vpn.FieldsOf(err)["file"]; !strings.Contains(got, c.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	s.WantBadInput("another platform's program", "program", func() error {
		return s.Installers.Replace(t.Context(), s.Admin, installer.Upload{Platform: vpn.IOS, Program: vpn.Tunnelblick, FileName: "x", Body: strings.NewReader("x")})
	})
	s.WantKind("a read-only account", s.Installers.Replace(t.Context(), s.ReadOnly, up(strings.NewReader("x"))), vpn.Denied, "read-only")
	s.WantKind("a user of the portal", s.Installers.Replace(t.Context(), user, up(strings.NewReader("x"))), vpn.Denied, "")
	if _, _, err := s.Installers.Open(t.Context(), s.Admin, vpn.MacOS); vpn.KindOf(err) != vpn.Denied {
		t.Errorf("an administrator in place of a user: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := io.MultiReader(bytes.NewReader(content(600_000)), readerFunc(func([]byte) (int, error) { cancel(); return 0, io.ErrClosedPipe }))
	if err := s.Installers.Replace(ctx, s.Admin, up(gone)); err == nil {
		t.Error("an upload whose browser has gone is offered")
	}
	if _, got := read(t, s.Kit, vpn.MacOS); string(got) != "the former file" {
		t.Errorf("the former file is %q", got)
	}
	if rows := s.Query("SELECT id FROM installer_file"); len(rows) != 1 {
		t.Errorf("%d files are stored, want the former one", len(rows))
	}
}

// On a full disk the upload is refused with a sentence; the former file stays, and another upload works when there is room.
func TestUploadOnAFullDisk(t *testing.T) {
	t.Parallel()
	s := controltest.NewWithAccounts(t)
	up := func(services controltest.Services) error {
		return services.Installers.Replace(t.Context(), s.Admin, installer.Upload{Platform: vpn.Android, Program: vpn.OpenVPNConnect, FileName: "x.apk", Body: bytes.NewReader(content(3_000_000))})
	}
	s.WantKind("on a full disk", up(s.NewServices(controltest.Options{Store: s.FullDisk()})), vpn.Unavailable, "Nothing was saved")
	s.Must(up(s.Services))
	if _, got := read(t, s, vpn.Android); len(got) != 3_000_000 {
		t.Errorf("got %d bytes", len(got))
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// A user, and a network, has a bounded number of files open at a time, each of which takes memory; others have theirs.
func TestDownloadsOfAUser(t *testing.T) {
	t.Parallel()
	s := controltest.NewWithAccounts(t)
	s.Must(s.Installers.Replace(t.Context(), s.Admin, installer.Upload{Platform: vpn.Windows, Program: vpn.OpenVPNConnect, FileName: "setup.msi", Body: strings.NewReader("program")}))
	var open []io.Closer
	for range 4 {
		_, file, err := s.Installers.Open(t.Context(), user, vpn.Windows)
		s.Must(err)
		open = append(open, file)
	}
	late, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond) // one more waits
	defer cancel()
	if _, _, err := s.Installers.Open(late, user, vpn.Windows); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one more: %v", err)
	}
	_, file, err := s.Installers.Open(t.Context(), control.Principal{Kind: control.PortalUser, ID: "key-bob"}, vpn.Windows)
	s.Must(err)
	s.Must(file.Close())
	s.Must(open[0].Close())
	s.Must(open[0].Close()) // gives back one place
	if _, got := read(t, s, vpn.Windows); string(got) != "program" {
		t.Errorf("got %q", got)
	}
	open[0] = file
	if _, file, err = s.Installers.Open(t.Context(), user, vpn.Windows); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Installers.Open(late, user, vpn.Windows); err == nil {
		t.Error("a place that was given back twice is two")
	}
	s.Must(file.Close())
	for _, f := range open[1:] {
		s.Must(f.Close())
	}

	office := func(i int) control.Principal {
		return control.Principal{Kind: control.PortalUser, ID: fmt.Sprint("key-", i), Source: fmt.Sprintf("2001:db8::%x", i)}
	}
	for i := range 32 {
		_, _, err := s.Installers.Open(t.Context(), office(i/4), vpn.Windows)
		s.Must(err)
	}
	late, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, _, err := s.Installers.Open(late, office(99), vpn.Windows); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one more of a network: %v", err)
	}
	_, file, err = s.Installers.Open(t.Context(), user, vpn.Windows)
	s.Must(err)
	s.Must(file.Close())
}
