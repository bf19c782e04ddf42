package vpn_test

import (
	"slices"
	"testing"
	"time"

	"sallyport/vpn"
	"sallyport/vpn/vpntest"
)

// The desired state of an endpoint with everything has no field that is zero: none was forgotten when it was made.
func TestDesiredHasEveryField(t *testing.T) {
	t.Parallel()
	p := vpntest.Filled[vpn.DesiredInput]()
	p.ClientCA.Use = vpn.UseAuthority
	local := p.Routes[0]
	local.Association, local.Removed = "", 0
	p.Associations[0].Removed, p.Rules[0].Removed, p.Routes[0].Removed = 0, 0, 0
	p.Routes[0].Association = p.Associations[0].ID
	p.Routes = append(p.Routes, local)
	want := []string{"WithoutCertificates", "Workers"} // the endpoint has a client authority; the node chooses the number
	if zero := vpntest.Zero(p.Desired()); !slices.Equal(zero, want) {
		t.Errorf("zero: %v, want only %v", zero, want)
	}
}

// The record of a certificate takes every fact over that has a field there.
func TestNewCertificateHasEveryField(t *testing.T) {
	t.Parallel()
	c := vpn.NewCertificate("name", vpn.UseServer, "cert-ca", vpntest.Filled[vpn.KeyPair](), vpntest.Filled[vpn.CertificateFacts](), time.Now())
	want := []string{"KeyTaken"} // the key was not downloaded yet
	if zero := vpntest.Zero(c); !slices.Equal(zero, want) {
		t.Errorf("zero: %v, want only %v", zero, want)
	}
}
