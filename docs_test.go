package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocumentationNamesFilesThatExist keeps README and the architecture page true when files move:
// every path in backquotes that ends in .go, .templ or a slash is in the repository. A path in
// the numbered steps of "Change it" may be a file to be made, so these are left out.
func TestDocumentationNamesFilesThatExist(t *testing.T) {
	t.Parallel()
	path := regexp.MustCompile("`([a-z_]+(?:/[a-zA-Z0-9_.]+)*(?:\\.go|\\.templ|/))`")
	for _, page := range []string{"README.md", "docs/architecture.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		before, _, _ := strings.Cut(string(text), "\n## Change it")
		found := path.FindAllStringSubmatch(before, -1)
		if len(found) < 10 {
			t.Errorf("%s names only %d paths: the expression no longer finds them", page, len(found))
		}
		for _, m := range found {
			if _, err := os.Stat(filepath.FromSlash(m[1])); err != nil && !subdirectory(m[1]) {
				t.Errorf("%s names %s, which does not exist", page, m[1])
			}
		}
	}
}

// subdirectory tells whether a short name such as nft/ or routes.go is in a room that the line names first.
func subdirectory(name string) bool {
	found, _ := filepath.Glob("*/" + strings.TrimSuffix(name, "/"))
	deeper, _ := filepath.Glob("*/*/" + strings.TrimSuffix(name, "/"))
	return len(found)+len(deeper) > 0
}

// TestReadmeNamesTheGoVersion keeps README's version that of go.mod.
func TestReadmeNamesTheGoVersion(t *testing.T) {
	module, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(string(module))
	if version == nil || !strings.Contains(string(readme), "Go "+version[1]+" ") {
		t.Errorf("README does not name the version of go.mod, %v", version)
	}
}
