package ovpn

import "testing"

func TestAlteredCommonName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, subject string
		altered       bool
	}{
		{"alice", "CN=alice", false},
		{"alice", "O=Org, CN=alice", false},
		{"alice", "UID=7 + CN=alice, O=Org", false},
		{"b", "CN=a, CN=b", false},
		{"x, CN=y", "CN=x, CN=y", false},
		{"a_b", "CN=a_b", false},
		{`a\00b`, `CN=a\\00b`, false}, // a backslash and two digits
		{`DOM\user`, `CN=DOM\\user, O=Org`, false},
		{`DOM\user`, `CN=DOM\\\07user`, true}, // both
		{`alice`, `O=x\, CN=alice`, true},     // not as OpenVPN writes it
		{"alice", `CN=alice\00.evil`, true},
		{"alice", `O=x, CN=alice, CN=alice\00.evil`, true},
		{"Жук (2nd floor)", "CN=Жук (2nd floor), C=DE", false},
		{"alice", "", false}, // not said
		{"admin", `CN=admin\00`, true},
		{"admin", `CN=admin\00.mallory, O=Org`, true},
		{"ad_min", `CN=ad\07min`, true},
		{"a_b", `CN=a\0Ab`, true},
	} {
		e := NewEnv(map[string]string{"common_name": c.name, "tls_id_0": c.subject})
		if got := e.AltersCommonName(); got != c.altered {
			t.Errorf("%q of %q: altered %v", c.name, c.subject, got)
		}
	}
}
