// Command build gathers what the pages load into static/dist: the few files we use of the npm
// packages, and our own. Each gets a name with a hash of its contents and a compressed twin;
// manifest.json leads from the plain name to the hashed one. The same inputs give the same
// bytes. It runs from the module's root: go run ./static/internal/build .assets/node_modules
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	own  = "static/src"
	dist = "static/dist"
)

// packaged is our name of each file and where its package keeps it.
var packaged = map[string]string{
	"tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
	"htmx.min.js":    "htmx.org/dist/htmx.min.js",
}

// licensed are the packages whose licence file travels with the program. @tabler/core has none:
// its style sheet begins with its notice.
var licensed = []string{"htmx.org"}

// sourceMap is a comment that would make browsers ask for a file that we do not carry.
var sourceMap = regexp.MustCompile(`(?m)^(/\*|//)# sourceMappingURL=.*$\n?`)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: build NODE_MODULES")
		os.Exit(2)
	}
	if err := build(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "build assets:", err)
		os.Exit(1)
	}
}

func build(modules string) error {
	assets := map[string][]byte{}
	for name, path := range packaged {
		b, err := os.ReadFile(filepath.Join(modules, path))
		if err != nil {
			return err
		}
		assets[name] = sourceMap.ReplaceAll(b, nil)
	}
	entries, err := os.ReadDir(own)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if assets[e.Name()], err = os.ReadFile(filepath.Join(own, e.Name())); err != nil {
			return err
		}
	}
	if assets["licenses.txt"], err = licenses(modules); err != nil {
		return err
	}
	if err := clean(); err != nil {
		return err
	}
	manifest := map[string]string{}
	for name, b := range assets {
		if manifest[name], err = write(name, b); err != nil {
			return err
		}
	}
	b, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dist, "manifest.json"), append(b, '\n'), 0o644)
}

func write(name string, b []byte) (string, error) {
	sum := sha256.Sum256(b)
	stem, ext, _ := strings.Cut(name, ".")
	hashed := stem + "." + hex.EncodeToString(sum[:6]) + "." + ext
	if err := os.WriteFile(filepath.Join(dist, hashed), b, 0o644); err != nil {
		return "", err
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(b); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return hashed, os.WriteFile(filepath.Join(dist, hashed+".gz"), packed.Bytes(), 0o644)
}

func licenses(modules string) ([]byte, error) {
	var out bytes.Buffer
	for _, p := range licensed {
		found, err := filepath.Glob(filepath.Join(modules, p, "LICENSE*"))
		if err != nil || len(found) == 0 {
			return nil, fmt.Errorf("package %s has no licence file", p)
		}
		b, err := os.ReadFile(found[0])
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%s\n\n%s\n\n", p, bytes.TrimSpace(b))
	}
	return out.Bytes(), nil
}

// clean removes what an earlier build left; .gitkeep stays, since an embedded directory must
// exist in a fresh clone.
func clean() error {
	old, err := filepath.Glob(filepath.Join(dist, "[^.]*"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}
