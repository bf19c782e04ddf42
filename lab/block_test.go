package lab

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
	"sallyport/lab/testpki"
)

// Blocking a certificate ends its connection at once with a sentence, and refuses it from then on; another
// certificate is not concerned, and after Unblock it connects again.
func TestBlock(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2)
	s.CreateNetwork()
	s.CreateCertificates("alice", "bob")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.WaitText("", "available")
	profile := s.Profile("alice")
	alice, bob := netlab.ConnectClient(t, s.clients[0], profile), netlab.ConnectClient(t, s.clients[1], s.Profile("bob"))
	s.WaitText("/connections", "alice", "Block this certificate")
	const sentence = "Your certificate is blocked on this VPN"
	block, _ := s.Get(s.Endpoint + "/connections").Doc.Find("tr").FilterFunction(func(_ int, row *goquery.Selection) bool {
		return strings.Contains(row.Text(), "alice")
	}).Find("a[href$='/block']").Attr("href")
	s.MustSubmit(block, "Block certificate", nil)
	began := time.Now()
	netlab.Eventually(t, 15*time.Second, "the blocked client's program ends", func() bool { return !alice.Running() })
	t.Logf("the client ended %d ms after the block", time.Since(began).Milliseconds())
	if !strings.Contains(alice.Log(), sentence) {
		t.Errorf("the client was not told why: %s", netlab.Tail(alice.Log(), 500))
	}
	again := netlab.StartClient(t, s.clients[0], profile)
	netlab.Eventually(t, 20*time.Second, "a login of the blocked certificate is refused", func() bool { return !again.Running() })
	if again.Ups() > 0 || !strings.Contains(again.Log(), sentence) {
		t.Errorf("the blocked client: %s", netlab.Tail(again.Log(), 500))
	}
	s.WaitText("/connections?view=refused", sentence)
	s.WaitText("/connections?view=ended", "The certificate was blocked by administrator")
	if !bob.Running() {
		t.Error("the other client ended too")
	}
	unblock, _ := s.Get("/certificates/blocked").Doc.Find("a[href$='/unblock']").Attr("href")
	s.MustSubmit(unblock, "Unblock certificate", nil)
	alice = netlab.ConnectClient(t, s.clients[0], profile)

	// On hold the certificate is revoked; released it connects again.
	page, _ := s.Get("/certificates").Doc.Find("a:contains('alice')").Attr("href")
	s.MustSubmit(page+"/revoke", "Revoke certificate", gateway.Fields{"On hold, until it is released": ""})
	netlab.Eventually(t, 15*time.Second, "the client on hold ends", func() bool { return !alice.Running() })
	if !strings.Contains(alice.Log(), "on hold") {
		t.Errorf("the client was not told that it is on hold: %s", netlab.Tail(alice.Log(), 500))
	}
	for _, process := range []string{"web", "dataplane"} {
		s.killAndWait(t, process)
		held := netlab.StartClient(t, s.clients[0], profile)
		netlab.Eventually(t, 20*time.Second, "a login on hold is refused after the kill of "+process, func() bool { return !held.Running() })
		if !strings.Contains(held.Log(), "ClientCertificateRevoked: Your certificate is on hold") {
			t.Errorf("the client on hold, after the kill of %s: %s", process, netlab.Tail(held.Log(), 500))
		}
	}
	release, _ := s.Get(page).Doc.Find("a:contains('Remove from hold')").Attr("href")
	s.MustSubmit(release, "Remove from hold", nil)
	s.killAndWait(t, "both")
	if !bob.Running() {
		t.Error("the other client ended with a kill")
	}
	netlab.ConnectClient(t, s.clients[0], profile)
}

// A block holds for the same certificate with another encoding of its signature, and of that of its issuer's
// certificate, which the client sends.
func TestBlockHoldsForAlteredSignatures(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	const hour, year = time.Hour, 300 * 24 * time.Hour
	root := testpki.Authority(t, "Imported CA")
	issuer := root.Authority(t, "Issuer below it")
	alice := issuer.Issue(t, "alice", x509.ExtKeyUsageClientAuth, -hour, year)
	s.CreateNetwork()
	s.CreateCertificates()
	s.MustSubmit("/certificates/import", "Import certificate", gateway.Fields{"Certificate authority": "", "Certificate": root.Certificate})
	s.CreateEndpoint(gateway.Fields{"Client certificate": "Imported CA"})
	s.Associate("subnet-a")
	s.WaitText("", "available")
	plain := s.Profile("")
	profile := func(c, issuer testpki.Credential) string {
		return c.AppendTo(plain) + testpki.Inline("extra-certs", issuer.Certificate)
	}
	client := netlab.ConnectClient(t, s.clients[0], profile(alice, issuer))
	s.WaitText("/connections", "alice", "Block this certificate")
	block, _ := s.Get(s.Endpoint + "/connections").Doc.Find("a[href$='/block']").Attr("href")
	s.MustSubmit(block, "Block certificate", nil)
	netlab.Eventually(t, 15*time.Second, "the blocked client's program ends", func() bool { return !client.Running() })
	again := netlab.StartClient(t, s.clients[0], profile(alice.Altered(t), issuer.Altered(t)))
	netlab.Eventually(t, 15*time.Second, "a login of the blocked certificate is refused", func() bool { return !again.Running() })
	if again.Ups() > 0 || !strings.Contains(again.Log(), "Your certificate is blocked on this VPN") {
		t.Errorf("the blocked client: %s", netlab.Tail(again.Log(), 500))
	}

	// The list of the issuer, which the endpoint does not have: when it has expired, it stops the issuer's clients.
	bob := issuer.Issue(t, "bob", x509.ExtKeyUsageClientAuth, -hour, year)
	s.MustSubmit("/certificates/import", "Import certificate", gateway.Fields{"Client certificate": "", "Certificate": bob.Certificate, "Private key": bob.Key, "Certificate chain": issuer.Certificate + root.Certificate})
	page, _ := s.Get("/certificates").Doc.Find("a:contains('bob')").Attr("href")
	lists := page + "/revocation-list"
	s.MustSubmit(lists+"/import", "Import client certificate CRL", gateway.Fields{"Certificate revocation list": issuer.RevocationList(t, 1, 8*time.Second)})
	s.WaitText(lists, "expired on")
	refused := netlab.StartClient(t, s.clients[0], profile(bob, issuer))
	netlab.Eventually(t, 15*time.Second, "a client of the authority with the expired list is refused", func() bool { return !refused.Running() })
	if refused.Ups() > 0 || !strings.Contains(refused.Log(), "ClientCertificateRevocationListExpired") {
		t.Errorf("a client of the authority with the expired list: %s", netlab.Tail(refused.Log(), 500))
	}
}
