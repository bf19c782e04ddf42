package ldap

import (
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"sallyport/vpn"
)

func TestSID(t *testing.T) {
	t.Parallel()
	for text, b := range map[string][]byte{
		"S-1-5-32-544":        {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0},
		"S-1-5":               {1, 0, 0, 0, 0, 0, 0, 5},
		"S-1-281474976710655": {1, 0, 255, 255, 255, 255, 255, 255},
	} {
		if got, err := decodeSID(b); got != text || err != nil {
			t.Errorf("got %s, %v, want %s", got, err, text)
		}
	}
	for _, b := range [][]byte{nil, {1}, {2, 0, 0, 0, 0, 0, 0, 5}, {1, 1, 0, 0, 0, 0, 0, 5}, {1, 0, 0, 0, 0, 0, 0, 5, 1}, {1, 200, 0, 0, 0, 0, 0, 5}} {
		if got, err := decodeSID(b); err == nil {
			t.Errorf("%v: got %s", b, got)
		}
	}
}

func FuzzSID(f *testing.F) {
	f.Add([]byte{1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeSID(b)
		if err == nil && strings.Count(s, "-") != 2+int(b[1]) {
			t.Errorf("%v is %s", b, s)
		}
	})
}

// A typed name is one value of a comparison, whatever characters it has: the filter keeps its shape.
func FuzzUserFilter(f *testing.F) {
	for _, s := range []string{"alice", "*", ")(uid=*", `a\b`, "a\x00", "ä", "(", "\xff"} {
		f.Add(s, s)
	}
	shape := func(t *testing.T, name, account string) string {
		o := vpn.DirectoryOptions{Type: vpn.ActiveDirectory, SignIn: []vpn.SignInName{vpn.SignInUPN, vpn.SignInAccount}, UserFilter: "(memberOf=cn=vpn)"}
		p, err := goldap.CompileFilter(userFilter(o, name, account))
		if err != nil {
			t.Fatalf("%q, %q: %v", name, account, err)
		}
		var out strings.Builder
		for _, c := range p.Children {
			out.WriteString(c.Description + " ")
			for _, c := range c.Children {
				out.WriteString(c.Description + "/")
			}
		}
		return out.String()
	}
	f.Fuzz(func(t *testing.T, name, account string) {
		want := shape(t, "x", "")
		if account != "" {
			want = shape(t, "x", "x")
		}
		if name == "" {
			return
		}
		if got := shape(t, name, account); got != want {
			t.Errorf("%q, %q: got %s, want %s", name, account, got, want)
		}
	})
}
