package help

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"sallyport/docs"
)

// Every link of every page leads to a page and a heading that exist.
func TestLinksOfTheManual(t *testing.T) {
	t.Parallel()
	m := Open()
	if len(m.Pages()) < 15 {
		t.Fatalf("the index names %d pages only", len(m.Pages()))
	}
	link := regexp.MustCompile(`href="([^"]*)"`)
	for _, p := range m.pages {
		for _, found := range link.FindAllStringSubmatch(p.HTML, -1) {
			target, fragment, _ := strings.Cut(found[1], "#")
			if strings.HasPrefix(target, "https://") {
				continue
			}
			to := p
			if target != "" {
				name, ok := strings.CutPrefix(target, Path)
				if !ok {
					t.Errorf("%s: the link %s leaves the help", p.Href(), found[1])
					continue
				}
				if to, ok = m.Page(strings.TrimPrefix(name, "/")); !ok {
					t.Errorf("%s: no page %s", p.Href(), target)
				}
			}
			if fragment != "" && !strings.Contains(to.HTML, `id="`+fragment+`"`) {
				t.Errorf("%s: no heading %s", p.Href(), found[1])
			}
		}
		if strings.Contains(p.HTML, "style=") || strings.Contains(p.HTML, "raw HTML omitted") && !strings.Contains(p.HTML, "<!-- raw HTML omitted -->") {
			t.Errorf("%s has markup that the console refuses", p.Href())
		}
		if strings.Contains(p.HTML, "<th></th>") {
			t.Errorf("%s has a table with an empty heading", p.Href())
		}
		if p.Title == "" || strings.Contains(p.HTML, "<h1") {
			t.Errorf("%s: title %q", p.Href(), p.Title)
		}
	}
}

// Every file that administrators or users read can be reached from the index.
func TestIndexNamesEveryPage(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(docs.Files, "*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(file, ".md")
		if _, ok := Open().Page(name); !ok && name != index && !notShown[name] {
			t.Errorf("docs/README.md does not name %s", file)
		}
	}
}

func TestPagesAboutTheConsoleExist(t *testing.T) {
	t.Parallel()
	for path, name := range about {
		if _, ok := Open().Page(name); !ok {
			t.Errorf("%s: no page %s", path, name)
		}
	}
	for path, want := range map[string]string{
		"/": "/help/getting-started", "/endpoints": "/help/endpoints", "/endpoints/cvpn-endpoint-1/rules/new": "/help/authorization-rules", "/endpoints/cvpn-endpoint-1/edit": "/help/endpoints",
		"/identity-providers/saml/new": "/help/saml", "/no-such": "/help", "/endpointsx": "/help",
	} {
		if got := About(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{
		"split tunnel": "/help/endpoints", "authorization rules": "/help/authorization-rules", "longest prefix": "/help/authorization-rules", "host policy": "/help/host#host-policy-file",
	} {
		found := Open().Find(words, 8)
		ok := false
		for _, f := range found {
			ok = ok || strings.HasPrefix(f.Href, want)
		}
		if !ok {
			t.Errorf("%q finds %+v, want %s among them", words, found, want)
		}
	}
	for words, first := range map[string]string{"longest prefix match": "/help/authorization-rules#longest-prefix-match", "Test access": "/help/test-access", "networks": "/help/networks"} {
		if found := Open().Find(words, 8); len(found) == 0 || found[0].Href != first {
			t.Errorf("%q finds %+v first, want %s", words, found[:min(len(found), 1)], first)
		}
	}
	for _, none := range []string{"", "  ", "zzzznothing", "\x00", strings.Repeat("ä ", 1000)} {
		if found := Open().Find(none, 8); len(found) > 0 {
			t.Errorf("%.20q finds %+v", none, found[0])
		}
	}
	if found := Open().Find("a", 3); len(found) != 3 {
		t.Errorf("%d found, want 3", len(found))
	}
}

// A search with as many words as fit into it takes no more memory than one with a single word: an account that only reads may send many.
func TestFindWithManyWords(t *testing.T) {
	words := strings.TrimSpace(strings.Repeat("th ", 66))
	few := testing.AllocsPerRun(1, func() { Open().Find("th", 8) })
	if many := testing.AllocsPerRun(1, func() { Open().Find(words, 8) }); many > 2*few {
		t.Errorf("%.0f allocations, %.0f for one word", many, few)
	}
}
