package control_test

import (
	"cmp"
	"context"
	"strings"
	"testing"

	"sallyport/control"
	"sallyport/control/access"
	"sallyport/control/certificate"
	"sallyport/control/controltest"
	"sallyport/control/endpoint"
	"sallyport/store"
	"sallyport/vpn"
)

type attempt struct {
	action vpn.Action
	asked  vpn.Action // the action of the permission, where it is another one
	run    func(context.Context, controltest.Services, control.Principal) error
}

// user gives the ID of a user of client certificates.
func (s *site) user(name string) vpn.UserID {
	var id vpn.UserID
	s.Must(s.Store.View(s.T.Context(), func(tx *store.Tx) error {
		u, err := tx.VPNUserNamed(s.T.Context(), "", name)
		id = u.ID
		return err
	}))
	return id
}

// changes is every use case that changes something, each with a request that succeeds for an
// administrator.
func (s *site) changes(rule vpn.Rule, route vpn.Route, other vpn.Endpoint, c vpn.Connection) []attempt {
	reader, version := vpn.AdministratorID(s.ReadOnly.ID), 0
	s.Must(s.Store.View(s.T.Context(), func(tx *store.Tx) error {
		a, err := tx.Administrator(s.T.Context(), reader)
		version = a.Version
		return err
	}))
	return []attempt{
		{vpn.CreateVpc, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Networks.CreateNetwork(ctx, by, vpn.NetworkSpec{Name: "second", CIDRs: "10.5.0.0/16"})
			return err
		}},
		{vpn.CreateSubnet, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Networks.CreateSubnet(ctx, by, s.Network.ID, vpn.SubnetSpec{CIDR: "10.0.9.0/24", Zone: "zone-c"})
			return err
		}},
		{vpn.CreateCertificateAuthority, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Certificates.CreateAuthority(ctx, by, certificate.AuthoritySpec{CommonName: "Second", KeyType: vpn.ECDSAP256})
			return err
		}},
		{vpn.IssueCertificate, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Certificates.IssueCertificate(ctx, by, certificate.IssueSpec{Authority: s.CA.ID, Use: vpn.UseClient, CommonName: "bob", KeyType: vpn.ECDSAP256})
			return err
		}},
		{vpn.ImportCertificate, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Certificates.ImportCertificate(ctx, by, certificate.ImportSpec{Name: "imported", Use: vpn.UseAuthority, Certificate: s.CA.PEM})
			return err
		}},
		{vpn.ExportClientCertificateKey, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, _, err := x.Certificates.TakeClientKey(ctx, by, s.Alice.ID)
			return err
		}},
		{vpn.ExportClientVpnClientConfiguration, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Endpoints.ClientConfiguration(ctx, by, s.Endpoint.ID, s.Alice.ID)
			return err
		}},
		{vpn.BlockClientCertificate, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Certificates.BlockCertificate(ctx, by, s.Alice.ID)
			return err
		}},
		{vpn.UnblockClientCertificate, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			return x.Certificates.UnblockCertificate(ctx, by, vpn.BareFingerprint(s.Alice.Fingerprint))
		}},
		{vpn.BlockVpnUser, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Users.Block(ctx, by, []vpn.UserID{s.user(c.Username)}, "left")
			return err
		}},
		{vpn.UnblockVpnUser, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, _, err := x.Users.Unblock(ctx, by, []vpn.UserID{s.user(c.Username)})
			return err
		}},
		{vpn.RenewCertificate, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Certificates.RenewCertificate(ctx, by, s.Alice.ID, certificate.RenewSpec{})
			return err
		}},
		{vpn.DeleteCertificate, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			return x.Certificates.DeleteCertificate(ctx, by, s.Alice.ID)
		}},
		{vpn.CreateClientVpnEndpoint, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Endpoints.CreateEndpoint(ctx, by, vpn.EndpointSpec{Name: "third", ClientCIDR: "10.40.0.0/22", Certificate: s.Server.ID, Port: "1200", Mutual: true, ClientOptions: vpn.DefaultOptions()})
			return err
		}},
		{vpn.ModifyClientVpnEndpoint, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Endpoints.EditEndpoint(ctx, by, s.Endpoint.ID, vpn.EndpointEdit{Version: 1, Name: "renamed", Certificate: s.Server.ID, ClientOptions: vpn.DefaultOptions()})
			return err
		}},
		{vpn.CreateTags, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Endpoints.SaveEndpointTags(ctx, by, other.ID, 1, []vpn.Tag{{Key: "a", Value: "b"}})
			return err
		}},
		{vpn.DeleteClientVpnEndpoint, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			return x.Endpoints.DeleteEndpoint(ctx, by, other.ID, "delete")
		}},
		{vpn.AssociateClientVpnTargetNetwork, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Endpoints.Associate(ctx, by, s.Endpoint.ID, endpoint.AssociationSpec{Network: s.Network.ID, Subnet: s.B.ID})
			return err
		}},
		{vpn.AuthorizeClientVpnIngress, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Endpoints.Authorize(ctx, by, s.Endpoint.ID, vpn.RuleSpec{Destination: "10.0.7.0/24", AllUsers: true})
			return err
		}},
		{vpn.RevokeClientVpnIngress, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			return x.Endpoints.Revoke(ctx, by, s.Endpoint.ID, rule.ID)
		}},
		{vpn.CreateClientVpnRoute, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Endpoints.CreateRoutes(ctx, by, s.Endpoint.ID, vpn.RouteSpec{Destination: "0.0.0.0/0", Targets: []string{string(s.A.ID)}}, vpn.Consent{})
			return err
		}},
		{vpn.DeleteClientVpnRoute, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			return x.Endpoints.DeleteRoute(ctx, by, s.Endpoint.ID, route.ID)
		}},
		{vpn.TerminateClientVpnConnections, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Endpoints.TerminateConnections(ctx, by, s.Endpoint.ID, []vpn.ConnectionID{c.ID})
			return err
		}},
		{vpn.TerminateClientVpnConnections, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Endpoints.TerminateUser(ctx, by, s.Endpoint.ID, "alice")
			return err
		}},
		{vpn.DisassociateClientVpnTargetNetwork, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			return x.Endpoints.Disassociate(ctx, by, s.Endpoint.ID, s.Association.ID)
		}},
		{vpn.AddAdministrator, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Access.AddAdministrator(ctx, by, access.AdministratorSpec{Username: "carol", Role: vpn.RoleReadOnly, Password: controltest.Password, Again: controltest.Password})
			return err
		}},
		{vpn.EditAdministrator, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			_, err := x.Access.EditAdministrator(ctx, by, reader, access.AdministratorEdit{Version: version, Role: vpn.RoleAdministrator})
			return err
		}},
		{vpn.ResetPassword, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			return x.Access.ResetPassword(ctx, by, reader, controltest.Password+"!", controltest.Password+"!")
		}},
		{vpn.DeleteSubnet, "", func(ctx context.Context, x controltest.Services, by control.Principal) error {
			return deleteSubnet(ctx, x, by, s.Spare.ID)
		}},
	}
}

// full has one of everything that can be changed.
func full(t *testing.T) (*site, []attempt) {
	t.Helper()
	s := newAssociatedSite(t)
	rule := s.Authorize("10.0.0.0/16")
	route := s.AddRoute("192.168.0.0/16", s.A)[0]
	var err error
	s.Spare, err = s.Networks.CreateSubnet(t.Context(), s.Admin, s.Network.ID, vpn.SubnetSpec{CIDR: "10.0.20.0/24", Zone: "zone-d"})
	s.Must(err)
	other := s.CreateEndpoint("other", "10.30.0.0/22", "1194")
	s.Reconcile()
	return s, s.changes(rule, route, other, s.Connect("alice"))
}

// A read-only account, an unauthenticated request, and the kinds of principals that no feature uses yet
// change nothing; each attempt is recorded.
func TestOnlyAdministratorsChange(t *testing.T) {
	t.Parallel()
	s, changes := full(t)
	visitor := control.Principal{Source: "203.0.113.9"}
	portalUser := control.Principal{Kind: control.PortalUser, ID: s.Admin.ID, Name: "erin", Role: vpn.RoleAdministrator, Source: "203.0.113.9"}
	key := control.Principal{Kind: control.AccessKey, ID: s.Admin.ID, Name: "key", Role: vpn.RoleAdministrator, Source: "203.0.113.9"}
	for _, c := range changes {
		for _, by := range []struct {
			control.Principal
			words string
		}{{s.ReadOnly, "Your account is read-only"}, {visitor, "Sign in first"}, {portalUser, "You may not do this"}, {key, "You may not do this"}} {
			before, records := s.Rows("audit"), len(s.Audit())
			s.Woken()
			err := c.run(t.Context(), s.Services, by.Principal)
			s.WantKind(string(c.action)+" by "+by.Name, err, vpn.Denied, by.words)
			if after := s.Rows("audit"); after != before {
				t.Errorf("%s by %q changed\n%s\nto\n%s", c.action, by.Name, before, after)
			}
			if s.Woken() {
				t.Errorf("%s by %q woke the reconciler", c.action, by.Name)
			}
			if by.Kind != control.Administrator && c.action == vpn.ResetPassword {
				continue // refused at the read before the change, which is not recorded
			}
			all := s.Audit()
			if len(all) != records+1 {
				t.Errorf("%s by %q left %d audit records", c.action, by.Name, len(all)-records)
				continue
			}
			if r := all[len(all)-1]; r.Action != cmp.Or(c.asked, c.action) || r.Actor != by.Name || r.Source != by.Source || !strings.Contains(r.Result, by.words) {
				t.Errorf("%s by %q: the record is %+v", c.action, by.Name, r)
			}
		}
	}
}

// An administrator's change writes exactly one audit record, without secrets. Where the record cannot
// be written, nothing is changed.
func TestChangesAreAudited(t *testing.T) {
	t.Parallel()
	s, changes := full(t)
	unaudited := s.NewServices(controltest.Options{})
	for _, c := range changes {
		before := s.Rows()
		s.WithoutAudit(func() {
			if err := c.run(t.Context(), unaudited, s.Admin); err == nil || vpn.KindOf(err) != vpn.Internal {
				t.Errorf("%s without audit: got %v", c.action, err)
			}
		})
		if after := s.Rows(); after != before {
			t.Errorf("%s without audit changed\n%s\nto\n%s", c.action, before, after)
		}
		records := len(s.Audit())
		if err := c.run(t.Context(), s.Services, s.Admin); err != nil {
			t.Errorf("%s: %v", c.action, err)
			continue
		}
		all := s.Audit()
		r := all[len(all)-1]
		if len(all) != records+1 || r.Action != c.action || r.Actor != "admin" || r.Source != s.Admin.Source || r.Request != s.Admin.Request ||
			r.Result != "ok" || r.Subject == "" || !r.At.Equal(s.Clock.Now()) {
			t.Errorf("%s: %d records, the last is %+v", c.action, len(all)-records, r)
		}
		if strings.Contains(r.Before+r.After, "PRIVATE KEY") || strings.Contains(r.Before+r.After, "Static key") || strings.Contains(r.Before+r.After, "argon2id") {
			t.Errorf("%s: a secret is in the record", c.action)
		}
	}
	if text := s.Log.String(); strings.Contains(text, "PRIVATE KEY") || strings.Contains(text, controltest.Password) {
		t.Error("a secret is in the log")
	}
}

// Every account sees everything; without a sign-in everything is refused.
func TestWhoMaySee(t *testing.T) {
	t.Parallel()
	s, _ := full(t)
	id, l := s.Endpoint.ID, vpn.List{}
	for name, read := range map[string]func(context.Context, control.Principal) error{
		"Networks": func(ctx context.Context, by control.Principal) error {
			_, err := s.Networks.Networks(ctx, by, l)
			return err
		},
		"Network": func(ctx context.Context, by control.Principal) error {
			_, err := s.Networks.Network(ctx, by, s.Network.ID)
			return err
		},
		"Subnets": func(ctx context.Context, by control.Principal) error {
			_, err := s.Networks.Subnets(ctx, by, s.Network.ID, l)
			return err
		},
		"Subnet": func(ctx context.Context, by control.Principal) error {
			_, err := s.Networks.Subnet(ctx, by, s.A.ID)
			return err
		},
		"Certificates": func(ctx context.Context, by control.Principal) error {
			_, err := s.Certificates.Certificates(ctx, by, l)
			return err
		},
		"BlockedCertificates": func(ctx context.Context, by control.Principal) error {
			_, err := s.Certificates.BlockedCertificates(ctx, by, l)
			return err
		},
		"Certificate": func(ctx context.Context, by control.Principal) error {
			_, err := s.Certificates.Certificate(ctx, by, s.CA.ID)
			return err
		},
		"Authorities": func(ctx context.Context, by control.Principal) error {
			_, err := s.Certificates.Authorities(ctx, by, "")
			return err
		},
		"Endpoints": func(ctx context.Context, by control.Principal) error {
			_, err := s.Endpoints.Endpoints(ctx, by, l)
			return err
		},
		"Endpoint": func(ctx context.Context, by control.Principal) error {
			_, err := s.Endpoints.Endpoint(ctx, by, id)
			return err
		},
		"EndpointChoices": func(ctx context.Context, by control.Principal) error {
			_, err := s.Endpoints.EndpointChoices(ctx, by, "")
			return err
		},
		"AssociationChoices": func(ctx context.Context, by control.Principal) error {
			_, err := s.Endpoints.AssociationChoices(ctx, by, id, endpoint.AssociationSearch{})
			return err
		},
		"DisassociatePreview": func(ctx context.Context, by control.Principal) error {
			_, err := s.Endpoints.DisassociatePreview(ctx, by, id, s.Association.ID)
			return err
		},
		"Rules": func(ctx context.Context, by control.Principal) error {
			_, err := s.Endpoints.Rules(ctx, by, id, l)
			return err
		},
		"Routes": func(ctx context.Context, by control.Principal) error {
			_, err := s.Endpoints.Routes(ctx, by, id, l)
			return err
		},
		"Connections": func(ctx context.Context, by control.Principal) error {
			_, err := s.Endpoints.Connections(ctx, by, id, l)
			return err
		},
		"ConnectionsPreview": func(ctx context.Context, by control.Principal) error {
			_, err := s.Endpoints.ConnectionsPreview(ctx, by, id, nil, "alice")
			return err
		},
		"Attempts": func(ctx context.Context, by control.Principal) error {
			_, err := s.Endpoints.Attempts(ctx, by, id)
			return err
		},
		"ClientCertificates": func(ctx context.Context, by control.Principal) error {
			_, err := s.Endpoints.ClientCertificates(ctx, by, id, "")
			return err
		},
		"Administrators": func(ctx context.Context, by control.Principal) error {
			_, err := s.Access.Administrators(ctx, by, l)
			return err
		},
		"Administrator": func(ctx context.Context, by control.Principal) error {
			_, err := s.Access.Administrator(ctx, by, vpn.AdministratorID(s.Admin.ID))
			return err
		},
		"GettingStarted": func(ctx context.Context, by control.Principal) error {
			_, err := s.Tutorial.GettingStarted(ctx, by)
			return err
		},
		"Node": func(ctx context.Context, by control.Principal) error { _, err := s.Nodes.Node(ctx, by); return err },
	} {
		before := s.Rows()
		s.WantKind(name, read(t.Context(), control.Principal{}), vpn.Denied, "Sign in first")
		s.WantKind(name, read(t.Context(), control.Principal{Role: "root"}), vpn.Denied, "Sign in first")
		if s.Rows() != before {
			t.Errorf("%s changed something without a sign-in", name)
		}
		for _, by := range []control.Principal{s.ReadOnly, s.Admin} {
			if err := read(t.Context(), by); err != nil {
				t.Errorf("%s by %s: %v", name, by.Name, err)
			}
		}
	}
}

func deleteSubnet(ctx context.Context, x controltest.Services, by control.Principal, id vpn.SubnetID) error {
	_, err := x.Networks.DeleteSubnet(ctx, by, id)
	return err
}
