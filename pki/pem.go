package pki

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"

	"sallyport/vpn"
)

// The form fields of an import.
const (
	fieldCertificate = "certificate"
	fieldKey         = "private_key"
	fieldChain       = "chain"
	fieldPassphrase  = "passphrase"
)

// maxText bounds what is parsed. A chain of five certificates is about 10 KB.
const maxText = 64 << 10

// labelCertificate is the PEM label of a certificate.
const labelCertificate = "CERTIFICATE"

func refuse(field, sentence string) error {
	var c vpn.Check
	c.Bad(field, sentence)
	return c.Err()
}

// marker is a BEGIN or END line. Dashes that are missing, that an editor has replaced by long ones,
// and line breaks that were lost around it leave no doubt about what it is.
var marker = regexp.MustCompile(`(?i)[-–—‐‑−]+[ \t]*(BEGIN|END) ([A-Z0-9#]+(?:[ -][A-Z0-9#]+)*)[ \t]*[-–—‐‑−]{1,5}` +
	`|(?m)^[ \t]*(BEGIN|END) ([A-Z0-9#]+(?: [A-Z0-9#]+)*)[ \t]*[-–—‐‑−]{0,5}[ \t]*$`)

// header is a line of the kind "Proc-Type: 4,ENCRYPTED" at the begin of a block.
var header = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*): *(.*)$`)

// readBlocks splits PEM text into its blocks. The fault, a sentence, says what was given instead;
// it never repeats the text, which may be a private key in the wrong box.
func readBlocks(text, want string) ([]block, string) {
	if strings.TrimSpace(text) == "" {
		return nil, "Paste " + want + " in PEM form, or choose its file."
	}
	if len(text) > maxText {
		return nil, fmt.Sprintf("This is %d KB; %s in PEM form is a few KB of text.", len(text)/1024, want)
	}
	if fault := binaryFault([]byte(text)); fault != "" {
		return nil, fault
	}
	text = plainText(text)
	if strings.ContainsRune(text, 0) {
		return nil, "This is a binary file of an unknown kind, not PEM text."
	}
	blocks, fault := splitBlocks(text)
	if len(blocks) == 0 && fault == "" {
		if b := bareBlock(text); b != nil {
			return []block{{Block: b}}, ""
		}
		return nil, "This is not PEM: there is no line that starts with -----BEGIN."
	}
	return blocks, fault
}

// splitBlocks gives the blocks of plain text; none where it has no BEGIN and no END line.
func splitBlocks(text string) ([]block, string) {
	marks := marker.FindAllStringSubmatchIndex(text, -1)
	var blocks []block
	for i := 0; i < len(marks); i += 2 {
		kind, label := markerAt(text, marks[i])
		at := place{len(blocks) + 1, lineAt(text, marks[i][0])}
		if kind != "BEGIN" {
			return nil, damagedBlock(at, fmt.Sprintf("there is an END %s line without its BEGIN line", label))
		}
		if i+1 == len(marks) {
			return nil, damagedBlock(at, fmt.Sprintf("the block that starts with BEGIN %s has no END line", label))
		}
		kind, end := markerAt(text, marks[i+1])
		switch {
		case kind != "END":
			return nil, damagedBlock(at, fmt.Sprintf("the block that starts with BEGIN %s has no END line before the next BEGIN line", label))
		case end != label:
			return nil, damagedBlock(at, fmt.Sprintf("what starts with BEGIN %s ends with END %s", label, end))
		}
		b, line, fault := readBody(label, text[marks[i][1]:marks[i+1][0]])
		if fault != "" {
			at.line += line
			return nil, damagedBlock(at, fault)
		}
		blocks = append(blocks, block{b, at})
	}
	return blocks, ""
}

// lineAt is the number of the line that an offset is in. Blanks and line ends before a BEGIN line may belong to
// what was found there.
func lineAt(text string, at int) int {
	at += len(text[at:]) - len(strings.TrimLeft(text[at:], " \t\n"))
	return strings.Count(text[:at], "\n") + 1
}

func damagedBlock(at place, what string) string {
	return at.says("The PEM text is damaged: " + what + ". Copy it again, from the BEGIN line to the END line, both included.")
}

// markerAt gives BEGIN or END, and the label in the case that PEM writes it in.
func markerAt(text string, m []int) (kind, label string) {
	at := 2
	if m[at] < 0 {
		at = 6
	}
	kind, label = strings.ToUpper(text[m[at]:m[at+1]]), text[m[at+2]:m[at+3]]
	if !strings.HasPrefix(strings.ToLower(label), "openvpn") {
		label = strings.ToUpper(label)
	}
	return kind, label
}

// readBody reads what stands between a BEGIN and an END line. Where it cannot, line is where the fault is, counted
// from the BEGIN line.
func readBody(label, body string) (b *pem.Block, line int, fault string) {
	b = &pem.Block{Type: label, Headers: map[string]string{}}
	var digits strings.Builder
	number, wrong := -1, 0
	for text := range strings.Lines(body) {
		number++
		text = strings.TrimSpace(text)
		if h := header.FindStringSubmatch(text); h != nil && digits.Len() == 0 {
			b.Headers[h[1]] = h[2]
			continue
		}
		if wrong == 0 && strings.ContainsFunc(text, notBase64) {
			wrong = number
		}
		digits.WriteString(text)
	}
	if strings.HasPrefix(label, "OpenVPN") { // not base64; it is refused by its label
		return b, 0, ""
	}
	der, ok := decodeBase64(digits.String())
	switch {
	case !ok:
		return nil, wrong, "the block BEGIN " + label + " contains characters that are not base64, or too few of them"
	case len(der) == 0:
		return nil, 0, "the block BEGIN " + label + " is empty"
	}
	b.Bytes = der
	return b, 0, ""
}

func notBase64(r rune) bool {
	return !unicode.IsSpace(r) && (r > unicode.MaxASCII || !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", r))
}

// decodeBase64 leaves out spaces, and does without padding that was lost.
func decodeBase64(s string) ([]byte, bool) {
	s = strings.TrimRight(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s), "=")
	der, err := base64.RawStdEncoding.DecodeString(s)
	return der, err == nil
}

// bareBlock reads base64 without its BEGIN and END lines, where what it encodes is a certificate or
// a private key and nothing else.
func bareBlock(text string) *pem.Block {
	der, ok := decodeBase64(text)
	if !ok || !soundDER(der) {
		return nil
	}
	if label := labelOf(der); label == labelCertificate || strings.HasSuffix(label, keySuffix) {
		return &pem.Block{Type: label, Bytes: der}
	}
	return nil
}

// plainText undoes what editors, mail programs and other programs do to text on its way: UTF-16,
// byte order marks and other invisible characters, line ends of other systems, line breaks that are
// written as \n, quotation marks of mails.
func plainText(s string) string {
	b := []byte(s)
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}), len(b) > 3 && b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0:
		s = decodeUTF16(b, binary.LittleEndian)
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}), len(b) > 3 && b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0:
		s = decodeUTF16(b, binary.BigEndian)
	}
	if !strings.ContainsRune(s, 0) && strings.Contains(s, "BEGIN") {
		s = strings.NewReplacer("\r\n", "\n", "\r", "\n", `\r\n`, "\n", `\n`, "\n").Replace(s)
		s = mailQuote.ReplaceAllString(s, "")
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
}

var mailQuote = regexp.MustCompile(`(?m)^[ \t]*(?:>[ \t]*)+`)

func decodeUTF16(b []byte, order binary.ByteOrder) string {
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	return string(utf16.Decode(units))
}

// binaryFault recognizes the binary files that people have at hand.
func binaryFault(b []byte) string {
	switch labelOf(b) {
	case "":
	case labelPKCS12:
		return "This is a PKCS #12 file (.p12, .pfx). Choose it as the file of the certificate: the certificate, its key and its chain are taken from it."
	case labelPKCS7:
		return "This is a PKCS #7 file (.p7b) in binary form. Take it apart first: openssl pkcs7 -inform der -in file.p7b -print_certs prints the certificates as PEM."
	case labelCertificate:
		return "This is a certificate in binary (DER) form. Convert it first: openssl x509 -inform der -in file.cer -out file.pem."
	default:
		return "This is a binary (DER) file. Convert it to PEM first, with openssl."
	}
	return ""
}

// isNot is the sentence about a PEM block that a person pasted where something else is wanted.
func isNot(label, wanted string) string {
	sentence := "This is " + blockName(label) + ", not " + wanted + "."
	switch {
	case strings.HasSuffix(label, "CERTIFICATE REQUEST"):
		sentence += " Have the authority sign it, and paste the certificate that comes back."
	case pkcs7Label(label):
		sentence += " Take it apart: openssl pkcs7 -print_certs."
	}
	return sentence
}

func pkcs7Label(label string) bool {
	return label == labelPKCS7 || label == "PKCS #7 SIGNED DATA" || label == "CMS"
}

// blockName says what a PEM block is, for a person who pasted it into the wrong box.
func blockName(label string) string {
	switch {
	case label == labelEncryptedKey:
		return "a private key, encrypted with a passphrase"
	case strings.HasSuffix(label, keySuffix):
		return "a private key"
	case certificateLabel(label):
		return "a certificate"
	case strings.HasSuffix(label, "CERTIFICATE REQUEST"):
		return "a certificate signing request"
	case label == "X509 CRL":
		return "a certificate revocation list"
	case strings.HasSuffix(label, "PUBLIC KEY"):
		return "a public key"
	case pkcs7Label(label):
		return "a PKCS #7 bundle"
	case label == "ATTRIBUTE CERTIFICATE":
		return "an attribute certificate, which belongs to no key"
	case parameters(label):
		return "the parameters of a key exchange or of a curve"
	case strings.HasPrefix(label, "OpenVPN"):
		return "an OpenVPN shared key"
	case strings.HasPrefix(label, "PGP"), strings.HasPrefix(label, "SSH2"):
		return "a key or message of PGP or SSH"
	}
	return "something else (BEGIN " + label + ")"
}

// certificateLabel reports whether a block with this label holds a certificate. "X509 CERTIFICATE" is
// the old label; behind that of "TRUSTED CERTIFICATE" stand trust settings for OpenSSL alone.
func certificateLabel(label string) bool {
	return label == labelCertificate || label == "X509 CERTIFICATE" || label == "TRUSTED CERTIFICATE"
}

// parameters reports whether a block holds what programs write beside keys and certificates and
// nothing here needs.
func parameters(label string) bool {
	return label == "EC PARAMETERS" || label == "DH PARAMETERS" || label == "X9.42 DH PARAMETERS" || label == "DSA PARAMETERS"
}
