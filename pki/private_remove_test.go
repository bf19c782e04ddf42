package pki

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"strings"
	"testing"

	"sallyport/vpn"
)

// A form that is given back keeps everything but private keys, in whatever form they were pasted.
func TestWithoutPrivateKeys(t *testing.T) {
	t.Parallel()
	ca := mustAuthority(t, spec("Corp CA"))
	server := mustIssue(t, vpn.UseServer, ca, specOf("vpn.example.com", vpn.RSA2048))
	key, cert := server.Key.Reveal(), server.Certificate
	block, _ := pem.Decode([]byte(key))
	lines := strings.Split(strings.TrimSpace(key), "\n")
	noEnd, noBegin := strings.Join(lines[:len(lines)-1], "\n"), strings.Join(lines[1:], "\n")
	body := strings.Join(lines[1:len(lines)-1], "\n")
	for _, text := range []string{
		"", "hello", "Corp CA", cert, cert + ca.Certificate, "text before\n" + cert, strings.ReplaceAll(cert, "\n", "\r\n"), cert[:200], base64.StdEncoding.EncodeToString([]byte(der(t, cert))),
		strings.ReplaceAll(cert, "CERTIFICATE", "TRUSTED CERTIFICATE"), "<script>alert(1)</script>",
	} {
		if got := (Maker{}).WithoutPrivateKeys(text); got != text {
			t.Errorf("%.60q: got %.60q, want it unchanged", text, got)
		}
	}
	for name, c := range map[string]struct{ text, keeps string }{
		"the key":                             {key, ""},
		"behind a certificate":                {cert + key, cert},
		"before a certificate":                {key + cert, cert},
		"between certificates":                {cert + key + ca.Certificate, cert},
		"as RSA PRIVATE KEY":                  {cert + strings.ReplaceAll(key, "PRIVATE KEY", "RSA PRIVATE KEY"), cert},
		"as CERTIFICATE":                      {strings.ReplaceAll(key, "PRIVATE KEY", "CERTIFICATE"), ""},
		"as something":                        {strings.ReplaceAll(key, "PRIVATE KEY", "BANANA"), ""},
		"in small letters":                    {cert + strings.ReplaceAll(key, "PRIVATE KEY", "private key"), cert},
		"without its END line":                {cert + noEnd, cert},
		"without its BEGIN line":              {cert + noBegin, ""},
		"without both":                        {body, ""},
		"without both, in one line":           {strings.ReplaceAll(body, "\n", ""), ""},
		"without both, behind":                {cert + body, ""},
		"a part of it":                        {lines[3], ""},
		"quoted by a mail":                    {"> " + strings.ReplaceAll(key, "\n", "\n> "), ""},
		"line breaks as \\n":                  {strings.ReplaceAll(key, "\n", `\n`), ""},
		"UTF-16":                              {utf16Text(key, binary.LittleEndian, true), ""},
		"binary":                              {string(block.Bytes), ""},
		"with a character that is not base64": {strings.Replace(key, "M", "…", 1), ""},
		"long":                                {strings.Repeat("x ", maxText) + key, ""},
	} {
		got := Maker{}.WithoutPrivateKeys(c.text)
		if strings.Contains(got, lines[3]) || strings.Contains(strings.ReplaceAll(got, "\x00", ""), lines[3]) {
			t.Errorf("%s: the key is still there", name)
		}
		if !strings.Contains(got, strings.TrimSpace(c.keeps)) {
			t.Errorf("%s: got %.100q, want the certificate", name, got)
		}
	}
}
