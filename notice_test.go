package main

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
)

// The notice has the fingerprints in the order in which they were made and ends with the frame; without text there is none.
func TestStartNotice(t *testing.T) {
	t.Parallel()
	var n startNotice
	var out strings.Builder
	if err := n.writeTo(&out); err != nil || out.Len() > 0 {
		t.Errorf("%v, %q", err, out.String())
	}
	for _, owner := range []string{"The console's certificate", "The certificate of the public pages"} {
		own := selfSignedFiles(t.TempDir(), filepath.Base(owner))
		if _, err := listenerTLS(listenerCertificate{owner: owner, own: own, hosts: []string{"localhost"}, told: &n}, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
	}
	n.WriteString("\nthe link\n\n")
	if err := n.writeTo(&out); err != nil {
		t.Fatal(err)
	}
	rest := out.String()
	for _, want := range []string{noticeFrame, "The console's certificate is self-signed", "The certificate of the public pages is self-signed", "the link", noticeFrame} {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("%q is not there, or out of order:\n%s", want, out.String())
		}
		rest = after
	}
	if strings.TrimSpace(rest) != "" {
		t.Errorf("below the frame: %q", rest)
	}
}
