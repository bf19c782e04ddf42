package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func mustDo(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// A wrong data_dir gives no other file of the host to the web user.
func TestChownDataDirRefusesOtherDirectories(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "shadow")
	mustDo(t, os.WriteFile(secret, []byte("x"), 0o600))
	for name, c := range map[string]struct {
		fill func(dir string) error
		ours bool
	}{
		"as an earlier start left it": {func(dir string) error { return os.WriteFile(filepath.Join(dir, "seal.key"), []byte("x"), 0o600) }, true},
		"like /etc":                   {func(dir string) error { return os.Mkdir(filepath.Join(dir, "ssh"), 0o755) }, false},
		"like /tmp":                   {func(dir string) error { return os.Chmod(dir, 0o777|os.ModeSticky) }, false},
		"a hard link":                 {func(dir string) error { return os.Link(secret, filepath.Join(dir, "seal.key")) }, false},
		"a symbolic link":             {func(dir string) error { return os.Symlink(secret, filepath.Join(dir, "seal.key")) }, false},
		"a pipe":                      {func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "seal.key"), 0o600) }, false},
	} {
		dir := t.TempDir()
		mustDo(t, os.Chmod(dir, 0o755), os.WriteFile(filepath.Join(dir, "sallyport.db"), []byte("x"), 0o600), c.fill(dir))
		entries, err := ownFiles(dir)
		switch {
		case c.ours && (err != nil || len(entries) != 2):
			t.Errorf("%s: %v, %v", name, entries, err)
		case !c.ours && (err == nil || !strings.Contains(err.Error(), "directory of its own")):
			t.Errorf("%s is given to web_user: %v", name, err)
		}
	}
}

func TestWebIsNeverRoot(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"root", "0", "00", "-0", "-1"} {
		if a, err := lookupUser(name); err == nil {
			t.Errorf("web_user %s is %+v", name, a)
		}
	}
	if a, err := lookupUser("69999"); err != nil || a.uid != 69999 || a.gid != 69999 {
		t.Errorf("a number without an account: %+v, %v", a, err)
	}
}

func TestFilteredEnv(t *testing.T) {
	t.Parallel()
	got := filteredEnv([]string{
		"AWS_SECRET_ACCESS_KEY=x", "SALLYPORT_DATA_DIR=/d", "HOME=/root", "PATH=/bin", "LC_ALL=C", "SUDO_COMMAND=y", "PGSSLROOTCERT=/c",
	})
	if want := []string{"SALLYPORT_DATA_DIR=/d", "PATH=/bin", "LC_ALL=C", "PGSSLROOTCERT=/c"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
