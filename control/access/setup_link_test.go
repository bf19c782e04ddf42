package access_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/control/access"
	"sallyport/vpn"
)

// The link is printed and kept in a file of the owner alone; once an administrator exists, the file goes.
func TestOfferSetup(t *testing.T) {
	t.Parallel()
	h := newEmptyKit(t)
	var out bytes.Buffer
	to := access.SetupLinkPlace{ConsoleURL: "https://192.0.2.1:8443", File: filepath.Join(t.TempDir(), "setup-link"), Out: &out}
	h.Must(h.Access.OfferSetup(t.Context(), to))
	text, err := os.ReadFile(to.File)
	h.Must(err)
	link := strings.TrimSpace(string(text))
	token, ok := strings.CutPrefix(link, to.ConsoleURL+"/setup?token=")
	if !ok || !strings.Contains(out.String(), link) || !strings.Contains(out.String(), to.File) {
		t.Errorf("the file has %q, printed is %q", text, out.String())
	}
	if info, err := os.Stat(to.File); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	_, err = h.Access.CompleteSetup(t.Context(), setupRequest(token))
	h.Must(err)
	h.Must(h.Access.OfferSetup(t.Context(), to))
	if _, err := os.Stat(to.File); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
	h.WantKind("with an administrator", h.Access.WriteSetupLink(t.Context(), to), vpn.Conflict, "reset-password")
}
