package ldap_test

import (
	"strings"
	"testing"

	"sallyport/lab/directory"
	"sallyport/lab/netlab"
	"sallyport/vpn"
)

func TestActiveDirectory(t *testing.T) {
	netlab.NeedSandbox(t, "samba", "samba-tool", "ldbmodify")
	s := directory.StartSamba(t, netlab.Here(), sambaAddr, authority(), sambaAddr)
	d := open(t, s.Options)

	t.Run("one user under each name", func(t *testing.T) {
		var key string
		for _, name := range []string{"alice@corp.example.test", "ALICE@corp.example.test", "alice", "Alice", `CORP\alice`, `corp\ALICE`} {
			u, err := signIn(t, d, name, directory.Password)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if u.Name != "alice@corp.example.test" || u.Mail != "alice@corp.example.test" || (key != "" && u.Key != key) || u.Disabled {
				t.Errorf("%s: %+v", name, u)
			}
			key = u.Key
			if got := names(u.Groups); !strings.Contains(got, "engineers ") || !strings.Contains(got, "staff ") || !strings.Contains(got, "Domain Users ") || strings.Contains(got, "sales ") {
				t.Errorf("%s: groups %s", name, got)
			}
			for _, g := range u.Groups {
				if !strings.HasPrefix(g.ID, "S-1-5-") {
					t.Errorf("group %s has the ID %s", g.Name, g.ID)
				}
			}
		}
		again, err := d.LookUp(t.Context(), key)
		if err != nil || again.Name != "alice@corp.example.test" || len(again.Groups) == 0 {
			t.Errorf("looked up again: %+v, %v", again, err)
		}
	})
	t.Run("refused", func(t *testing.T) {
		for _, c := range []struct {
			name, password string
			code           vpn.Code
		}{
			{"alice", "wrong", vpn.CodeUserCredentials},
			{"alice", "", vpn.CodeUserCredentials},
			{"alice", directory.Password + " ", vpn.CodeUserCredentials},
			{"nosuch", directory.Password, vpn.CodeUserUnknown},
			{`OTHER\alice`, directory.Password, vpn.CodeUserUnknown},
			{"*", directory.Password, vpn.CodeUserUnknown},
			{"a*", directory.Password, vpn.CodeUserUnknown},
			{"alice)(objectClass=*", directory.Password, vpn.CodeUserUnknown},
			{"alice\x00", directory.Password, vpn.CodeUserUnknown},
			{strings.Repeat("a", 2000), directory.Password, vpn.CodeUserUnknown},
			{"carol", directory.Password, vpn.CodeUserDisabled},
			{"carol", "wrong", vpn.CodeUserCredentials},
			{"dave", directory.Password, vpn.CodeUserPasswordMustChange},
			{"dave", "wrong", vpn.CodeUserCredentials},
			{"erin", directory.Password, vpn.CodeUserExpired},
			{"erin", "wrong", vpn.CodeUserCredentials},
		} {
			_, err := signIn(t, d, c.name, c.password)
			wantCode(t, c.name+" / "+c.password, err, c.code)
		}
		for range 3 {
			_, err := signIn(t, d, "frank", "wrong")
			wantCode(t, "frank", err, vpn.CodeUserCredentials)
		}
		_, err := signIn(t, d, "frank", directory.Password)
		wantCode(t, "frank locked", err, vpn.CodeUserLocked)
	})
	t.Run("changes are seen", func(t *testing.T) {
		bob, err := signIn(t, d, "bob", directory.Password)
		if err != nil {
			t.Fatal(err)
		}
		s.Modify(t, "dn: CN=sales,CN=Users,"+s.Options.BaseDN+"\nchangetype: modify\ndelete: member\nmember: "+bob.DN+"\n")
		after, err := d.LookUp(t.Context(), bob.Key)
		if err != nil || strings.Contains(names(after.Groups), "sales") {
			t.Errorf("after the group lost the user: %v, %v", names(after.Groups), err)
		}
		s.Modify(t, "dn: "+bob.DN+"\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 514\n")
		if after, err = d.LookUp(t.Context(), bob.Key); err != nil || !after.Disabled {
			t.Errorf("after the account was disabled: %+v, %v", after, err)
		}
		s.Modify(t, "dn: "+bob.DN+"\nchangetype: delete\n")
		_, err = d.LookUp(t.Context(), bob.Key)
		wantCode(t, "deleted", err, vpn.CodeUserUnknown)
	})
	t.Run("find groups", func(t *testing.T) {
		found, err := d.FindGroups(t.Context(), "eng", 20)
		if err != nil || len(found) != 1 || found[0].Name != "engineers" || !strings.HasPrefix(found[0].ID, "S-1-5-21-") {
			t.Errorf("found %v, %v", found, err)
		}
	})
	t.Run("StartTLS and trial", func(t *testing.T) {
		o := s.Options
		o.URLs = []string{"ldap://" + sambaAddr}
		var trace vpn.SignInTrace
		if _, err := open(t, o).SignIn(t.Context(), vpn.SignInAttempt{Name: "alice", Password: directory.Password, Trace: &trace}); err != nil {
			t.Fatal(err)
		}
		var steps []string
		for _, s := range trace.Steps {
			steps = append(steps, s.Name)
		}
		if got := strings.Join(steps, ", "); got != "Connect to ldap://127.0.10.1, Sign in as the service account, Find the user, Check the password, Read the groups" {
			t.Errorf("steps: %s", got)
		}
		if groups := strings.Join(trace.Steps[4].Detail, "; "); !strings.Contains(groups, ", in staff") || !strings.Contains(groups, "engineers S-1-5-21-") {
			t.Errorf("groups: %s", groups)
		}
		if detail := strings.Join(trace.Steps[0].Detail, "; "); !strings.Contains(detail, "TLS 1.3") || !strings.Contains(detail, "issued by CN=Directory CA") {
			t.Errorf("detail: %s", detail)
		}
	})
}
