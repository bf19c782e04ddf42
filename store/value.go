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

// clean makes a stranger's text storable: PostgreSQL takes neither NUL nor broken UTF-8.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// longestKey bounds what is sorted by or searched for, in characters: an index entry has to fit
// a page, and SQLite refuses long patterns.
const longestKey = 255

// fold gives text without regard to case.
func fold(s string) string { return bounded(strings.ToLower(s)) }

// bounded cleans text and cuts it to what an index takes.
func bounded(s string) string {
	s = clean(s)
	if runes := []rune(s); len(runes) > longestKey {
		s = string(runes[:longestKey])
	}
	return s
}

// searchable joins what a search looks at. Nobody searches for the separator: it is no printable
// character.
func searchable(parts ...string) string {
	return strings.ToLower(clean(strings.Join(parts, "\x1f")))
}

// numeric gives an address as a number to sort by, 0 for none and for IPv6.
func numeric(a netip.Addr) int64 {
	if a = a.Unmap(); !a.Is4() {
		return 0
	}
	b := a.As4()
	return int64(binary.BigEndian.Uint32(b[:]))
}

// optional keeps an absent reference as NULL, which refers to nothing.
func optional[ID ~string](id ID) *string {
	if id == "" {
		return nil
	}
	s := string(id)
	return &s
}

func present[ID ~string](s *string) ID {
	if s == nil {
		return ""
	}
	return ID(*s)
}

// text writes an address or range; the zero value is empty.
func text(m encoding.TextMarshaler) string {
	b, err := m.MarshalText()
	if err != nil { // netip's never fail
		return ""
	}
	return string(b)
}

// encode writes JSON; nil is "null" and comes back as nil.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// decoder reads columns and keeps what was wrong with any of them.
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
