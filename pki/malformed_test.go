package pki

import (
	"os"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

// malformedNow is when the files in testdata/malformed are imported; the lists are imported at listNow.
var malformedNow = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// malformed is one line of testdata/malformed/table.txt.
type malformed struct{ file, box, passphrase, field, sentence string }

// malformedTable reads the table. Every file in the directory is in it, but for those that stand in the other boxes.
func malformedTable(t testing.TB) []malformed {
	t.Helper()
	listed := map[string]bool{"table.txt": true}
	var out []malformed
	for line := range strings.Lines(readMalformed(t, "table.txt")) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		c := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(c) != 5 || listed[c[0]] {
			t.Fatalf("table.txt: %q has not five columns, or its file is listed twice", line)
		}
		listed[c[0]] = true
		out = append(out, malformed{c[0], c[1], strings.TrimPrefix(c[2], "-"), c[3], c[4]})
	}
	files, err := os.ReadDir("testdata/malformed")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !listed[f.Name()] && !strings.HasPrefix(f.Name(), "good-") && !strings.HasPrefix(f.Name(), "authority-") {
			t.Errorf("%s is not in table.txt", f.Name())
		}
	}
	return out
}

func readMalformed(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/malformed/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// refusal imports the file, and gives the error.
func (m malformed) refusal(t testing.TB) error {
	t.Helper()
	text := readMalformed(t, m.file)
	if authority, ok := strings.CutPrefix(m.box, "crl of "); ok {
		_, err := Maker{}.CheckRevocationList(text, readMalformed(t, authority), 4, listNow)
		return err
	}
	in := vpn.KeyPair{Certificate: readMalformed(t, "good-server.crt"), Key: vpn.Secret(readMalformed(t, "good-server.key")), Chain: readMalformed(t, "good-authority.crt")}
	switch m.box {
	case "certificate":
		in.Certificate = text
	case "private_key":
		in.Key = vpn.Secret(text)
	case "chain":
		in.Chain = text
	case "alone":
		in = vpn.KeyPair{Certificate: text}
	default:
		t.Fatalf("%s: no box is called %q", m.file, m.box)
	}
	_, err := Maker{}.CheckImport(vpn.UseServer, in, vpn.Secret(m.passphrase), malformedNow)
	return err
}

// Each malformed or unfit file is refused with its own sentence beside its box, and with no other; the files beside it are taken.
func TestMalformedFiles(t *testing.T) {
	t.Parallel()
	for _, m := range malformedTable(t) {
		got := vpn.FieldsOf(m.refusal(t))
		unknown := m.box == "alone" && strings.Contains(m.sentence, "unknown kind") // which could have had the key and the chain
		if len(got) != 1 && !unknown || got[m.field] != m.sentence {
			t.Errorf("%s in %s: got %v, want %q beside %s", m.file, m.box, got, m.sentence, m.field)
		}
	}
	good := malformed{file: "good-server.crt", box: "certificate"}
	if err := good.refusal(t); err != nil {
		t.Errorf("the files that are good: %v", vpn.FieldsOf(err))
	}
}
