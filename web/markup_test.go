package web_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// inline is what the content security policy blocks.
var inline = regexp.MustCompile(`(?i)\sstyle=|<style|\son[a-z]+=|<script>|templ\.SafeURL\("|templ\.Raw|javascript:`)

func TestTemplatesHaveNothingInline(t *testing.T) {
	t.Parallel()
	found := 0
	err := filepath.WalkDir("../views", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".templ" {
			return err
		}
		found++
		text, err := os.ReadFile(path)
		for i, line := range strings.Split(string(text), "\n") {
			if m := inline.FindString(line); m != "" {
				t.Errorf("%s:%d has %q", path, i+1, strings.TrimSpace(m))
			}
		}
		return err
	})
	if err != nil || found < 5 {
		t.Fatalf("read %d templates, error %v; want at least 5", found, err)
	}
}
