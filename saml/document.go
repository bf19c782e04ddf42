package saml

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"

	"sallyport/vpn"
)

// Namespaces.
const (
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsMetadata  = "urn:oasis:names:tc:SAML:2.0:metadata"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"
)

// Limits of an answer's document. What is in an answer besides groups is far below them.
const (
	// maxElements is more than an answer of vpn.MaxSAMLAnswer bytes can have where each element is a group in its shortest
	// form: the size alone limits the groups.
	maxElements   = vpn.MaxSAMLAnswer/len("<AttributeValue>g</AttributeValue>") + 145
	maxDepth      = 24
	maxAttributes = 24 // of one element, declarations of namespaces among them
)

// markup finds what no answer has, and what has served attacks on others' parsers: document types (entities), comments and
// CDATA sections (text that is read in parts) and processing instructions. It gives the kind, or "".
func markup(raw []byte, comments bool) string {
	body := raw
	if bytes.HasPrefix(body, []byte("<?xml ")) || bytes.HasPrefix(body, []byte("<?xml\n")) {
		body = body[len("<?xml"):]
	}
	for rest := body; ; {
		i := bytes.Index(rest, []byte("<!"))
		if i < 0 {
			break
		}
		rest = rest[i:]
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")) && comments:
		case bytes.HasPrefix(rest, []byte("<!--")):
			return "a comment"
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			return "a CDATA section"
		default:
			return "a document type definition (DTD)"
		}
		rest = rest[len("<!"):]
	}
	if bytes.Contains(body, []byte("<?")) {
		return "a processing instruction"
	}
	return ""
}

// elements counts the elements of a document without markup.
func elements(raw []byte) int { return bytes.Count(raw, []byte("<")) - bytes.Count(raw, []byte("</")) }

var byteOrderMark = []byte("\xef\xbb\xbf")

// parse reads a document whose markup was looked for. The error is for the log.
func parse(raw []byte) (*etree.Element, error) {
	if !utf8.Valid(raw) {
		return nil, errors.New("not UTF-8")
	}
	doc := etree.NewDocument()
	doc.ReadSettings = etree.ReadSettings{PreserveDuplicateAttrs: true, MaxDepth: 2 * maxDepth}
	if err := doc.ReadFromBytes(raw); err != nil {
		return nil, err
	}
	var root *etree.Element
	for _, token := range doc.Child {
		switch token := token.(type) {
		case *etree.Element:
			if root != nil {
				return nil, errors.New("more than one document")
			}
			root = token
		case *etree.CharData:
			if strings.TrimSpace(token.Data) != "" {
				return nil, errors.New("text outside the document")
			}
		case *etree.ProcInst:
			if encoding, ok := encodingOf(token.Inst); ok && !strings.EqualFold(encoding, "utf-8") {
				return nil, fmt.Errorf("encoding %s", encoding)
			}
		}
	}
	if root == nil {
		return nil, errors.New("no element")
	}
	return root, nil
}

// encodingOf is the encoding that an XML declaration names.
func encodingOf(declaration string) (string, bool) {
	_, rest, ok := strings.Cut(declaration, "encoding")
	if !ok {
		return "", false
	}
	rest = strings.TrimLeft(rest, " \t\r\n=")
	if rest == "" {
		return "", true
	}
	encoding, _, _ := strings.Cut(rest[1:], rest[:1])
	return encoding, true
}

// is tells whether an element has a name.
func is(e *etree.Element, namespace, tag string) bool {
	return e.Tag == tag && e.NamespaceURI() == namespace
}

// children are the child elements of a name.
func children(parent *etree.Element, namespace, tag string) []*etree.Element {
	var out []*etree.Element
	for _, e := range parent.ChildElements() {
		if is(e, namespace, tag) {
			out = append(out, e)
		}
	}
	return out
}

// child is the only child element of a name; nil where there is none or more than one.
func child(parent *etree.Element, namespace, tag string) *etree.Element {
	if found := children(parent, namespace, tag); len(found) == 1 {
		return found[0]
	}
	return nil
}

// attribute is an attribute without a namespace.
func attribute(e *etree.Element, key string) string {
	for _, a := range e.Attr {
		if a.Space == "" && a.Key == key {
			return a.Value
		}
	}
	return ""
}

// text is all text of an element, without that of its children.
func text(e *etree.Element) string {
	if e == nil {
		return ""
	}
	var b strings.Builder
	for _, token := range e.Child {
		if data, ok := token.(*etree.CharData); ok {
			b.WriteString(data.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

// maxShown is how much of a text of an IdP a sentence shows, in characters.
const maxShown = 200

// shown is a text of an IdP in a sentence.
func shown(s string) string {
	if s == "" {
		return "nothing"
	}
	runes := []rune(vpn.PrintableText(s))
	if len(runes) > maxShown {
		runes = append(runes[:maxShown], '…')
	}
	return string(runes)
}

// name is how a sentence names an element.
func name(e *etree.Element) string { return shown(e.Tag) }
