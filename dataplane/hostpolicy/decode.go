package hostpolicy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// maxPolicy bounds what is read of a policy file; a long one is a few KB.
const maxPolicy = 1 << 20

// decode reads a policy. The error is for the administrator who edits the file: it names the line
// where one can be named.
func (p *Policy) decode(r io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(r, maxPolicy))
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return errors.New("the file is empty; {} allows everything")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return explain(text, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("line %d: something follows the policy, after its closing brace", lineAt(text, d.InputOffset()))
	}
	for key, limit := range map[string]int{"max_endpoints": p.MaxEndpoints, "max_workers": p.MaxWorkers, "max_sessions": p.MaxSessions} {
		if limit < 0 {
			return fmt.Errorf("%s%s is negative", lineOf(text, strconv.Quote(key)), key)
		}
	}
	for _, q := range slices.Concat(p.Listen, p.Forbidden, p.ClientRanges) {
		if !q.IsValid() || !q.Addr().Is4() || q != q.Masked() {
			return fmt.Errorf("%s%s is not an IPv4 network in CIDR notation, such as 192.0.2.0/24", lineOf(text, strconv.Quote(q.String())), q)
		}
	}
	return nil
}

// explain turns an error of the JSON decoder into the end of a sentence.
func explain(text []byte, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("line %d: the file ends in the middle; a closing brace, bracket or quotation mark is missing", lineAt(text, int64(len(bytes.TrimSpace(text)))))
	}
	if bad, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("line %d: this is not JSON (%w); look for a missing or superfluous comma, quotation mark or brace", lineAt(text, bad.Offset), bad)
	}
	if bad, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if bad.Field == "" {
			return fmt.Errorf("line %d: the policy is an object in braces, such as {\"max_sessions\": 100}, and not %s", lineAt(text, bad.Offset), article(bad.Value))
		}
		return fmt.Errorf("line %d: %s cannot be %s; docs/host.md shows what belongs there", lineAt(text, bad.Offset), bad.Field, article(bad.Value))
	}
	// What is left is an unknown key, or text that is no address or port; each error quotes it.
	said := strings.TrimPrefix(err.Error(), "json: ")
	at := strings.IndexByte(said, '"')
	if at < 0 {
		return err
	}
	quoted, qerr := strconv.QuotedPrefix(said[at:])
	if qerr != nil {
		return err
	}
	where := lineOf(text, quoted)
	switch {
	case strings.HasPrefix(said, "unknown field"):
		return fmt.Errorf("%s%s is no key of a host policy", where, quoted)
	case strings.HasPrefix(said, "netip."):
		return fmt.Errorf("%s%s is not an IPv4 network in CIDR notation, such as 192.0.2.0/24", where, quoted)
	}
	return fmt.Errorf("%s%w", where, err)
}

// article gives the decoder's word for a JSON value with its article.
func article(value string) string {
	kind, _, _ := strings.Cut(value, " ")
	switch kind {
	case "string":
		return "text in quotation marks"
	case "bool":
		return "true or false"
	case "array", "object":
		return "an " + kind
	}
	return "a " + kind
}

// lineAt is the line that holds the byte before offset.
func lineAt(text []byte, offset int64) int {
	end := min(max(offset-1, 0), int64(len(text)))
	return 1 + bytes.Count(text[:end], []byte("\n"))
}

// lineOf names the first line that contains a text, or gives "" where no line does.
func lineOf(text []byte, what string) string {
	at := bytes.Index(text, []byte(what))
	if at < 0 {
		return ""
	}
	return fmt.Sprintf("line %d: ", lineAt(text, int64(at)+1))
}
