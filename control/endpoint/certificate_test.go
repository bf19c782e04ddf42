package endpoint_test

import (
	"encoding/pem"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"sallyport/store"
	"sallyport/vpn"
)

// A public authority is never accepted for client certificates, whether it is chosen or is the one of
// the server certificate, at the creation of an endpoint or at an edit.
func TestPublicAuthorityIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var public string
	for root := range bundle.Roots() {
		public = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		break
	}
	kept := vpn.Certificate{ID: vpn.NewCertificateID(), Name: "Public CA", Use: vpn.UseAuthority, CommonName: "Public CA", PEM: public, NotAfter: s.Clock.Now().Add(time.Hour)}
	server := vpn.Certificate{ID: vpn.NewCertificateID(), Name: "web", Use: vpn.UseServer, CommonName: "web", PEM: public, Chain: public, HasKey: true, NotAfter: s.Clock.Now().Add(time.Hour)}
	s.Must(s.Store.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.CreateCertificate(t.Context(), kept, ""); err != nil {
			return err
		}
		return tx.CreateCertificate(t.Context(), server, "key")
	}))
	own, err := s.Endpoints.CreateEndpoint(t.Context(), s.Admin, vpn.EndpointSpec{Name: "own", ClientCIDR: "10.60.0.0/22", Certificate: s.Server.ID, Port: "1300", Mutual: true, ClientOptions: vpn.DefaultOptions()})
	s.Must(err)
	n := 0
	create := func(server, client vpn.CertificateID) error {
		n++
		_, err := s.Endpoints.CreateEndpoint(t.Context(), s.Admin, vpn.EndpointSpec{
			Name: "new", ClientCIDR: "10." + strconv.Itoa(100+n) + ".0.0/22", Certificate: server, ClientCA: client, Port: strconv.Itoa(1400 + n),
			Mutual: true, ClientOptions: vpn.DefaultOptions(),
		})
		return err
	}
	_, edited := s.Endpoints.EditEndpoint(t.Context(), s.Admin, own.ID, vpn.EndpointEdit{Version: own.Version, Name: "own", Certificate: server.ID, Port: "1300", ClientOptions: vpn.DefaultOptions()})
	for what, err := range map[string]error{
		"chosen": create(s.Server.ID, kept.ID), "the server's own": create(server.ID, ""), "named twice": create(server.ID, server.ID), "edit": edited,
	} {
		if got := vpn.FieldsOf(err)["client_ca"]; !strings.Contains(got, "anyone with one could connect") {
			t.Errorf("%s: %v", what, err)
		}
	}
	s.Must(create(server.ID, s.CA.ID)) // a public server certificate with a private authority is accepted
}
