package supervise

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A library that root alone can write is loaded; where there is none, glibc is set up.
func TestAllocator(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // as /usr/lib
		t.Fatal(err)
	}
	library := filepath.Join(dir, "libjemalloc.so.2")
	env := func() string { return strings.Join(allocator([]string{filepath.Join(dir, "libjemalloc*")}), " ") }
	if got := env(); !strings.HasPrefix(got, "GLIBC_TUNABLES=") {
		t.Errorf("without the library: %s", got)
	}
	if err := os.WriteFile(library, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := env(); os.Getuid() == 0 && !strings.HasPrefix(got, "LD_PRELOAD="+library+" MALLOC_CONF=") {
		t.Errorf("with the library: %s", got)
	}
	for what, open := range map[string]string{"the file": library, "its directory": dir} {
		if err := os.Chmod(open, 0o777); err != nil { //nolint:gosec // that is what is refused
			t.Fatal(err)
		}
		if got := env(); !strings.HasPrefix(got, "GLIBC_TUNABLES=") {
			t.Errorf("%s can be written by all: %s", what, got)
		}
		if err := os.Chmod(open, 0o755); err != nil { //nolint:gosec // as before
			t.Fatal(err)
		}
	}
}
