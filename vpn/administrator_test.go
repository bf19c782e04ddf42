package vpn

import (
	"strings"
	"testing"
)

// Length is what a password needs; besides, it is not the user name and not one character over and over.
func TestCheckPassword(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ user, password, again, field, words string }{
		{"alice", "correct horse battery", "correct horse battery", "", ""},
		{"alice", "éàüñøå東京パスワー", "éàüñøå東京パスワー", "", ""}, // twelve characters, whatever they are
		{"alice", strings.Repeat("ab", 128), strings.Repeat("ab", 128), "", ""},
		{"alice", "            x", "            x", "", ""}, // spaces are characters; nothing is trimmed
		{"alice", "", "", "password", "Enter a password"},
		{"alice", "eleven char", "eleven char", "password", "has 11 characters; at least 12"},
		{"alice", "éàüñøåéàüñø", "éàüñøåéàüñø", "password", "has 11 characters"}, // counted as people count
		{"alice", strings.Repeat("ab", 129), strings.Repeat("ab", 129), "password", "too long"},
		{"alice.example", "Alice.Example", "Alice.Example", "password", "not be the user name"},
		{"alice", strings.Repeat("x", 12), strings.Repeat("x", 12), "password", "one character repeated"},
		{"alice", strings.Repeat("é", 12), strings.Repeat("é", 12), "password", "one character repeated"},
		{"alice", "correct horse battery", "correct horse Battery", "password_again", "differ"},
		{"alice", "correct horse battery", "", "password_again", "differ"},
	} {
		var check Check
		CheckPassword(&check, c.user, c.password, c.again)
		wantBad(t, c.password, check.Err(), c.field, c.words)
		if c.password != "" && strings.Contains(badFields(check.Err()), c.password) {
			t.Errorf("the sentence repeats the password: %v", check.Err())
		}
	}
	a, b := NewPassword(), NewPassword()
	var check Check
	CheckPassword(&check, "alice", a, a)
	if check.Err() != nil || a == b {
		t.Errorf("new passwords %v: %v", a == b, check.Err())
	}
}

// User names are lower case, so that Alice and alice are one.
func TestCheckUsername(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want, words string }{
		{" Alice ", "alice", ""}, {"a.b_c-d@example.com", "a.b_c-d@example.com", ""}, {strings.Repeat("x", 64), strings.Repeat("x", 64), ""},
		{"", "", "Enter"}, {"  ", "", "Enter"}, {strings.Repeat("x", 65), "", "at most 64"}, {"a b", "", "letters a to z"}, {"a\nb", "", "letters a to z"},
		{"bücher", "", "letters a to z"}, {"<b>", "", "letters a to z"}, {"a'--", "", "letters a to z"},
	} {
		var check Check
		got := CheckUsername(&check, c.in)
		field := "username"
		if c.words == "" {
			field = ""
			if got != c.want {
				t.Errorf("%q became %q", c.in, got)
			}
		}
		wantBad(t, c.in, check.Err(), field, c.words)
	}
}

// Only an administrator changes anything; no role at all is none.
func TestRoles(t *testing.T) {
	t.Parallel()
	for role, want := range map[Role]struct{ valid, change bool }{
		RoleAdministrator: {true, true}, RoleReadOnly: {true, false}, "": {false, false}, "Administrator": {false, false}, "root": {false, false},
	} {
		if role.Valid() != want.valid || role.MayChange() != want.change {
			t.Errorf("%q: valid %v, may change %v", role, role.Valid(), role.MayChange())
		}
	}
}
