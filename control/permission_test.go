package control_test

import (
	"cmp"
	"context"
	"strings"
	"testing"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

type attempt struct {
	action vpn.Action
	asked  vpn.Action // what permission is asked for, where it is another action
	run    func(context.Context, *control.Service, control.Principal) error
}

// changes is every use case that changes something, each with a request that an administrator
// would be granted.
func (s *site) changes(rule vpn.Rule, route vpn.Route, other vpn.Endpoint, c vpn.Connection) []attempt {
	reader, version := vpn.AdministratorID(s.reader.ID), 0
	s.must(s.db.View(s.t.Context(), func(tx *store.Tx) error {
		a, err := tx.Administrator(s.t.Context(), reader)
		version = a.Version
		return err
	}))
	return []attempt{
		{vpn.CreateVpc, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			_, err := x.CreateNetwork(ctx, by, vpn.NetworkSpec{Name: "second", CIDRs: "10.5.0.0/16"})
			return err
		}},
		{vpn.CreateSubnet, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			_, err := x.CreateSubnet(ctx, by, s.network.ID, vpn.SubnetSpec{CIDR: "10.0.9.0/24", Zone: "zone-c"})
			return err
		}},
		{vpn.CreateCertificateAuthority, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			_, err := x.CreateAuthority(ctx, by, control.AuthoritySpec{CommonName: "Second", KeyType: vpn.ECDSAP256})
			return err
		}},
		{vpn.IssueCertificate, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			_, err := x.IssueCertificate(ctx, by, control.IssueSpec{Authority: s.ca.ID, Use: vpn.UseClient, CommonName: "bob", KeyType: vpn.ECDSAP256})
			return err
		}},
		{vpn.ImportCertificate, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			_, err := x.ImportCertificate(ctx, by, control.ImportSpec{Name: "imported", Use: vpn.UseAuthority, Certificate: s.ca.PEM})
			return err
		}},
		{vpn.ExportClientCertificateKey, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			_, _, err := x.TakeClientKey(ctx, by, s.alice.ID)
			return err
		}},
		{vpn.ExportClientVpnClientConfiguration, vpn.ExportClientCertificateKey, func(ctx context.Context, x *control.Service, by control.Principal) error {
			_, err := x.ClientConfiguration(ctx, by, s.endpoint.ID, s.alice.ID)
			return err
		}},
		{vpn.DeleteCertificate, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			return x.DeleteCertificate(ctx, by, s.alice.ID)
		}},
		{vpn.CreateClientVpnEndpoint, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			_, err := x.CreateEndpoint(ctx, by, vpn.EndpointSpec{Name: "third", ClientCIDR: "10.40.0.0/22", Certificate: s.server.ID, Port: "1200", ClientOptions: vpn.DefaultOptions()})
			return err
		}},
		{vpn.ModifyClientVpnEndpoint, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			_, err := x.EditEndpoint(ctx, by, s.endpoint.ID, vpn.EndpointEdit{Version: 1, Name: "renamed", Certificate: s.server.ID, ClientOptions: vpn.DefaultOptions()})
			return err
		}},
		{vpn.CreateTags, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			_, err := x.SaveEndpointTags(ctx, by, other.ID, 1, []vpn.Tag{{Key: "a", Value: "b"}})
			return err
		}},
		{vpn.DeleteClientVpnEndpoint, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			return x.DeleteEndpoint(ctx, by, other.ID, "delete")
		}},
		{vpn.AssociateClientVpnTargetNetwork, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			_, err := x.Associate(ctx, by, s.endpoint.ID, s.network.ID, s.b.ID)
			return err
		}},
		{vpn.AuthorizeClientVpnIngress, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			_, err := x.Authorize(ctx, by, s.endpoint.ID, vpn.RuleSpec{Destination: "10.0.7.0/24", AllUsers: true})
			return err
		}},
		{vpn.RevokeClientVpnIngress, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			return x.Revoke(ctx, by, s.endpoint.ID, rule.ID)
		}},
		{vpn.CreateClientVpnRoute, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			_, err := x.CreateRoute(ctx, by, s.endpoint.ID, vpn.RouteSpec{Destination: "0.0.0.0/0", Target: string(s.a.ID)})
			return err
		}},
		{vpn.DeleteClientVpnRoute, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			return x.DeleteRoute(ctx, by, s.endpoint.ID, route.ID)
		}},
		{vpn.TerminateClientVpnConnections, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			_, err := x.TerminateConnections(ctx, by, s.endpoint.ID, []vpn.ConnectionID{c.ID})
			return err
		}},
		{vpn.TerminateClientVpnConnections, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			_, err := x.TerminateUser(ctx, by, s.endpoint.ID, "alice")
			return err
		}},
		{vpn.DisassociateClientVpnTargetNetwork, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			return x.Disassociate(ctx, by, s.endpoint.ID, s.association.ID)
		}},
		{vpn.AddAdministrator, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			_, err := x.AddAdministrator(ctx, by, control.AdministratorSpec{Username: "carol", Role: vpn.RoleReadOnly, Password: password, Again: password})
			return err
		}},
		{vpn.EditAdministrator, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			_, err := x.EditAdministrator(ctx, by, reader, control.AdministratorEdit{Version: version, Role: vpn.RoleAdministrator})
			return err
		}},
		{vpn.ResetPassword, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			return x.ResetPassword(ctx, by, reader, password+"!", password+"!")
		}},
		{vpn.DeleteSubnet, "", func(ctx context.Context, x *control.Service, by control.Principal) error {
			return deleteSubnet(ctx, x, by, s.spare.ID)
		}},
	}
}

// full has one of everything that can be changed.
func full(t *testing.T) (*site, []attempt) {
	t.Helper()
	s := associated(t)
	rule := s.authorize("10.0.0.0/16")
	route, err := s.CreateRoute(t.Context(), s.boss, s.endpoint.ID, vpn.RouteSpec{Destination: "192.168.0.0/16", Target: string(s.a.ID)})
	s.must(err)
	s.spare, err = s.CreateSubnet(t.Context(), s.boss, s.network.ID, vpn.SubnetSpec{CIDR: "10.0.20.0/24", Zone: "zone-d"})
	s.must(err)
	other := s.create("other", "10.30.0.0/22", "1194")
	s.reconcile()
	return s, s.changes(rule, route, other, s.connect("alice"))
}

// A read-only account, a visitor, and the kinds of principals that no feature uses yet change nothing; each attempt is on record.
func TestOnlyAdministratorsChange(t *testing.T) {
	t.Parallel()
	s, changes := full(t)
	visitor := control.Principal{Source: "203.0.113.9"}
	portalUser := control.Principal{Kind: control.PortalUser, ID: s.boss.ID, Name: "erin", Role: vpn.RoleAdministrator, Source: "203.0.113.9"}
	key := control.Principal{Kind: control.AccessKey, ID: s.boss.ID, Name: "key", Role: vpn.RoleAdministrator, Source: "203.0.113.9"}
	for _, c := range changes {
		for _, by := range []struct {
			control.Principal
			words string
		}{{s.reader, "Your account is read-only"}, {visitor, "Sign in first"}, {portalUser, "You may not do this"}, {key, "You may not do this"}} {
			before, records := s.rows("audit"), len(s.audit())
			s.Woken()
			err := c.run(t.Context(), s.Service, by.Principal)
			s.wantKind(string(c.action)+" by "+by.Name, err, vpn.Denied, by.words)
			if after := s.rows("audit"); after != before {
				t.Errorf("%s by %q changed\n%s\nto\n%s", c.action, by.Name, before, after)
			}
			if s.Woken() {
				t.Errorf("%s by %q woke the reconciler", c.action, by.Name)
			}
			if by.Kind != control.Administrator && (c.action == vpn.ResetPassword || c.action == vpn.ExportClientVpnClientConfiguration) {
				continue // stopped at looking up what it is about
			}
			all := s.audit()
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

// An administrator's change and its audit record are one: exactly one record, without secrets,
// and where it cannot be written nothing is changed.
func TestChangesAreAudited(t *testing.T) {
	t.Parallel()
	s, changes := full(t)
	unaudited := s.service(s.db)
	for _, c := range changes {
		before := s.rows()
		s.withoutAudit(func() {
			if err := c.run(t.Context(), unaudited, s.boss); err == nil || vpn.KindOf(err) != vpn.Internal {
				t.Errorf("%s without audit: got %v", c.action, err)
			}
		})
		if after := s.rows(); after != before {
			t.Errorf("%s without audit changed\n%s\nto\n%s", c.action, before, after)
		}
		records := len(s.audit())
		if err := c.run(t.Context(), s.Service, s.boss); err != nil {
			t.Errorf("%s: %v", c.action, err)
			continue
		}
		all := s.audit()
		r := all[len(all)-1]
		if len(all) != records+1 || r.Action != c.action || r.Actor != "boss" || r.Source != s.boss.Source || r.Request != s.boss.Request ||
			r.Result != "ok" || r.Subject == "" || !r.At.Equal(s.clock.now()) {
			t.Errorf("%s: %d records, the last is %+v", c.action, len(all)-records, r)
		}
		if strings.Contains(r.Before+r.After, "PRIVATE KEY") || strings.Contains(r.Before+r.After, "Static key") || strings.Contains(r.Before+r.After, "argon2id") {
			t.Errorf("%s: a secret is in the record", c.action)
		}
	}
	if text := s.log.String(); strings.Contains(text, "PRIVATE KEY") || strings.Contains(text, password) {
		t.Error("a secret is in the log")
	}
}

// Everybody who signed in sees everything; nobody else sees anything.
func TestWhoMaySee(t *testing.T) {
	t.Parallel()
	s, _ := full(t)
	id, l := s.endpoint.ID, vpn.List{}
	for name, read := range map[string]func(context.Context, control.Principal) error{
		"Networks": func(ctx context.Context, by control.Principal) error { _, err := s.Networks(ctx, by, l); return err },
		"Network": func(ctx context.Context, by control.Principal) error {
			_, err := s.Network(ctx, by, s.network.ID)
			return err
		},
		"Subnets": func(ctx context.Context, by control.Principal) error {
			_, err := s.Subnets(ctx, by, s.network.ID, l)
			return err
		},
		"Subnet": func(ctx context.Context, by control.Principal) error { _, err := s.Subnet(ctx, by, s.a.ID); return err },
		"Certificates": func(ctx context.Context, by control.Principal) error {
			_, err := s.Certificates(ctx, by, l)
			return err
		},
		"Certificate": func(ctx context.Context, by control.Principal) error {
			_, err := s.Certificate(ctx, by, s.ca.ID)
			return err
		},
		"Authorities": func(ctx context.Context, by control.Principal) error {
			_, err := s.Authorities(ctx, by, "")
			return err
		},
		"Endpoints": func(ctx context.Context, by control.Principal) error { _, err := s.Endpoints(ctx, by, l); return err },
		"Endpoint":  func(ctx context.Context, by control.Principal) error { _, err := s.Endpoint(ctx, by, id); return err },
		"EndpointChoices": func(ctx context.Context, by control.Principal) error {
			_, err := s.EndpointChoices(ctx, by, "")
			return err
		},
		"AssociationChoices": func(ctx context.Context, by control.Principal) error {
			_, err := s.AssociationChoices(ctx, by, id, control.AssociationSearch{})
			return err
		},
		"DisassociatePreview": func(ctx context.Context, by control.Principal) error {
			_, err := s.DisassociatePreview(ctx, by, id, s.association.ID)
			return err
		},
		"Rules":  func(ctx context.Context, by control.Principal) error { _, err := s.Rules(ctx, by, id, l); return err },
		"Routes": func(ctx context.Context, by control.Principal) error { _, err := s.Routes(ctx, by, id, l); return err },
		"Connections": func(ctx context.Context, by control.Principal) error {
			_, err := s.Connections(ctx, by, id, l)
			return err
		},
		"ConnectionsPreview": func(ctx context.Context, by control.Principal) error {
			_, err := s.ConnectionsPreview(ctx, by, id, nil, "alice")
			return err
		},
		"Attempts": func(ctx context.Context, by control.Principal) error { _, err := s.Attempts(ctx, by, id); return err },
		"ClientCertificates": func(ctx context.Context, by control.Principal) error {
			_, err := s.ClientCertificates(ctx, by, id, "")
			return err
		},
		"ClientConfiguration": func(ctx context.Context, by control.Principal) error {
			_, err := s.ClientConfiguration(ctx, by, id, "")
			return err
		},
		"Administrators": func(ctx context.Context, by control.Principal) error {
			_, err := s.Administrators(ctx, by, l)
			return err
		},
		"Administrator": func(ctx context.Context, by control.Principal) error {
			_, err := s.Administrator(ctx, by, vpn.AdministratorID(s.boss.ID))
			return err
		},
		"GettingStarted": func(ctx context.Context, by control.Principal) error { _, err := s.GettingStarted(ctx, by); return err },
		"Node":           func(ctx context.Context, by control.Principal) error { _, err := s.Node(ctx, by); return err },
	} {
		before := s.rows()
		s.wantKind(name, read(t.Context(), control.Principal{}), vpn.Denied, "Sign in first")
		s.wantKind(name, read(t.Context(), control.Principal{Role: "root"}), vpn.Denied, "Sign in first")
		if s.rows() != before {
			t.Errorf("%s changed something for a stranger", name)
		}
		for _, by := range []control.Principal{s.reader, s.boss} {
			if err := read(t.Context(), by); err != nil {
				t.Errorf("%s by %s: %v", name, by.Name, err)
			}
		}
	}
}

func deleteSubnet(ctx context.Context, x *control.Service, by control.Principal, id vpn.SubnetID) error {
	_, err := x.DeleteSubnet(ctx, by, id)
	return err
}
