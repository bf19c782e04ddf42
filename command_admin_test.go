package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An administrator who types the command without the service's settings is told so, and gets no
// second database whose set-up link the console refuses.
func TestAdminMakesNoDatabase(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "elsewhere")
	for _, args := range [][]string{{"setup-link"}, {"reset-password", "max"}} {
		err := run(t.Context(), append([]string{"admin", "--data-dir", dir}, args...), io.Discard)
		if err == nil || !strings.Contains(err.Error(), "there is no database "+dir) || !strings.Contains(err.Error(), "--data-dir") {
			t.Errorf("%v: %v", args, err)
		}
	}
	if err := run(t.Context(), []string{"admin", "--data-dir", dir, "reset-password"}, io.Discard); !errors.Is(err, errUsage) {
		t.Errorf("without a name: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s was made: %v", dir, err)
	}
}

// Help is what a person who does not know the settings asks for.
func TestHelpAfterCommand(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"-h", "--help"} {
		var out strings.Builder
		if err := run(t.Context(), []string{"serve", flag}, &out); err != nil || out.String() != usage {
			t.Errorf("%s: %v, %q", flag, err, out.String())
		}
	}
}
