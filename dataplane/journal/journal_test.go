package journal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

func TestJournalKeepsWholeEntries(t *testing.T) {
	t.Parallel()
	type record struct {
		ID  string
		CID ovpn.CID
	}
	dir := filepath.Join(t.TempDir(), "journal")
	j, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		if err := j.Put(Workers, name, record{ID: name, CID: 7}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Put(Workers, "b", record{ID: "b", CID: 8}); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"torn.json": `{"id":"to`, "null.json": "null", "array.json": "[]"} {
		if err := os.WriteFile(filepath.Join(dir, string(Workers), name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	part := filepath.Join(dir, string(Workers), "c.json.new")
	if err := os.WriteFile(part, []byte(`{"id":"c"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if j, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(part); err == nil {
		t.Error("what a crash left part written is still there")
	}
	got, err := Read[record](j, Workers)
	if len(got) != 2 || got[0].ID != "a" || got[1].CID != 8 {
		t.Errorf("got %+v, want a and the second b", got)
	}
	for _, bad := range []string{"torn", "null", "array"} {
		if err == nil || !strings.Contains(err.Error(), bad+".json") {
			t.Errorf("the unreadable %s is not reported: %v", bad, err)
		}
	}
	if again, err := Read[record](j, Workers); err != nil || len(again) != 2 {
		t.Errorf("the unreadable ones are reported again: %v", err)
	}
	if sessions, err := Read[record](j, Sessions); err != nil || len(sessions) != 0 {
		t.Errorf("sessions: %v, %v", sessions, err)
	}
	for range 2 {
		if err := j.Remove(Workers, "a"); err != nil {
			t.Errorf("remove: %v", err)
		}
	}
}

func TestJournalIsForRootAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "journal")
	j, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Put(Desired, "e", vpn.Desired{}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, string(Desired)): 0o700, j.Path(Desired, "e"): 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, want %v (%v)", path, info.Mode().Perm(), want, err)
		}
	}
	// Where it cannot be written nothing part is left, and the old stays.
	if err := os.Mkdir(j.Path(Desired, "f")+partSuffix, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := j.Put(Desired, "f", vpn.Desired{}); err == nil {
		t.Error("a write that cannot succeed did")
	}
	if err := j.Put(Desired, "g", func() {}); err == nil {
		t.Error("a function was journalled")
	}
}
