package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "sallyport"

// arrows are the imports that the rooms may have of each other (docs/adr/0001). A name with /...
// stands for the room and everything below it; the longest name that fits a package counts. Tests
// of a room may import what they need.
var arrows = map[string][]string{
	".":                   {"config", "vpn", "control/...", "store", "migrations", "saml", "ldap", "pki", "dataplane", "dataplane/api", "dataplane/client", "dataplane/wire", "web", "handlers/...", "views/...", "static"},
	"config":              {"vpn"},
	"vpn":                 {},
	"vpn/...":             {"vpn"}, // test kits
	"control/...":         {"vpn", "store", "control/..."},
	"control/controltest": {"vpn", "store", "control/...", "pki", "saml"},
	"store":               {"vpn", "migrations"},
	"store/postgrestest":  {}, // test kit
	"migrations":          {},
	"saml":                {"vpn"},
	"saml/samltest":       {}, // test kit
	"ldap":                {"vpn"},
	"pki":                 {"vpn"},
	"dataplane/...":       {"vpn", "dataplane/..."},
	"dataplane/wire":      {"vpn"},
	"dataplane/client":    {"vpn", "dataplane/wire"},
	"web":                 {"vpn", "control/...", "handlers/...", "views/...", "static"},
	"web/webtest":         {"vpn", "control/...", "store", "handlers/...", "web"}, // test kit
	"handlers/...":        {"vpn", "control/...", "views/...", "handlers/..."},
	"views/...":           {"vpn", "static", "views/..."},
	"views/help":          {"docs"},
	"docs":                {}, // what it embeds is the help of the console (docs/adr/0020)
	"static":              {},
	"static/internal/...": {},
	"lab/...":             {"..."},
	// What tests share. No entry but lab's and browser's allows an import of it: only tests do.
	"lab/netlab":    {},
	"lab/testpki":   {"vpn"},
	"lab/gateway":   {"lab/netlab"},
	"lab/directory": {"lab/netlab", "lab/testpki", "vpn"},
	"browser/...":   {"..."},
}

// rule finds the entry of arrows for a package, or "" for a room that is not declared.
func rule(pkg string) string {
	if _, exact := arrows[pkg]; exact {
		return pkg
	}
	best := ""
	for name := range arrows {
		if fits(name, pkg) && len(name) > len(best) {
			best = name
		}
	}
	return best
}

func fits(pattern, pkg string) bool {
	room, deep := strings.CutSuffix(pattern, "...")
	if !deep {
		return pattern == pkg
	}
	room = strings.TrimSuffix(room, "/")
	return room == "" || pkg == room || strings.HasPrefix(pkg, room+"/")
}

// forbidden gives the arrows that are not allowed.
func forbidden(pkg string, imports []string) []string {
	from := rule(pkg)
	if from == "" {
		return []string{pkg + " is a room that is not declared: give the reason in an ADR and name its imports here"}
	}
	var out []string
	for _, imported := range imports {
		to, ours := strings.CutPrefix(imported, module+"/")
		if !ours {
			continue
		}
		allowed := false
		for _, pattern := range arrows[from] {
			allowed = allowed || fits(pattern, to)
		}
		if !allowed {
			out = append(out, pkg+" imports "+to)
		}
	}
	return out
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	count := 0
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; count++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		pkg := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		if pkg == "" {
			pkg = "."
		}
		for _, arrow := range forbidden(pkg, p.Imports) {
			t.Error(arrow)
		}
	}
	if count < 5 {
		t.Errorf("go list named %d packages only", count)
	}
}

func TestForbiddenArrowsAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pkg, imported string
		allowed       bool
	}{
		{"control", "vpn", true}, {"control", "store", true}, {"control/runner", "control", true}, {"control", "migrations", false}, {"vpn", "pki", false}, {"store", "migrations", true}, {"store", "control", false}, {"store", "web", false},
		{"handlers/admin", "views/parts", true}, {"handlers/admin", "store", false}, {"handlers/admin", "web", false},
		{"web", "dataplane/client", false}, {".", "dataplane/client", true}, {".", "dataplane/nft", false}, {".", "dataplane", true},
		{"dataplane/nft", "dataplane/wire", true}, {"dataplane/client", "dataplane/nft", false}, {"dataplane/wire", "dataplane/client", false},
		{"dataplane", "control", false}, {"views/admin", "vpn", true}, {"views/admin", "control", false}, {"views/admin", "static", true}, {"lab", "dataplane/nft", true}, {"dataplane", "lab/netlab", false}, {".", "lab/gateway", false}, {"lab/gateway", "lab/netlab", true}, {"lab/netlab", "vpn", false}, {"cellar", "vpn", false},
	} {
		if got := forbidden(c.pkg, []string{module + "/" + c.imported, "fmt"}); (len(got) == 0) != c.allowed {
			t.Errorf("%s -> %s: got %q, want allowed %t", c.pkg, c.imported, got, c.allowed)
		}
	}
}
