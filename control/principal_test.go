package control_test

import (
	"testing"

	"sallyport/control"
	"sallyport/vpn"
)

// Each kind of principal and every action: who may do what.
func TestMay(t *testing.T) {
	t.Parallel()
	admin := control.Principal{Kind: control.Administrator, ID: "a", Role: vpn.RoleAdministrator}
	reader := control.Principal{Kind: control.Administrator, ID: "a", Role: vpn.RoleReadOnly}
	all := vpn.RoleAdministrator // a role gives other kinds nothing
	for _, c := range []struct {
		name string
		by   control.Principal
		may  map[vpn.Access]bool // of subject "a"
	}{
		{"administrator", admin, map[vpn.Access]bool{vpn.Reads: true, vpn.Writes: true, vpn.OwnAccount: true}},
		{"read-only account", reader, map[vpn.Access]bool{vpn.Reads: true, vpn.OwnAccount: true}},
		{"account without a role", control.Principal{Kind: control.Administrator, ID: "a"}, nil},
		{"account with an unknown role", control.Principal{Kind: control.Administrator, ID: "a", Role: "owner"}, nil},
		{"portal user", control.Principal{Kind: control.PortalUser, ID: "a", Role: all}, map[vpn.Access]bool{vpn.OwnPortal: true, vpn.OwnFactor: true}},
		{"portal user without an authenticator", control.Principal{Kind: control.PortalUser, ID: "a", Role: all, ForMFA: true}, map[vpn.Access]bool{vpn.OwnFactor: true}},
		{"access key", control.Principal{Kind: control.AccessKey, ID: "a", Role: all}, nil},
		{"unauthenticated", control.Principal{ID: "a", Role: all}, nil},
		{"unknown kind", control.Principal{Kind: 99, ID: "a", Role: all}, nil},
		{"system", control.SystemPrincipal("test"), map[vpn.Access]bool{vpn.ByProgram: true, vpn.Reads: true, vpn.Writes: true, vpn.OwnAccount: true, vpn.OwnPortal: true, vpn.OwnFactor: true}},
	} {
		for _, action := range append(vpn.Actions(), "Unknown") {
			err := c.by.May(action, "a")
			if (err == nil) != c.may[action.Access()] || err != nil && (vpn.KindOf(err) != vpn.Denied || err.Error() == "") {
				t.Errorf("%s, %s: got %v", c.name, action, err)
			}
		}
	}
	for _, by := range []control.Principal{admin, reader} {
		if err := by.May(vpn.ChangePassword, "b"); vpn.KindOf(err) != vpn.Denied || err == nil {
			t.Errorf("the password of another account: got %v", err)
		}
	}
}
