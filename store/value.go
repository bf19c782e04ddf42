package store

import (
	"encoding"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"sallyport/vpn"
)

// micros gives a time as it is stored; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// clean makes any text storable: PostgreSQL refuses NUL and invalid UTF-8.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// maxKey is the most characters of a text that is sorted by or searched for: an index entry must fit
// into a page, and SQLite refuses long patterns.
const maxKey = 255

// fold gives text in lower case, for search.
func fold(s string) string { return bounded(strings.ToLower(s)) }

// orderKey is the text by which names are sorted: in lower case, and with how many digits it has before a number at the end, so that
// alpha-2 comes before alpha-10.
func orderKey(name string) string {
	key := fold(name)
	begin := strings.TrimRight(key, "0123456789")
	if begin == key {
		return key
	}
	number := strings.TrimLeft(key[len(begin):], "0")
	return fmt.Sprintf("%s%02d%s", begin, min(len(number), 99), number)
}

// bounded cleans text and cuts it to maxKey.
func bounded(s string) string {
	s = clean(s)
	if runes := []rune(s); len(runes) > maxKey {
		s = string(runes[:maxKey])
	}
	return s
}

const separator = "\x1f"

// searchable joins the texts that a search looks at. The separator is not printable, so no search term
// has it.
func searchable(parts ...string) string {
	return strings.ToLower(clean(strings.Join(parts, separator)))
}

// tagWords are tags as a search finds them: by key, by value and by key=value.
func tagWords(tags []vpn.Tag) string {
	words := make([]string, len(tags))
	for i, t := range tags {
		words[i] = t.Key + "=" + t.Value
	}
	return strings.Join(words, separator)
}

// sortNumber gives an address as a number to sort by, 0 for none and for IPv6.
func sortNumber(a netip.Addr) int64 {
	if a = a.Unmap(); !a.Is4() {
		return 0
	}
	b := a.As4()
	return int64(binary.BigEndian.Uint32(b[:]))
}

// nullableID stores an empty reference as NULL.
func nullableID[ID ~string](id ID) *string {
	if id == "" {
		return nil
	}
	s := string(id)
	return &s
}

func idOrEmpty[ID ~string](s *string) ID {
	if s == nil {
		return ""
	}
	return ID(*s)
}

// marshalText gives an address or range as text; "" for the zero value.
func marshalText(m encoding.TextMarshaler) string {
	b, err := m.MarshalText()
	if err != nil { // netip's never fail
		return ""
	}
	return string(b)
}

// encodeJSON writes JSON; nil is "null" and comes back as nil.
func encodeJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// decoder reads columns and collects their errors.
type decoder struct{ err error }

func (d *decoder) prefix(s string) (p netip.Prefix)     { d.unmarshal(&p, s); return p }
func (d *decoder) addr(s string) (a netip.Addr)         { d.unmarshal(&a, s); return a }
func (d *decoder) addrPort(s string) (a netip.AddrPort) { d.unmarshal(&a, s); return a }
func (d *decoder) json(s string, into any)              { d.note(json.Unmarshal([]byte(s), into), s) }
func (d *decoder) unmarshal(u encoding.TextUnmarshaler, s string) {
	d.note(u.UnmarshalText([]byte(s)), s)
}

func (d *decoder) note(err error, s string) {
	if err != nil {
		d.err = errors.Join(d.err, fmt.Errorf("value %q: %w", s, err))
	}
}
