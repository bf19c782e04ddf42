package pki

import (
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

// under is a certificate below parent, or self-signed without one: a server's, unless the changes
// make it something else.
func under(t *testing.T, parent *vpn.KeyPair, cn string, changes ...func(*x509.Certificate)) vpn.KeyPair {
	t.Helper()
	return forge(t, ecKey(t, elliptic.P256()), parent, func(c *x509.Certificate) {
		c.Subject, c.DNSNames = pkix.Name{CommonName: cn}, nil
		for _, change := range changes {
			change(c)
		}
	})
}

// again is another certificate of an authority's key, under its own signature or another's.
func again(t *testing.T, old vpn.KeyPair, parent *vpn.KeyPair, cn string, changes ...func(*x509.Certificate)) vpn.KeyPair {
	t.Helper()
	key, fault := readKey(old.Key.Reveal())
	if fault != "" {
		t.Fatal(fault)
	}
	return forge(t, key, parent, func(c *x509.Certificate) {
		asCA(cn)(c)
		for _, change := range changes {
			change(c)
		}
	})
}

func ca(cn string) func(*x509.Certificate) { return asCA(cn) }

func expired(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Now().Add(-20*oneDay), time.Now().Add(-oneDay)
}

// opensslTakes tells what OpenSSL says to a certificate when its peer trusts a chain.
func opensslTakes(t *testing.T, purpose, cert, chain string) (bool, string) {
	t.Helper()
	out, err := openssl("verify", "-purpose", purpose, "-CAfile", write(t, "chain.pem", chain), write(t, "cert.pem", cert))
	return err == nil, out
}

// A certificate that OpenSSL verifies with some of the certificates in the box is imported, in
// whatever order they stand, with a chain that OpenSSL verifies it with alone.
func TestChainIsFound(t *testing.T) {
	t.Parallel()
	root := under(t, nil, "", ca("Root X1"))
	renewed := again(t, root, nil, "Root X1", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(300 * oneDay) })
	old := again(t, root, nil, "Root X1", expired)
	oldRoot := under(t, nil, "", ca("Old Root X0"), expired)
	cross := again(t, root, &oldRoot, "Root X1")
	crossRoot := under(t, nil, "", ca("Other Root X9"))
	crossed := again(t, root, &crossRoot, "Root X1")
	issuing := under(t, &root, "", ca("Issuing"))
	issuingOld := again(t, issuing, &root, "Issuing", expired)
	namesake := under(t, nil, "", ca("Root X1"))
	direct := under(t, &root, "vpn.example.com")
	deep := under(t, &issuing, "vpn.example.com")
	mutualA, mutualB := under(t, nil, "", ca("A")), under(t, nil, "", ca("B"))
	aByB, bByA := again(t, mutualA, &mutualB, "A"), again(t, mutualB, &mutualA, "B")
	underA := under(t, &mutualA, "vpn.example.com")
	self := again(t, issuing, &issuing, "Issuing") // an authority that rolls over signs its own name with another key
	for name, c := range map[string]struct {
		leaf   vpn.KeyPair
		bundle []vpn.KeyPair
	}{
		"expired copy of the root":      {direct, []vpn.KeyPair{old, root}},
		"two valid copies":              {direct, []vpn.KeyPair{old, renewed, root}},
		"cross-signed by an old root":   {direct, []vpn.KeyPair{cross, oldRoot, root}},
		"cross-signed, signer is away":  {direct, []vpn.KeyPair{cross, root}},
		"cross-signed, root is away":    {direct, []vpn.KeyPair{crossed, crossRoot}},
		"all of it":                     {direct, []vpn.KeyPair{namesake, cross, oldRoot, old}},
		"a namesake":                    {direct, []vpn.KeyPair{namesake, root}},
		"expired copy of the issuing":   {deep, []vpn.KeyPair{issuingOld, issuing, root}},
		"expired copies of both":        {deep, []vpn.KeyPair{issuingOld, issuing, old, root}},
		"an issuing that signed itself": {deep, []vpn.KeyPair{self, issuing, root}},
		"authorities of each other":     {underA, []vpn.KeyPair{aByB, bByA, mutualB, mutualA}},
		"each other's, one root":        {underA, []vpn.KeyPair{aByB, bByA, mutualB}},
		"another certificate too":       {direct, []vpn.KeyPair{direct, deep, root}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "all of it" {
				c.bundle = append(c.bundle, root)
			}
			permutations(len(c.bundle), func(order []int) {
				text := ""
				for _, i := range order {
					text += c.bundle[i].Certificate
				}
				got, err := check(c.leaf.Certificate, c.leaf.Key.Reveal(), text, vpn.UseServer, time.Now())
				if err != nil {
					t.Fatalf("%v: %v", order, err)
				}
				if ok, out := opensslTakes(t, "sslserver", got.Certificate, got.Chain); !ok {
					t.Errorf("%v: OpenSSL does not verify it: %s", order, out)
				}
			})
		})
	}

	// The certificates of a public report, as they were met.
	now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	_, err := check(testdata(t, "renewed-ca-server.crt"), "", testdata(t, "renewed-ca-chain-old-first.pem"), vpn.UseServer, now)
	if f := vpn.FieldsOf(err); len(f) != 1 || f["private_key"] == "" {
		t.Errorf("renewed authority, old one first: want the key alone missing, got %v", err)
	}
}

// permutations calls f with every order of n things, or with some of them where there are many.
func permutations(n int, f func([]int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	if n > 4 {
		for range n {
			f(order)
			order = append(order[1:], order[0])
			backwards := slices.Clone(order)
			slices.Reverse(backwards)
			f(backwards)
		}
		return
	}
	var place func(int)
	place = func(k int) {
		if k == n {
			f(order)
			return
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			place(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	place(0)
}

// Where no candidate leads to a root, the reason is that of the way that came farthest.
func TestChainIsNotFound(t *testing.T) {
	t.Parallel()
	root := under(t, nil, "", ca("Root"))
	old := again(t, root, nil, "Root", expired)
	issuing := under(t, &root, "", ca("Issuing"))
	issuingOld := again(t, issuing, &root, "Issuing", expired)
	leaf := under(t, &issuing, "vpn.example.com")
	for name, c := range map[string]struct {
		bundle []vpn.KeyPair
		says   string
	}{
		"all copies of the issuing expired": {[]vpn.KeyPair{issuingOld, root}, "The chain's Issuing is valid from"},
		"all copies of the root expired":    {[]vpn.KeyPair{issuingOld, issuing, old}, "The chain's Root is valid from"},
		"the root is away":                  {[]vpn.KeyPair{issuingOld, issuing}, "The chain ends at Issuing, which Root issued. Add the certificate of Root"},
		"namesakes only":                    {[]vpn.KeyPair{under(t, nil, "", ca("Issuing")), root}, "has the right name but did not sign this certificate"},
		"namesake of the root":              {[]vpn.KeyPair{issuing, under(t, nil, "", ca("Root"))}, "has the right name but did not sign Issuing"},
		"the root alone":                    {[]vpn.KeyPair{root}, "it needs the certificate of Issuing"},
	} {
		permutations(len(c.bundle), func(order []int) {
			text := ""
			for _, i := range order {
				text += c.bundle[i].Certificate
			}
			_, err := check(leaf.Certificate, leaf.Key.Reveal(), text, vpn.UseServer, time.Now())
			if got := vpn.FieldsOf(err)["chain"]; !strings.Contains(got, c.says) {
				t.Errorf("%s %v: got %q, want %q", name, order, got, c.says)
			}
		})
	}
}

// What OpenSSL verifies is imported, and what it refuses is refused, for a reason that is said.
func TestChainIsJudgedAsByOpenSSL(t *testing.T) {
	t.Parallel()
	clientOnly := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }
	anyUsage := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }
	both := func(c *x509.Certificate) {
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	}
	noUsage := func(c *x509.Certificate) { c.KeyUsage = 0 }
	crlOnly := func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign }
	noBasic := func(c *x509.Certificate) { c.BasicConstraintsValid = false }
	pathLen := func(n int) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = n, n == 0 }
	}
	extra := func(id asn1.ObjectIdentifier, critical bool, value ...byte) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: id, Critical: critical, Value: value})
		}
	}
	unknown := asn1.ObjectIdentifier{1, 2, 3, 4}
	dns := func(domains ...string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = domains, true }
	}
	directory := func(tag byte, name pkix.Name) func(*x509.Certificate) {
		der, err := asn1.Marshal(name.ToRDNSequence())
		if err != nil {
			t.Fatal(err)
		}
		wrap := func(tag byte, b []byte) []byte { return append([]byte{tag, byte(len(b))}, b...) }
		return extra(oidNameConstraints, true, wrap(0x30, wrap(tag, wrap(0x30, wrap(0xa4, der))))...)
	}
	org := func(o string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.Subject.Organization = []string{o} }
	}
	host := func(c *x509.Certificate) { c.DNSNames = []string{"vpn.example.com"} }
	type link = []func(*x509.Certificate)
	for name, c := range map[string]struct {
		root, between, leaf link
		refused             string
	}{
		"plain":                              {},
		"root without key usage":             {root: link{noUsage}},
		"issuing without key usage":          {between: link{noUsage}},
		"root for revocation lists only":     {root: link{crlOnly}, refused: "does not name certificate signing"},
		"issuing for revocation lists only":  {between: link{crlOnly}, refused: "does not name certificate signing"},
		"root without basic constraints":     {root: link{noBasic, noUsage}, refused: "basic constraints do not say CA"},
		"root with key usage alone":          {root: link{noBasic}},
		"issuing with key usage alone":       {between: link{noBasic}, refused: "basic constraints do not say CA"},
		"issuing for clients only":           {between: link{clientOnly}, refused: "Issuing may not issue certificates for servers"},
		"issuing for both":                   {between: link{both}},
		"issuing for any usage":              {between: link{anyUsage}, refused: "may not issue certificates for servers"},
		"root for clients only":              {root: link{clientOnly}, refused: "Root may not issue certificates for servers"},
		"root for both":                      {root: link{both}},
		"server for both":                    {leaf: link{both}},
		"path length 0 above one":            {root: link{pathLen(0)}, refused: "Root may have 0 authorities below it"},
		"path length 1 above one":            {root: link{pathLen(1)}},
		"path length 0 above none":           {between: link{pathLen(0)}},
		"critical unknown at the issuing":    {between: link{extra(unknown, true, 5, 0)}, refused: "critical extension 1.2.3.4"},
		"unknown at the issuing":             {between: link{extra(unknown, false, 5, 0)}},
		"critical unknown at the root":       {root: link{extra(unknown, true, 5, 0)}, refused: "critical extension 1.2.3.4"},
		"critical unknown at the server":     {leaf: link{extra(unknown, true, 5, 0)}, refused: "critical extension 1.2.3.4"},
		"old type for servers":               {leaf: link{extra(oidNetscapeType, false, 3, 2, 6, 0x40)}},
		"old type, critical":                 {leaf: link{extra(oidNetscapeType, true, 3, 2, 6, 0x40)}},
		"old type for clients":               {leaf: link{extra(oidNetscapeType, false, 3, 2, 7, 0x80)}, refused: "Netscape certificate type"},
		"DNS constraint that fits":           {root: link{dns("example.com")}, leaf: link{host}},
		"DNS constraint that does not":       {root: link{dns("example.org")}, leaf: link{host}, refused: "may not certify this certificate"},
		"directory constraint that fits":     {root: link{directory(0xa0, pkix.Name{Organization: []string{"ACME  corp"}})}, between: link{org("Acme Corp")}, leaf: link{org("acme corp")}},
		"directory constraint, other leaf":   {root: link{directory(0xa0, pkix.Name{Organization: []string{"Acme"}})}, between: link{org("Acme")}, leaf: link{org("Umbrella")}, refused: "may not certify the name CN=vpn.example.com,O=Umbrella (name constraints)"},
		"directory constraint, other middle": {root: link{directory(0xa0, pkix.Name{Organization: []string{"Acme"}})}, between: link{org("Umbrella")}, leaf: link{org("Acme")}, refused: "may not certify the name CN=Issuing,O=Umbrella"},
		"directory that is excluded":         {between: link{directory(0xa1, pkix.Name{Organization: []string{"Acme"}})}, leaf: link{org("Acme")}, refused: "name constraints"},
		"directory that is not excluded":     {between: link{directory(0xa1, pkix.Name{Organization: []string{"Acme"}})}, leaf: link{org("Umbrella")}},
		"a policy that is not there":         {root: link{extra(asn1.ObjectIdentifier{2, 5, 29, 36}, true, 0x30, 3, 0x80, 1, 0)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := under(t, nil, "", append(link{ca("Root")}, c.root...)...)
			issuing := under(t, &root, "", append(link{ca("Issuing")}, c.between...)...)
			leaf := under(t, &issuing, "vpn.example.com", c.leaf...)
			_, err := check(leaf.Certificate, leaf.Key.Reveal(), issuing.Certificate+root.Certificate, vpn.UseServer, time.Now())
			f := vpn.FieldsOf(err)
			if got := f["chain"] + f["certificate"]; (got == "") != (c.refused == "") || !strings.Contains(got, c.refused) {
				t.Errorf("got %q, want %q", got, c.refused)
			}
			if ok, out := opensslTakes(t, "sslserver", leaf.Certificate, issuing.Certificate+root.Certificate); ok != (c.refused == "") {
				t.Errorf("OpenSSL accepts it: %v: %s", ok, out)
			}
		})
	}
}

// Names are the same in every encoding, as OpenSSL compares them; which certificate of an authority
// is meant may be told by more than its name.
func TestChainNames(t *testing.T) {
	t.Parallel()
	raw := func(tag byte, text string) []byte {
		name := pkix.RDNSequence{{{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: asn1.RawValue{Tag: int(tag), Bytes: []byte(text)}}}}
		b, err := asn1.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	root := forge(t, ecKey(t, elliptic.P256()), nil, func(c *x509.Certificate) { asCA("")(c); c.RawSubject = raw(asn1.TagUTF8String, "Corp  Root CA") })
	signer, _ := readKey(root.Key.Reveal())
	issuedBy := func(name []byte, changes ...func(*x509.Certificate)) vpn.KeyPair {
		certs, _ := readCertificates(root.Certificate)
		parent := *certs[0]
		parent.RawSubject = name
		template := templateOf(spec("vpn.example.com"), time.Now())
		template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		for _, change := range changes {
			change(template)
		}
		p, err := sign(template, &parent, ecKey(t, elliptic.P256()), signer)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	keyID := func(serial *big.Int, issuer []byte) func(*x509.Certificate) {
		id := struct {
			Issuer asn1.RawValue
			Serial *big.Int `asn1:"tag:2"`
		}{asn1.RawValue{Class: 2, Tag: 1, IsCompound: true, Bytes: append([]byte{0xa4, byte(len(issuer))}, issuer...)}, serial}
		b, err := asn1.Marshal(id)
		if err != nil {
			t.Fatal(err)
		}
		return func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: oidAuthorityKeyID, Value: b}}
		}
	}
	certs, _ := readCertificates(root.Certificate)
	rootName, serial := certs[0].RawSubject, certs[0].SerialNumber
	for name, c := range map[string]struct {
		leaf    vpn.KeyPair
		refused string
	}{
		"the same name":           {issuedBy(rootName), ""},
		"another encoding":        {issuedBy(raw(asn1.TagPrintableString, "Corp  Root CA")), ""},
		"small letters":           {issuedBy(raw(asn1.TagUTF8String, "corp  root ca")), ""},
		"fewer spaces":            {issuedBy(raw(asn1.TagPrintableString, " Corp Root CA ")), ""},
		"BMPString":               {issuedBy(raw(asn1.TagBMPString, "\x00C\x00o\x00r\x00p\x00 \x00R\x00o\x00o\x00t\x00 \x00C\x00A")), ""},
		"another name":            {issuedBy(raw(asn1.TagUTF8String, "Corp Root")), "it needs the certificate of Corp Root"},
		"this very certificate":   {issuedBy(rootName, keyID(serial, rootName)), ""},
		"another serial number":   {issuedBy(rootName, keyID(new(big.Int).Add(serial, big.NewInt(1)), rootName)), "names a certificate with another serial number as its issuer's"},
		"another issuer's issuer": {issuedBy(rootName, keyID(serial, raw(asn1.TagUTF8String, "Older Root"))), "names a certificate with another issuer as its issuer's"},
	} {
		got, err := check(c.leaf.Certificate, c.leaf.Key.Reveal(), root.Certificate, vpn.UseServer, time.Now())
		if says := vpn.FieldsOf(err)["chain"]; (err == nil) != (c.refused == "") || !strings.Contains(says, c.refused) {
			t.Errorf("%s: got %v, want %q", name, err, c.refused)
		}
		if err == nil && got.Chain != root.Certificate {
			t.Errorf("%s: the chain is not the root", name)
		}
		if ok, out := opensslTakes(t, "sslserver", c.leaf.Certificate, root.Certificate); ok != (c.refused == "") {
			t.Errorf("%s: OpenSSL accepts it: %v: %s", name, ok, out)
		}
	}
}

// An authority need not have a key usage extension, nor be of version 3. OpenVPN takes it and what
// it issued.
func TestAuthoritiesAsOpenSSLMakesThem(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	plain := testdata(t, "ca-without-key-usage.crt")
	if got, err := check(plain, "", "", vpn.UseAuthority, now); err != nil || got.Certificate != plain {
		t.Errorf("without key usage: %v", err)
	}
	if got, err := check(testdata(t, "client-of-ca-without-key-usage.crt"), "", plain, vpn.UseClient, now); err != nil || got.Chain != plain {
		t.Errorf("client of an authority without key usage: %v", err)
	}
	dir := t.TempDir()
	key, request, cert := dir+"/key", dir+"/request", dir+"/cert"
	must(t, "openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=Version 1 CA")
	must(t, "openssl", "x509", "-req", "-in", request, "-signkey", key, "-days", "30", "-out", cert)
	for name, ca := range map[string]vpn.KeyPair{
		"version 1":         {Certificate: string(must(t, "openssl", "x509", "-in", cert)), Key: vpn.Secret(must(t, "openssl", "pkey", "-in", key))},
		"without key usage": under(t, nil, "", asCA("No Usage CA"), func(c *x509.Certificate) { c.KeyUsage = 0 }),
		"no common name":    under(t, nil, "", asCA(""), func(c *x509.Certificate) { c.Subject = pkix.Name{Organization: []string{"No Common Name"}} }),
		"key usage alone":   under(t, nil, "", asCA("Usage CA"), func(c *x509.Certificate) { c.BasicConstraintsValid = false }),
	} {
		got, err := check(ca.Certificate, ca.Key.Reveal(), "", vpn.UseAuthority, time.Now().Add(time.Minute))
		if err != nil || got.Certificate != ca.Certificate {
			t.Errorf("%s: %v", name, err)
			continue
		}
		server, client := mustIssue(t, vpn.UseServer, got, spec("vpn.example.com")), mustIssue(t, vpn.UseClient, got, spec("alice"))
		if _, err := check(server.Certificate, server.Key.Reveal(), got.Certificate, vpn.UseServer, time.Now().Add(time.Minute)); err != nil {
			t.Errorf("%s: what it issued is not imported: %v", name, err)
		}
		atServer, atClient := connect(t, got.Certificate, server, client)
		await(t, atServer, "[alice] Peer Connection Initiated")
		await(t, atClient, "Initialization Sequence Completed")
	}
	nameless := under(t, nil, "", asCA(""), func(c *x509.Certificate) { c.Subject = pkix.Name{Organization: []string{"No Common Name"}} })
	if f, err := (Maker{}).Facts(nameless.Certificate); err != nil || f.CommonName != "O=No Common Name" {
		t.Errorf("an authority without a common name is called %q, %v", f.CommonName, err)
	}
	for name, c := range map[string]struct {
		change func(*x509.Certificate)
		says   string
	}{
		"no name at all":  {func(c *x509.Certificate) { c.Subject = pkix.Name{} }, "has no common name"},
		"neither":         {func(c *x509.Certificate) { c.BasicConstraintsValid, c.KeyUsage = false, 0 }, "This is not a certificate authority"},
		"servers only":    {func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }, "This authority may not issue certificates for clients"},
		"for usages only": {func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }, "does not name certificate signing"},
	} {
		_, err := check(under(t, nil, "", asCA("CA"), c.change).Certificate, "", "", vpn.UseAuthority, time.Now())
		if got := vpn.FieldsOf(err)["certificate"]; !strings.Contains(got, c.says) {
			t.Errorf("%s: got %q, want %q", name, got, c.says)
		}
	}
	clients := under(t, nil, "", asCA("Clients CA"), func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	if _, err := check(clients.Certificate, clients.Key.Reveal(), "", vpn.UseAuthority, time.Now()); err != nil {
		t.Errorf("an authority for clients: %v", err)
	}
	if _, err := (Maker{}).Issue(clients, vpn.UseServer, spec("vpn.example.com"), time.Now()); !strings.Contains(vpn.FieldsOf(err)["authority"], "may not issue certificates for servers") {
		t.Errorf("a server's certificate of an authority for clients: %v", err)
	}
}

// A bundle that is made to keep the search busy ends it.
func TestChainSearchIsBounded(t *testing.T) {
	t.Parallel()
	const authorities = 9
	var keys []crypto.Signer
	for range authorities {
		keys = append(keys, ecKey(t, elliptic.P384()))
	}
	text := ""
	for i := range keys { // each signed every other, and none is a root
		for j := range keys {
			if i == j {
				continue
			}
			parent := templateOf(spec(fmt.Sprint("CA ", j)), time.Now())
			child := templateOf(spec(""), time.Now())
			asCA(fmt.Sprint("CA ", i))(child)
			p, err := sign(child, parent, keys[i], keys[j])
			if err != nil {
				t.Fatal(err)
			}
			text += p.Certificate
		}
	}
	template := templateOf(spec("vpn.example.com"), time.Now())
	template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leaf, err := sign(template, templateOf(spec("CA 0"), time.Now()), ecKey(t, elliptic.P256()), keys[0])
	if err != nil {
		t.Fatal(err)
	}
	_, err = check(leaf.Certificate, leaf.Key.Reveal(), text, vpn.UseServer, time.Now())
	if got := vpn.FieldsOf(err)["chain"]; !strings.Contains(got, "too many ways") {
		t.Errorf("got %v", err)
	}
	certs, fault := readCertificates(text)
	if fault != "" {
		t.Fatal(fault)
	}
	at, _ := readCertificates(leaf.Certificate)
	s := &chainSearch{use: vpn.UseServer, now: time.Now(), given: certs, verified: map[[2]*x509.Certificate]bool{}, roots: map[*x509.Certificate]bool{}}
	for _, c := range certs {
		s.subjects = append(s.subjects, comparable(c.RawSubject))
	}
	s.extend(at)
	if s.steps > maxSteps+1 || s.signatures > maxSignatures+1 || s.steps < 100 {
		t.Errorf("%d steps and %d signatures", s.steps, s.signatures)
	}
	if _, err := check(leaf.Certificate, leaf.Key.Reveal(), strings.Repeat(leaf.Certificate, maxGiven+1), vpn.UseServer, time.Now()); !strings.Contains(vpn.FieldsOf(err)["chain"], "at most 100 are looked through") && !strings.Contains(vpn.FieldsOf(err)["chain"], "KB") {
		t.Errorf("%d certificates: %v", maxGiven+1, err)
	}
}
