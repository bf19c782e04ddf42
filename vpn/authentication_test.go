package vpn

import "testing"

// What users prove: at least one of a certificate and a password. What was not chosen is not taken from the rest of a form.
func TestAuthentication(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spec         EndpointSpec
		ca           CertificateID
		directory    DirectoryID
		field, words string
	}{
		"neither":                   {EndpointSpec{ClientCA: "cert-ca", Directory: "d-1"}, "", "", "mutual", "at least one"},
		"own authority":             {EndpointSpec{Mutual: true}, "cert-1", "", "", ""},
		"another authority":         {EndpointSpec{Mutual: true, ClientCA: "cert-ca", Directory: "d-1"}, "cert-ca", "", "", ""},
		"directory":                 {EndpointSpec{UserBased: true, Directory: "d-1", ClientCA: "cert-ca"}, "", "d-1", "", ""},
		"no directory":              {EndpointSpec{UserBased: true}, "", "", "directory", "Choose the directory"},
		"certificate and directory": {EndpointSpec{UserBased: true, Mutual: true, Directory: "d-1"}, "cert-1", "d-1", "", ""},
	} {
		s := c.spec
		s.Name, s.ClientCIDR, s.Certificate, s.ClientOptions = "main", "10.20.0.0/22", "cert-1", DefaultOptions()
		e, err := NewEndpoint(s, now)
		wantBad(t, name, err, c.field, c.words)
		if e.ClientCA != c.ca || e.Directory != c.directory || e.Mutual() != (c.ca != "") || e.AsksPassword() != (c.directory != "") {
			t.Errorf("%s: authority %q, directory %q", name, e.ClientCA, e.Directory)
		}
	}
}

// An endpoint without client certificates gets none with another server certificate.
func TestEditKeepsAuthentication(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	e.ClientCA, e.Directory = "", "d-1"
	if _, err := e.Edit(EndpointEdit{Version: 1, Certificate: "cert-2", ClientOptions: DefaultOptions()}); err != nil || e.ClientCA != "" || e.Directory != "d-1" {
		t.Errorf("authority %q, directory %q, %v", e.ClientCA, e.Directory, err)
	}
}

func TestDirectoryInUse(t *testing.T) {
	t.Parallel()
	d := Directory{ID: "d-1", Name: "Staff"}
	if err := d.InUse(nil); err != nil {
		t.Error(err)
	}
	one := EndpointRef{ID: "cvpn-endpoint-1", Name: "main"}
	for n, want := range map[int]string{
		1: "Users of endpoint main sign in at directory Staff (d-1). An endpoint keeps its directory: delete the directory after them.",
		7: "Users of endpoints main, main, main, main, main and 2 more sign in at directory Staff (d-1). An endpoint keeps its directory: delete the directory after them.",
	} {
		var used []EndpointRef
		for range n {
			used = append(used, one)
		}
		if err := d.InUse(used); KindOf(err) != Conflict || err.Error() != want {
			t.Errorf("%d: got %v", n, err)
		}
	}
}
