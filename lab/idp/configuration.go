package idp

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func (o Options) filled() Options {
	if o.Users == nil {
		o.Users = People()
	}
	o.NameIDFormat = cmp.Or(o.NameIDFormat, EmailAddress)
	o.GroupAttribute = cmp.Or(o.GroupAttribute, "memberOf")
	o.Workers = cmp.Or(o.Workers, 2)
	return o
}

// configure writes the configuration of SimpleSAMLphp, with a key of its own.
func (p *Provider) configure(t testing.TB, o Options) {
	t.Helper()
	for _, name := range []string{"metadata", "tmp", "data", "cert", "logs"} {
		if err := os.Mkdir(filepath.Join(p.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	certificate, key := signingKey(t)
	p.write(t, "cert/idp.crt", certificate)
	p.write(t, "cert/idp.pem", key)
	p.write(t, "config.php", fmt.Sprintf(`<?php
$config = [
	'baseurlpath' => %[1]s,
	'certdir' => %[2]s, 'datadir' => %[3]s, 'tempdir' => %[4]s, 'loggingdir' => %[5]s, 'metadatadir' => %[6]s,
	'secretsalt' => 'salt-of-tests', 'auth.adminpassword' => %[7]s, 'timezone' => 'UTC', 'technicalcontact_email' => 'na@example.test',
	'enable.saml20-idp' => true, 'module.enable' => ['core' => true, 'saml' => true, 'exampleauth' => true],
	'metadata.sources' => [['type' => 'flatfile']], 'store.type' => 'phpsession', 'session.cookie.secure' => false,
	'logging.handler' => 'errorlog', 'logging.level' => 5,
];
`, php(p.Base), php(p.dir+"/cert/"), php(p.dir+"/data/"), php(p.dir+"/tmp"), php(p.dir+"/logs/"), php(p.dir+"/metadata"), php(Password)))
	var users strings.Builder
	for _, u := range o.Users {
		groups := make([]string, len(u.Groups))
		for i, g := range u.Groups {
			groups[i] = php(g)
		}
		fmt.Fprintf(&users, "\t%s => ['uid' => [%s], 'nameid' => [%s], %s => [%s]],\n", php(u.Name+":"+Password), php(u.Name),
			php(cmp.Or(u.NameID, u.Name+"@example.test")), php(o.GroupAttribute), strings.Join(groups, ", "))
	}
	p.write(t, "authsources.php", "<?php\n$config = ['people' => ['exampleauth:UserPass',\n"+users.String()+"]];\n")
	p.write(t, "metadata/saml20-idp-hosted.php", fmt.Sprintf(`<?php
$metadata[%s] = [
	'host' => '__DEFAULT__', 'privatekey' => 'idp.pem', 'certificate' => 'idp.crt', 'auth' => 'people',
	'saml20.sign.response' => true, 'saml20.sign.assertion' => true, 'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
	'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic', 'NameIDFormat' => %[2]s,
	'authproc' => [10 => ['class' => 'saml:AttributeNameID', 'attribute' => 'nameid', 'Format' => %[2]s]],
];
`, php(p.Base+"idp"), php(o.NameIDFormat)))
	p.write(t, "metadata/saml20-sp-remote.php", "<?php\n")
}

// Trust has the identity provider know service providers: the URL of the assertion consumer service by entity ID. It replaces
// those that it knew.
func (p *Provider) Trust(t testing.TB, services map[string]string) {
	t.Helper()
	text := "<?php\n"
	for entity, acs := range services {
		text += fmt.Sprintf("$metadata[%s] = ['AssertionConsumerService' => %s];\n", php(entity), php(acs))
	}
	p.write(t, "metadata/saml20-sp-remote.php", text)
}

func (p *Provider) write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// php is a string literal of PHP.
func php(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `'`, `\'`) + "'"
}

func number(n int) string { return strconv.Itoa(n) }

// signingKey makes the certificate and the key that answers are signed with.
func signingKey(t testing.TB) (certificate, key string) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Identity provider"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	return block("CERTIFICATE", der), block("PRIVATE KEY", pkcs8)
}
