package ldap_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/lab/directory"
	"sallyport/lab/netlab"
	"sallyport/vpn"
)

func TestOpenLDAP(t *testing.T) {
	netlab.NeedSandbox(t, "slapd", "slapadd", "ldapmodify")
	var many strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&many, "dn: cn=g%05d,ou=groups,dc=example,dc=test\nobjectClass: groupOfNames\ncn: g%05d\nmember: uid=bob,ou=people,dc=example,dc=test\n\n", i, i)
	}
	s := directory.StartSlapd(t, netlab.Here(), slapdAddr, authority(), many.String(), slapdAddr)
	d := open(t, s.Options)

	t.Run("nested groups with a cycle", func(t *testing.T) {
		for _, name := range []string{"alice", "ALICE", "alice@example.test"} {
			u, err := signIn(t, d, name, directory.Password)
			if err != nil {
				t.Fatal(err)
			}
			if got := names(u.Groups); u.Name != "alice" || got != "engineers everyone staff wheel " {
				t.Errorf("%s: %q in %s", name, u.Name, got)
			}
			if u.Groups[0].ID != "cn=engineers,ou=groups,dc=example,dc=test" {
				t.Errorf("ID %s", u.Groups[0].ID)
			}
			again, err := d.LookUp(t.Context(), u.Key)
			if err != nil || names(again.Groups) != names(u.Groups) {
				t.Errorf("looked up again: %+v, %v", again, err)
			}
		}
	})
	t.Run("a group with letters beyond ASCII, a comma and quotes", func(t *testing.T) {
		const dn = `cn=Büro \"Süd\"\, West,ou=groups,dc=example,dc=test`
		encoded := base64.StdEncoding.EncodeToString([]byte(dn))
		s.Modify(t, "dn:: "+encoded+"\nchangetype: add\nobjectClass: groupOfNames\ncn:: "+base64.StdEncoding.EncodeToString([]byte(`Büro "Süd", West`))+"\nmember: uid=alice,ou=people,dc=example,dc=test\n")
		defer s.Modify(t, "dn:: "+encoded+"\nchangetype: delete\n")
		u, err := signIn(t, d, "alice", directory.Password)
		if err != nil || len(u.Groups) != 5 {
			t.Fatalf("%+v, %v", u.Groups, err)
		}
		found, err := d.FindGroups(t.Context(), "BÜRO", 5)
		if err != nil || len(found) != 1 || found[0].Name != `Büro "Süd", West` {
			t.Fatalf("%+v, %v", found, err)
		}
		for _, typed := range []string{dn, found[0].ID, `CN=büro \22Süd\22\2C West, OU=Groups, DC=example,DC=test`} {
			if !slices.ContainsFunc(u.Groups, func(g vpn.Group) bool { return g.ID == vpn.CanonicalGroup(typed) }) {
				t.Errorf("%s is none of %+v", typed, u.Groups)
			}
		}
	})
	t.Run("a user whose DN is the key, and who is gone", func(t *testing.T) {
		if u, err := d.LookUp(t.Context(), "uid=alice,ou=people,dc=example,dc=test"); err != nil || u.Name != "alice" {
			t.Errorf("%+v, %v", u, err)
		}
		_, err := d.LookUp(t.Context(), "uid=gone,ou=people,dc=example,dc=test")
		wantCode(t, "looked up again", err, vpn.CodeUserUnknown)
	})
	t.Run("a trial shows how groups nest", func(t *testing.T) {
		var trace vpn.SignInTrace
		if _, err := d.SignIn(t.Context(), vpn.SignInAttempt{Name: "alice", Password: directory.Password, Trace: &trace}); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(trace.Steps[len(trace.Steps)-1].Detail, "; ")
		for _, want := range []string{"engineers cn=engineers,ou=groups,dc=example,dc=test, in staff", "dc=test, in everyone", "dc=test, in engineers"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not in %s", want, got)
			}
		}
	})
	t.Run("refused", func(t *testing.T) {
		for _, c := range []struct {
			name, password string
			code           vpn.Code
		}{
			{"alice", "wrong", vpn.CodeUserCredentials},
			{"alice", "", vpn.CodeUserCredentials},
			{"*)(uid=*", directory.Password, vpn.CodeUserUnknown},
			{"*", directory.Password, vpn.CodeUserUnknown},
			{strings.Repeat("a", 2000), directory.Password, vpn.CodeUserUnknown},
			{"nosuch", directory.Password, vpn.CodeUserUnknown},
			{"carol", directory.Password, vpn.CodeUserLocked},
			{"dave", directory.Password, vpn.CodeUserPasswordMustChange},
			{"dave", "wrong", vpn.CodeUserCredentials},
			{"erin", directory.Password, vpn.CodeUserPasswordExpired},
			{"erin", "wrong", vpn.CodeUserCredentials},
		} {
			_, err := signIn(t, d, c.name, c.password)
			wantCode(t, c.name+" / "+c.password, err, c.code)
		}
	})
	t.Run("any number of trials", func(t *testing.T) {
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			_, err := d.SignIn(ctx, vpn.SignInAttempt{Name: "alice", Password: directory.Password, Trace: &vpn.SignInTrace{}})
			cancel()
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("user filter", func(t *testing.T) {
		o := s.Options
		o.UserFilter = "(!(uid=bob))"
		_, err := signIn(t, open(t, o), "bob", directory.Password)
		wantCode(t, "left out", err, vpn.CodeUserUnknown)
		if _, err := signIn(t, open(t, o), "alice", directory.Password); err != nil {
			t.Error(err)
		}
	})
	t.Run("two users of one name", func(t *testing.T) {
		s.Modify(t, "dn: uid=twin,dc=example,dc=test\nchangetype: add\nobjectClass: inetOrgPerson\ncn: twin\nsn: twin\nuid: alice\nuid: twin\nuserPassword: x\n")
		_, err := signIn(t, d, "alice", directory.Password)
		wantCode(t, "alice", err, vpn.CodeUserAmbiguous)
		s.Modify(t, "dn: uid=twin,dc=example,dc=test\nchangetype: delete\n")
	})
	t.Run("a referral is not followed", func(t *testing.T) {
		s.Modify(t, "dn: ou=elsewhere,dc=example,dc=test\nchangetype: add\nobjectClass: referral\nobjectClass: extensibleObject\nou: elsewhere\nref: ldap://127.0.10.9/ou=elsewhere,dc=example,dc=test\n")
		_, err := signIn(t, d, "nosuch", directory.Password)
		wantCode(t, "beside a reference", err, vpn.CodeUserUnknown)
		o := s.Options
		o.BaseDN = "ou=elsewhere,dc=example,dc=test"
		_, err = signIn(t, open(t, o), "alice", directory.Password)
		wantCode(t, "below the reference", err, vpn.CodeDirectoryMisconfigured)
	})
	t.Run("ten thousand groups", func(t *testing.T) {
		start := time.Now()
		u, err := signIn(t, d, "bob", directory.Password)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("took %s", time.Since(start).Round(time.Millisecond))
		if len(u.Groups) != vpn.MaxGroups || !u.More || u.Groups[0].Name != "g00000" {
			t.Errorf("%d groups, more: %v, the first %v", len(u.Groups), u.More, u.Groups[0])
		}
	})
	t.Run("settings that are wrong", func(t *testing.T) {
		for name, c := range map[string]struct {
			change func(*vpn.DirectoryOptions)
			code   vpn.Code
			words  string
		}{
			"name":      {func(o *vpn.DirectoryOptions) { o.URLs = []string{"ldaps://127.0.10.3"} }, vpn.CodeDirectoryMisconfigured, "The certificate is for 127.0.10.2, the URL says 127.0.10.3."},
			"no server": {func(o *vpn.DirectoryOptions) { o.URLs = []string{"ldaps://127.0.10.2:1"} }, vpn.CodeDirectoryUnavailable, "cannot be reached"},
			"base DN":   {func(o *vpn.DirectoryOptions) { o.BaseDN = "dc=other,dc=test" }, vpn.CodeDirectoryMisconfigured, "Correct the base DN"},
			"account":   {func(o *vpn.DirectoryOptions) { o.BindDN = "cn=other,dc=example,dc=test" }, vpn.CodeDirectoryMisconfigured, "refuses the service account"},
			"resolver":  {func(o *vpn.DirectoryOptions) { o.URLs = []string{"ldaps://no-such-host.invalid"} }, vpn.CodeDirectoryUnavailable, "no-such-host.invalid"},
		} {
			o := s.Options
			c.change(&o)
			if name == "name" {
				s := directory.StartSlapd(t, netlab.Here(), "127.0.10.3", authority(), "", slapdAddr)
				defer s.Stop()
			}
			_, err := signIn(t, open(t, o), "alice", directory.Password)
			wantCode(t, name, err, c.code)
			if err != nil && !strings.Contains(err.Error(), c.words) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("the second server answers while the first is down, or silent", func(t *testing.T) {
		o := s.Options
		second := directory.StartSlapd(t, netlab.Here(), "127.0.10.4", authority(), "", "127.0.10.4")
		o.URLs = []string{"ldaps://127.0.10.4", s.Options.URLs[0]}
		d := open(t, o)
		if _, err := signIn(t, d, "alice", directory.Password); err != nil {
			t.Fatal(err)
		}
		second.Freeze()
		start := time.Now()
		if _, err := signIn(t, d, "alice", directory.Password); err != nil {
			t.Fatal(err)
		}
		t.Logf("with a silent server: %s", time.Since(start).Round(time.Millisecond))
		second.Stop()
		start = time.Now()
		if _, err := signIn(t, d, "alice", directory.Password); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > quick.Dial {
			t.Errorf("a server that is known to be down was waited for: %s", took)
		}
	})
}
