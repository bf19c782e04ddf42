package control_test

import (
	"testing"

	"sallyport/control"
	"sallyport/control/access"
	"sallyport/control/controltest"
	"sallyport/store"
	"sallyport/vpn"
)

// What the front door found out about a principal may be over when its request is carried out: a change,
// and a file with a key, then asks the account and the session as they are now.
func TestChangesRecheckTheirPrincipal(t *testing.T) {
	t.Parallel()
	account := func(change func(*vpn.Administrator)) func(*site, control.Principal) {
		return func(s *site, by control.Principal) {
			s.Must(s.Store.Update(s.T.Context(), func(tx *store.Tx) error {
				a, err := tx.Administrator(s.T.Context(), vpn.AdministratorID(by.ID))
				if err != nil {
					return err
				}
				change(&a)
				return tx.SaveAdministrator(s.T.Context(), a)
			}))
		}
	}
	for _, c := range []struct {
		what   string
		happen func(*site, control.Principal)
		words  string
	}{
		{"disabled", account(func(a *vpn.Administrator) { a.Disabled = true }), "disabled"},
		{"read-only", account(func(a *vpn.Administrator) { a.Role = vpn.RoleReadOnly }), "Your account is read-only"},
		{"session gone", func(s *site, by control.Principal) {
			s.Must(s.Store.Update(s.T.Context(), func(tx *store.Tx) error { return tx.DeleteSession(s.T.Context(), by.Session) }))
		}, "your session ended"},
		{"account gone", func(s *site, by control.Principal) {
			s.Exec("DELETE FROM session WHERE administrator_id = '" + by.ID + "'")
			s.Exec("DELETE FROM administrator WHERE id = '" + by.ID + "'")
		}, "your account was disabled"},
		{"another account's session", func(s *site, by control.Principal) {
			s.Exec("UPDATE session SET administrator_id = '" + s.ReadOnly.ID + "' WHERE hash = '" + by.Session + "'")
		}, "your session ended"},
	} {
		s, changes := full(t)
		by := s.Account("mallory", vpn.RoleAdministrator)
		_, session, err := s.Access.Authenticate(t.Context(), s.SignedIn("mallory"), true)
		s.Must(err)
		by.Session = session.Hash
		s.WantKind(c.what+": beforehand", attemptRule(s, by), vpn.Invalid, "") // it is asked only after permission
		c.happen(s, by)
		for _, change := range changes {
			before, records := s.Rows("audit"), len(s.Audit())
			s.Woken()
			s.WantKind(c.what+": "+string(change.action), change.run(t.Context(), s.Services, by), vpn.Denied, c.words)
			if s.Rows("audit") != before || s.Woken() {
				t.Errorf("%s: %s changed something", c.what, change.action)
			}
			if n := len(s.Audit()) - records; n != 1 || s.LastAudit().Actor != "mallory" || s.LastAudit().Result == "ok" {
				t.Errorf("%s: %s left %d audit records, the last is %+v", c.what, change.action, n, s.LastAudit())
			}
		}
		_, err = s.Endpoints.ClientConfiguration(t.Context(), by, s.Endpoint.ID, "")
		s.WantKind(c.what+": the plain file", err, vpn.Denied, c.words)
	}
}

func attemptRule(s *site, by control.Principal) error {
	_, err := s.Access.AddAdministrator(s.T.Context(), by, access.AdministratorSpec{Username: "x", Role: "none", Password: controltest.Password, Again: controltest.Password})
	return err
}
