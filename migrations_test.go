package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The steps of the schema are numbered one after the other, under the same names for both databases.
func TestMigrationsAreNumbered(t *testing.T) {
	t.Parallel()
	names := map[string][]string{}
	for _, database := range []string{"sqlite", "postgres"} {
		entries, err := os.ReadDir(filepath.Join("migrations", database))
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range entries {
			names[database] = append(names[database], e.Name())
			if want := fmt.Sprintf("%04d_", i+1); len(e.Name()) < len(want) || e.Name()[:len(want)] != want {
				t.Errorf("migrations/%s/%s is not number %d", database, e.Name(), i+1)
			}
		}
	}
	if !slices.Equal(names["sqlite"], names["postgres"]) {
		t.Errorf("the databases have different steps: %v and %v", names["sqlite"], names["postgres"])
	}
}
