package vpn_test

import (
	"testing"

	"sallyport/vpn"
)

func TestCanonicalGroup(t *testing.T) {
	t.Parallel()
	for want, spellings := range map[string][]string{
		"cn=engineers,ou=groups,dc=corp": {
			"cn=engineers,ou=groups,dc=corp", "CN=Engineers,OU=Groups,DC=corp", " cn = engineers , ou=groups; DC=corp ", `cn=\65ngineers,ou=groups,dc=corp`,
		},
		"cn=büro über uns,dc=corp": {
			"CN=Büro Über  uns,DC=corp", `cn=b\c3\bcro \c3\bcber uns,dc=corp`, `CN=B\C3\BCro \C3\9Cber uns\20,DC=corp`, `cn=\ büro über uns,dc=corp`,
		},
		`cn=sales\, north\+south,dc=corp`: {`CN=Sales\, North\+South,DC=corp`, `cn=sales\2c north\2bsouth,dc=corp`},
		`cn=the \"a\" team \\,dc=corp`:    {`CN=The \"A\" Team \\,DC=corp`, `cn=the \22a\22 team \5c,dc=corp`},
		`cn=\#1,dc=corp`:                  {`cn=\#1,dc=corp`, `CN=\231,dc=corp`},
		`1.2.3=#04024869,dc=corp`:         {"1.2.3=#04024869,dc=corp"},
		"cn=a=b,dc=corp":                  {"cn=a=b,dc=corp", `CN=a\=b,dc=corp`},
		"cn=alice+uid=a,dc=corp":          {"cn=alice+uid=a,dc=corp", "UID=a+CN=Alice,dc=corp"},
		`cn=\ff\00,dc=corp`:               {`cn=\FF\00,dc=corp`},
		`cn=\e2\80\8bx,dc=corp`:           {"cn=\u200bx,dc=corp"}, // an invisible letter is shown
		"S-1-5-21-1-2-3-513":              {"S-1-5-21-1-2-3-513"},
		"Engineers":                       {"Engineers"},
		"Team=A":                          {"Team=A"}, // of one part: a name that another identity provider may give
		`cn="engineers",dc=corp`:          {`cn="engineers",dc=corp`},
		`cn=x\`:                           {`cn=x\`},
		"cn=engineers,":                   {"cn=engineers,"},
		"https://schemas.example/group?a=b,Engineers": {"https://schemas.example/group?a=b,Engineers"},
		"": {""},
	} {
		for _, s := range spellings {
			if got := vpn.CanonicalGroup(s); got != want {
				t.Errorf("%q is %q, want %q", s, got, want)
			}
			if !vpn.SameGroup(s, want) {
				t.Errorf("%q is another group than %q", s, want)
			}
		}
	}
	for _, s := range []string{"cn=engineers,dc=corp", "cn=büro über un,dc=corp", `cn=sales\,north\+south,dc=corp`, "s-1-5-21-1-2-3-513"} {
		for _, other := range []string{"cn=engineers,ou=groups,dc=corp", "cn=büro über uns,dc=corp", `cn=sales,north=x\+south,dc=corp`, "S-1-5-21-1-2-3-513"} {
			if vpn.SameGroup(s, other) {
				t.Errorf("%q and %q are one group", s, other)
			}
		}
	}
}

// The canonical spelling is its own, whatever it is of.
func FuzzCanonicalGroup(f *testing.F) {
	for _, s := range []string{"CN=Büro,DC=corp", `cn=b\c3\bcro,dc=corp`, `cn=\, \"x\",dc=y`, `cn=\ff,dc=y`, "cn=#04,dc=y", "cn= ,dc=", "cn=a+b=c,d=e", "\xff=a,b=c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := vpn.CanonicalGroup(s)
		if twice := vpn.CanonicalGroup(once); twice != once {
			t.Errorf("%q is %q, and that is %q", s, once, twice)
		}
	})
}
