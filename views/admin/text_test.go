package admin

import (
	"strings"
	"testing"

	"sallyport/vpn"
)

// Two certificates of one name can be told apart where one is chosen; the others have no ID beside their name.
func TestCertificatesOfOneName(t *testing.T) {
	t.Parallel()
	options := CertificateOptions("Choose", []vpn.Certificate{
		{ID: "cvpn-cert-000000aaaaaa", Name: "alice", CommonName: "alice"}, {ID: "cvpn-cert-000000bbbbbb", Name: "alice", CommonName: "alice"}, {ID: "cvpn-cert-000000cccccc", Name: "bob", CommonName: "bob"},
	})
	if !strings.HasSuffix(options[1].Label, "ID … aaaaaa") || !strings.HasSuffix(options[2].Label, "ID … bbbbbb") || strings.Contains(options[3].Label, "ID") {
		t.Errorf("got %+v", options)
	}
}
