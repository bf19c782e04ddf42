// Package static holds the style sheets, scripts and icons of the pages, embedded in the program
// and served under names that carry a hash of their contents, so that browsers may keep them for
// good. `make assets` fills dist/ from src/ and from the npm packages of package-lock.json.
package static

import (
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"sync"
)

// Prefix is where Handler expects to be mounted.
const Prefix = "/static/"

//go:embed all:dist
var dist embed.FS

// manifest leads from plain names to hashed ones. It is empty where the assets were not built.
var manifest = sync.OnceValues(func() (map[string]string, error) {
	b, err := fs.ReadFile(dist, "dist/manifest.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("this program was built without its style sheets and scripts: run make assets, then build it again")
	}
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	return names, json.Unmarshal(b, &names)
})

// Check says what to do where the assets were not built. main asks before it serves.
func Check() error {
	_, err := manifest()
	return err
}

// URL is the path of an asset by its plain name: "app.css" gives "/static/app.<hash>.css". A name
// that does not exist gives a path that answers 404; a test holds that views uses none.
func URL(name string) string {
	names, _ := manifest()
	if hashed, ok := names[name]; ok {
		return Prefix + hashed
	}
	return Prefix + name
}
