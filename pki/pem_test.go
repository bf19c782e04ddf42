package pki

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
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
