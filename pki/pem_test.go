package pki

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"sallyport/vpn"
)

func utf16Text(s string, order binary.AppendByteOrder, mark bool) string {
	var b []byte
	units := utf16.Encode([]rune(s))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	for _, u := range units {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

// What editors, mail programs and other programs do to PEM is undone where there is no doubt what
// was meant.
func TestPEMAsPeopleHaveIt(t *testing.T) {
	t.Parallel()
	ca := mustAuthority(t, specOf("Corp CA", vpn.RSA2048))
	server := mustIssue(t, vpn.UseServer, ca, spec("vpn.example.com"))
	same := func(s string) string { return s }
	label := func(was, is string) func(string) string {
		return func(s string) string { return strings.ReplaceAll(s, was, is) }
	}
	body := func(s string) string {
		b, _ := pem.Decode([]byte(s))
		return base64.StdEncoding.EncodeToString(b.Bytes)
	}
	everywhere := map[string]func(string) string{
		"as it is":            same,
		"byte order mark":     func(s string) string { return "\ufeff" + s },
		"marks in the middle": func(s string) string { return "\ufeff\n" + strings.ReplaceAll(s, "-----BEGIN", "\ufeff-----BEGIN") },
		"Windows":             label("\n", "\r\n"),
		"old Macintosh":       label("\n", "\r"),
		"UTF-16 of Windows":   func(s string) string { return utf16Text(s, binary.LittleEndian, true) },
		"UTF-16, no mark":     func(s string) string { return utf16Text(s, binary.LittleEndian, false) },
		"UTF-16, big endian":  func(s string) string { return utf16Text(s, binary.BigEndian, true) },
		"UTF-16 BE, no mark":  func(s string) string { return utf16Text(s, binary.BigEndian, false) },
		"a missing dash":      label("-----BEGIN", "----BEGIN"),
		"a missing dash, end": label("E-----", "E----"),
		"one dash":            label("-----END", "-END"),
		"no dashes":           label("-----", ""),
		"long dashes":         label("-----", "—–-"),
		"small letters": func(s string) string {
			return strings.NewReplacer("BEGIN", "begin", "END", "end", "CERTIFICATE", "certificate", "PRIVATE KEY", "private key").Replace(s)
		},
		"leading text":         func(s string) string { return "Bag Attributes\n    friendlyName: vpn\nsubject=CN = x\n\n" + s },
		"text behind":          func(s string) string { return s + "\nThat is all.\n" },
		"indented":             func(s string) string { return "   " + strings.ReplaceAll(s, "\n", "\n\t ") },
		"quoted by a mail":     func(s string) string { return "> " + strings.ReplaceAll(s, "\n", "\n> ") },
		"quoted twice":         func(s string) string { return ">> " + strings.ReplaceAll(s, "\n", "\n> > ") },
		"written with \\n":     label("\n", `\n`),
		"written with \\r\\n":  label("\n", `\r\n`),
		"one line":             label("\n", " "),
		"one line, no spaces":  label("\n", ""),
		"blank lines":          label("\n", "\n\n"),
		"trailing blanks":      label("\n", "  \t\n"),
		"no-break spaces":      label("\n", "\u00a0\n"),
		"zero-width spaces":    label("\n", "\u200b\n"),
		"no final line end":    strings.TrimSpace,
		"no padding":           label("=", ""),
		"BEGIN and END lost":   body,
		"Diffie-Hellman after": func(s string) string { return s + "-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n" },
	}
	for name, change := range everywhere {
		got, err := check(change(server.Certificate), change(server.Key.Reveal()), change(ca.Certificate), vpn.UseServer, time.Now())
		if err != nil || got != server {
			t.Errorf("%s: %v", name, err)
		}
	}
	chain := strings.TrimSpace(ca.Certificate) + strings.TrimSpace(server.Certificate) // ten dashes in a row
	if got, err := check(server.Certificate, server.Key.Reveal(), chain, vpn.UseServer, time.Now()); err != nil || got != server {
		t.Errorf("no line break between certificates: %v", err)
	}
	for name, cert := range map[string]string{
		"old label":         label("BEGIN CERTIFICATE", "BEGIN X509 CERTIFICATE")(label("END CERTIFICATE", "END X509 CERTIFICATE")(server.Certificate)),
		"openssl -trustout": string(must(t, "openssl", "x509", "-trustout", "-addtrust", "serverAuth", "-in", write(t, "cert.pem", server.Certificate))),
		"openssl -text":     string(must(t, "openssl", "x509", "-text", "-in", write(t, "cert.pem", server.Certificate))),
	} {
		if got, err := check(cert, server.Key.Reveal(), ca.Certificate, vpn.UseServer, time.Now()); err != nil || got != server {
			t.Errorf("%s: %v", name, err)
		}
	}
	trusted := testdata(t, "trusted-certificate-label.pem")
	if f, err := (Maker{}).Facts(trusted); err != nil || f.CommonName != "good.example.com" {
		t.Errorf("TRUSTED CERTIFICATE: %+v, %v", f, err)
	}
	for name, key := range map[string]string{
		"with its certificate":       server.Certificate + server.Key.Reveal(),
		"PKCS #8 labelled as RSA":    label("PRIVATE KEY", "RSA PRIVATE KEY")(server.Key.Reveal()),
		"parameters of curve before": "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + server.Key.Reveal(),
	} {
		if got, err := check(server.Certificate, key, ca.Certificate, vpn.UseServer, time.Now()); err != nil || got != server {
			t.Errorf("key %s: %v", name, err)
		}
	}
}

// What is in the wrong box, or is no certificate, is called by its name.
func TestPEMThatIsSomethingElse(t *testing.T) {
	t.Parallel()
	ca := mustAuthority(t, spec("Corp CA"))
	server := mustIssue(t, vpn.UseServer, ca, spec("vpn.example.com"))
	key := write(t, "key.pem", server.Key.Reveal())
	request := string(must(t, "openssl", "req", "-new", "-key", key, "-subj", "/CN=x"))
	encrypted := string(must(t, "openssl", "pkcs8", "-topk8", "-in", key, "-passout", "pass:x"))
	rsaKey := string(must(t, "openssl", "genrsa", "-traditional", "2048"))
	rsaEncrypted := string(must(t, "openssl", "rsa", "-traditional", "-aes256", "-passout", "pass:x", "-in", write(t, "rsa.pem", rsaKey)))
	p7 := string(must(t, "openssl", "crl2pkcs7", "-nocrl", "-certfile", write(t, "cert.pem", server.Certificate)))
	p7der := string(must(t, "openssl", "crl2pkcs7", "-nocrl", "-outform", "DER", "-certfile", write(t, "cert.pem", server.Certificate)))
	dir := t.TempDir()
	index := filepath.Join(dir, "index")
	for name, text := range map[string]string{"index": "", "crlnumber": "01\n", "ca.conf": "[ca]\ndefault_ca=x\n[x]\ndatabase=" + index + "\ncrlnumber=" + filepath.Join(dir, "crlnumber") + "\ndefault_md=sha256\ndefault_crl_days=9\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	crl := string(must(t, "openssl", "ca", "-gencrl", "-config", filepath.Join(dir, "ca.conf"), "-keyfile", write(t, "ca.key", ca.Key.Reveal()), "-cert", write(t, "ca.pem", ca.Certificate)))
	public := string(must(t, "openssl", "pkey", "-in", key, "-pubout"))
	relabel := func(text, is string) string {
		b, _ := pem.Decode([]byte(text))
		return string(pem.EncodeToMemory(&pem.Block{Type: is, Bytes: b.Bytes}))
	}
	for name, c := range map[string]struct{ cert, says string }{
		"RSA PRIVATE KEY":             {rsaKey, "private key (BEGIN RSA PRIVATE KEY). The key belongs into the private key box"},
		"PRIVATE KEY":                 {server.Key.Reveal(), "private key (BEGIN PRIVATE KEY)"},
		"ENCRYPTED PRIVATE KEY":       {encrypted, "encrypted with a passphrase (BEGIN ENCRYPTED PRIVATE KEY)"},
		"CERTIFICATE REQUEST":         {request, "a certificate signing request; have the authority sign it"},
		"NEW CERTIFICATE REQUEST":     {relabel(request, "NEW CERTIFICATE REQUEST"), "a certificate signing request; have the authority sign it"},
		"PKCS7":                       {p7, "a PKCS #7 bundle; openssl pkcs7 -print_certs takes it apart"},
		"PKCS7 in DER":                {p7der, "a PKCS #7 file (.p7b) in binary form"},
		"PKCS7 as CERTIFICATE":        {relabel(p7, "CERTIFICATE"), "a PKCS #7 bundle"},
		"request as CERTIFICATE":      {relabel(request, "CERTIFICATE"), "a certificate signing request"},
		"key as CERTIFICATE":          {relabel(server.Key.Reveal(), "CERTIFICATE"), "holds a private key"},
		"revocation list":             {crl, "a certificate revocation list"},
		"revocation list, misleading": {relabel(crl, "CERTIFICATE"), "a certificate revocation list"},
		"public key":                  {public, "a public key"},
		"parameters alone":            {"-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n", "the parameters of a key exchange or of a curve, not a certificate"},
		"shared key":                  {Maker{}.StaticKey().Reveal(), "an OpenVPN shared key"},
		"PGP":                         {"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n", "PGP"},
		"unknown":                     {"-----BEGIN BANANA-----\nAAAA\n-----END BANANA-----\n", "something else (BEGIN BANANA)"},
		"no END line":                 {strings.Split(server.Certificate, "-----END")[0], "BEGIN CERTIFICATE has no END line"},
		"no BEGIN line":               {server.Certificate[len("-----BEGIN CERTIFICATE-----"):], "END CERTIFICATE line without its BEGIN line"},
		"two BEGIN lines":             {strings.Split(server.Certificate, "-----END")[0] + server.Certificate, "no END line before the next BEGIN line"},
		"ends as something else":      {strings.ReplaceAll(server.Certificate, "END CERTIFICATE", "END TRUSTED CERTIFICATE"), "starts with BEGIN CERTIFICATE ends with END TRUSTED CERTIFICATE"},
		"dots for a part":             {server.Certificate[:200] + "\n[...]\n" + server.Certificate[300:], "characters that are not base64"},
		"empty":                       {"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "is empty"},
	} {
		_, err := check(c.cert, server.Key.Reveal(), ca.Certificate, vpn.UseServer, time.Now())
		if got := vpn.FieldsOf(err)["certificate"]; !strings.Contains(got, c.says) {
			t.Errorf("%s in the certificate box: got %q, want %q", name, got, c.says)
		}
	}
	for name, c := range map[string]struct{ key, says string }{
		"certificate":             {server.Certificate, "This is a certificate, not a private key."},
		"trusted certificate":     {testdata(t, "trusted-certificate-label.pem"), "This is a certificate, not a private key."},
		"certificate as KEY":      {relabel(server.Certificate, "PRIVATE KEY"), "This is a certificate, not a private key."},
		"request":                 {request, "a certificate signing request"},
		"public key":              {public, "a public key, not a private key"},
		"encrypted":               {encrypted, "encrypted with a passphrase"},
		"encrypted, RSA":          {rsaEncrypted, "encrypted with a passphrase"},
		"encrypted, as plain":     {relabel(encrypted, "PRIVATE KEY"), "encrypted with a passphrase"},
		"OpenSSH":                 {"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "an OpenSSH key"},
		"two keys":                {server.Key.Reveal() + server.Key.Reveal(), "several private keys"},
		"parameters of the curve": {"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n", "no private key in this text"},
	} {
		_, err := check(server.Certificate, c.key, ca.Certificate, vpn.UseServer, time.Now())
		if got := vpn.FieldsOf(err)["private_key"] + vpn.FieldsOf(err)["passphrase"]; !strings.Contains(got, c.says) {
			t.Errorf("%s in the key box: got %q, want %q", name, got, c.says)
		}
	}
}
