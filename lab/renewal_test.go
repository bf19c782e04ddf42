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

// A server certificate that ends within 30 days renews itself where the setting says so, worker by worker, and is renewed again by hand,
// while a client sends and web and the dataplane are killed: the client goes on with the
// same session, connection and address, without a new login. Then the endpoint changes to another client authority: a client of
// either gets in, and the removal of the first ends its client alone.
func TestRenewalAndRollOver(t *testing.T) {
	t.Parallel()
	b := &busySite{site: newSite(t, 2)}
	b.CreateNetwork()
	authority := testpki.Authority(t, "Lab CA")
	ending := authority.Issue(t, "vpn.lab.test", x509.ExtKeyUsageServerAuth, -70*24*time.Hour, 20*24*time.Hour)
	b.MustSubmit("/certificates/import", "Import certificate", gateway.Fields{"Certificate authority": "", "Certificate": authority.Certificate, "Private key": authority.Key})
	b.MustSubmit("/certificates/import", "Import certificate", gateway.Fields{
		"Server certificate": "", "Certificate": ending.Certificate, "Private key": ending.Key, "Certificate chain": authority.Certificate})
	b.IssueCertificate("alice")
	b.CreateEndpoint(gateway.Fields{"Client certificate": "Lab CA"})
	b.Associate("subnet-a")
	b.Authorize("10.0.1.0/24")
	b.WaitText("", "available")
	profile := b.Profile("alice")
	alice := netlab.StartClient(t, b.clients[0], profile)
	alice.WaitUp(t, 1)
	address := alice.Address(t).String()
	b.transfers = append(b.transfers, startTransfer(t, b.clients[0], addrHostA))
	b.waitTransfers(t, "the start")
	has := func(name string) (connection, session, status string) {
		t.Helper()
		for _, row := range stored(t, b.Gateway, "SELECT id, session_id, status, client_ip FROM connection WHERE username = ? ORDER BY number", name) {
			connection, session, status = row[0], row[1], row[2]
		}
		return connection, session, status
	}
	active := func(name string) {
		t.Helper()
		netlab.Eventually(t, 20*time.Second, name+"'s connection is active", func() bool { _, _, status := has(name); return status == "active" })
	}
	active("alice")
	connection, session, _ := has("alice")
	serial := func() string {
		rows := stored(t, b.Gateway, "SELECT serial, id FROM certificate WHERE use = 'server'")
		return rows[0][0]
	}
	wantSame := func(what string) {
		t.Helper()
		if c, s, _ := has("alice"); c != connection || s != session || alice.Address(t).String() != address || strings.Contains(alice.Log(), "AUTH_FAILED") {
			t.Errorf("after %s alice has connection %s of session %s with %s, and had %s of %s with %s", what, c, s, alice.Address(t), connection, session, address)
		}
	}

	// The program looks for certificates that end when it starts, and every hour.
	before := serial()
	setting := func(value string) {
		b.MustSubmit("/settings", "Save settings", gateway.Fields{"Renew server certificates automatically": value})
		b.killAndWait(t, "web")
	}
	setting("off")
	b.waitTransfers(t, "the kill of web")
	if serial() != before {
		t.Error("the certificate renewed itself with the setting off")
	}
	logged := len(b.Log.String())
	setting("on")
	alice.WaitUp(t, 2)
	b.waitTransfers(t, "the certificate renewed itself")
	wantSame("the certificate renewed itself")
	// The last hours of its 90 days are not counted: the test may run over midnight.
	if days := stored(t, b.Gateway, "SELECT (not_after / 1000000 - ? + 43200) / 86400 FROM certificate WHERE use = 'server'", time.Now().Unix())[0][0]; serial() == before || days != "90" {
		t.Errorf("the certificate renewed itself for %s days", days)
	}
	netlab.Eventually(t, 20*time.Second, "both workers were restarted", func() bool { return strings.Count(b.Log.String()[logged:], "worker listens") == 2 })
	wantOneAfterTheOther(t, b.Log.String()[logged:])
	b.WaitText("", "available")

	before = serial()
	server := "/certificates/" + stored(t, b.Gateway, "SELECT id FROM certificate WHERE use = 'server'")[0][0]
	page := b.MustSubmit(server+"/renew", "Renew certificate", gateway.Fields{"Validity in days": "100"})
	if !strings.Contains(page.Text(), "1 connection of 1 user is reset") {
		t.Errorf("not announced: %s", netlab.Tail(page.Text(), 600))
	}
	b.Press(page, "Renew certificate", nil)
	b.killAndWait(t, "both")
	alice.WaitUp(t, 3)
	b.waitTransfers(t, "the renewal and the kill of both processes")
	if serial() == before {
		t.Error("the certificate is the one of before")
	}
	wantSame("the renewal")

	b.MustSubmit("/certificates/authority/new", "Create certificate authority", gateway.Fields{"Common name (CN)": "Next CA"})
	b.MustSubmit("/certificates/issue", "Issue certificate", gateway.Fields{"Client certificate": "", "Certificate authority": "Next CA", "Common name (CN)": "bob"})
	page = b.MustSubmit(b.Endpoint+"/client-authorities", "Add client authority", gateway.Fields{"Client certificate": "Next CA"})
	b.Press(page, "Add client authority", nil)
	alice.WaitUp(t, 4)
	b.waitTransfers(t, "the second authority")
	wantSame("the second authority")
	b.killAndWait(t, "both")
	b.waitTransfers(t, "the kill of both processes with two authorities")
	active("alice")
	bob := netlab.ConnectClient(t, b.clients[1], b.Profile("bob"))
	b.WaitText("/client-authorities", "Next CA", "1 connection by it now, 1 login in the last 14 days")
	_, bobs, _ := has("bob")

	page = b.Get(b.Endpoint + "/client-authorities")
	remove := page.Doc.Find("a").FilterFunction(func(_ int, a *goquery.Selection) bool { return strings.Contains(a.Text(), "Remove Lab CA") }).AttrOr("href", "")
	page = b.Get(remove)
	if !strings.Contains(page.Text(), "1 connection will end: alice.") {
		t.Errorf("the removal names no one: %s", netlab.Tail(page.Text(), 600))
	}
	b.Press(page, "Remove client authority", nil)
	netlab.Eventually(t, 20*time.Second, "alice's connection ends", func() bool { _, _, status := has("alice"); return status == "terminated" })
	netlab.Eventually(t, 20*time.Second, "bob goes on with his session", func() bool {
		_, session, status := has("bob")
		return session == bobs && status == "active" && b.clients[1].Reaches(addrHostA, netlab.EchoPort)
	})
	if strings.Contains(bob.Log(), "AUTH_FAILED") {
		t.Error("bob was refused in between")
	}
	netlab.StartClient(t, b.clients[0], profile)
	netlab.Eventually(t, 20*time.Second, "alice's certificate is refused", func() bool {
		return strings.Contains(strings.Join(b.WorkerLogs(), ""), "VERIFY ERROR")
	})
	if _, _, status := has("alice"); status != "terminated" {
		t.Errorf("alice is %s", status)
	}
}

// wantOneAfterTheOther checks that no worker was stopped before the one that was restarted before it listened again.
func wantOneAfterTheOther(t *testing.T, log string) {
	t.Helper()
	stopped, listen := 0, 0
	for line := range strings.Lines(log) {
		switch {
		case strings.Contains(line, "worker is restarted with a new configuration"):
			if stopped++; listen != stopped-1 {
				t.Errorf("worker %d was stopped when %d of those before it listened", stopped, listen)
			}
		case strings.Contains(line, "worker listens"):
			listen++
		}
	}
	if stopped != 2 || listen != 2 {
		t.Errorf("%d workers were stopped and %d listened, want 2", stopped, listen)
	}
}
