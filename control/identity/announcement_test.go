package identity_test

import (
	"errors"
	"testing"

	"sallyport/control/controltest"
	"sallyport/vpn"
)

var corp = vpn.DirectorySpec{Name: "corp", Password: "secret", DirectoryOptions: vpn.DirectoryOptions{
	Type: vpn.ActiveDirectory, URLs: []string{"ldaps://dc1.corp.example.com"}, BaseDN: "DC=corp,DC=example,DC=com", BindDN: "svc@corp.example.com",
	SignIn: []vpn.SignInName{vpn.SignInUPN},
}}

// MFA that is switched on or off makes the files of the directory's endpoints useless: it is announced and asks for the
// word. Everything else is saved at once.
func TestMFAIsAnnounced(t *testing.T) {
	t.Parallel()
	s := controltest.NewSite(t)
	ctx := t.Context()
	d, err := s.Identity.CreateDirectory(ctx, s.Admin, corp)
	s.Must(err)
	e, err := s.Endpoints.CreateEndpoint(ctx, s.Admin, vpn.EndpointSpec{
		Name: "staff", ClientCIDR: "10.40.0.0/22", Certificate: s.Server.ID, Port: "1200", UserBased: true, Directory: d.ID, ClientOptions: vpn.DefaultOptions(),
	})
	s.Must(err)
	_, err = s.Endpoints.ClientConfiguration(ctx, s.Admin, e.ID, "")
	s.Must(err)
	_, err = s.Endpoints.ClientConfiguration(ctx, s.Admin, s.Endpoint.ID, "") // of an endpoint without it
	s.Must(err)
	edit := func(version int, change func(*vpn.DirectorySpec)) vpn.DirectorySpec {
		spec := corp
		spec.Version, spec.Password = version, ""
		change(&spec)
		return spec
	}
	d, err = s.Identity.EditDirectory(ctx, s.Admin, d.ID, edit(1, func(x *vpn.DirectorySpec) { x.Name = "company" }), vpn.Consent{})
	s.Must(err)
	mfa := edit(d.Version, func(x *vpn.DirectorySpec) { x.MFA = true })
	a, err := s.Identity.AnnounceEdit(ctx, s.Admin, d.ID, mfa)
	s.Must(err)
	if a.Kind() != "files" || a.Stop != 1 || a.Word() == "" {
		t.Errorf("got %+v", a)
	}
	before := s.Rows()
	if _, err := s.Identity.EditDirectory(ctx, s.Admin, d.ID, mfa, vpn.Consent{}); !errors.Is(err, vpn.ErrUnannounced) || s.Rows() != before {
		t.Errorf("unannounced: %v", err)
	}
	if _, err := s.Identity.EditDirectory(ctx, s.Admin, d.ID, mfa, vpn.Consent{Announced: "files"}); vpn.FieldsOf(err)["confirm"] == "" || s.Rows() != before {
		t.Errorf("without the word: %v", err)
	}
	d, err = s.Identity.EditDirectory(ctx, s.Admin, d.ID, mfa, vpn.Consent{Announced: "files", Word: "replace"})
	s.Must(err)
	off := edit(d.Version, func(*vpn.DirectorySpec) {})
	if a, err := s.Identity.AnnounceEdit(ctx, s.Admin, d.ID, off); err != nil || a.Stop != 0 {
		t.Errorf("no file asks for a code: got %+v, %v", a, err)
	}
}

// A directory that an endpoint uses stays.
func TestDirectoryInUseIsKept(t *testing.T) {
	t.Parallel()
	s := controltest.NewSite(t)
	ctx := t.Context()
	d, err := s.Identity.CreateDirectory(ctx, s.Admin, corp)
	s.Must(err)
	create := func(name, cidr, port string, directory vpn.DirectoryID) error {
		_, err := s.Endpoints.CreateEndpoint(ctx, s.Admin, vpn.EndpointSpec{
			Name: name, ClientCIDR: cidr, Certificate: s.Server.ID, Port: port, Mutual: true, UserBased: true, Directory: directory, ClientOptions: vpn.DefaultOptions(),
		})
		return err
	}
	s.WantBadInput("no such directory", "directory", func() error { return create("x", "10.40.0.0/22", "1200", "d-0000000000") })
	s.Must(create("staff", "10.40.0.0/22", "1200", d.ID))
	s.Must(create("guests", "10.44.0.0/22", "1201", d.ID))
	s.WantRefusal("in use", vpn.Conflict, "Users of endpoints guests, staff sign in at directory corp", func() error { return s.Identity.DeleteDirectory(ctx, s.Admin, d.ID) })
}
