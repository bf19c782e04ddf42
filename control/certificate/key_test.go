package certificate_test

import (
	"strings"
	"sync"
	"testing"

	"sallyport/vpn"
)

// Only the private keys of client certificates can be downloaded.
func TestServerKeyIsKept(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	for what, c := range map[string]struct {
		run   func() error
		kind  vpn.Kind
		words string
	}{
		"a server's key": {func() error { _, _, err := s.Certificates.TakeClientKey(ctx, s.Admin, s.Server.ID); return err }, vpn.Conflict, "Only the private keys of client"},
	} {
		s.WantRefusal(what, c.kind, c.words, c.run)
	}
}

// A client's key is downloaded once.
func TestClientKeyOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	pair, name, err := s.Certificates.TakeClientKey(t.Context(), s.Admin, s.Alice.ID)
	s.Must(err)
	if name != "alice" || pair.Certificate != s.Alice.PEM || !strings.Contains(pair.Key.Reveal(), "PRIVATE KEY") || pair.Chain != s.CA.PEM {
		t.Errorf("got %s, %q", name, pair.Chain)
	}
	if r := s.LastAudit(); r.Action != "ExportClientCertificateKey" || r.Subject != string(s.Alice.ID) {
		t.Errorf("audit %+v", r)
	}
	before := s.Rows()
	pair, _, err = s.Certificates.TakeClientKey(t.Context(), s.Admin, s.Alice.ID)
	s.WantKind("again", err, vpn.Conflict, "given out only once")
	if pair.Key != "" || s.Rows() != before {
		t.Error("the refusal gave the key or changed something")
	}
}

// Of ten requests at once one gets the key.
func TestClientKeyOnceAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	keys := make(chan vpn.Secret, 10)
	var asking sync.WaitGroup
	for range cap(keys) {
		asking.Go(func() {
			if pair, _, err := s.Certificates.TakeClientKey(t.Context(), s.Admin, s.Alice.ID); err == nil {
				keys <- pair.Key
			}
		})
	}
	asking.Wait()
	if len(keys) != 1 {
		t.Errorf("%d of ten requests got the key, want one", len(keys))
	}
}
