package vpn

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// The sentence is for people, the cause for the log alone.
func TestErrorHidesItsCause(t *testing.T) {
	t.Parallel()
	err := Refuse(Unavailable, "X", "The directory does not answer.").Because(io.ErrUnexpectedEOF)
	if !errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "EOF") {
		t.Errorf("got %v", err)
	}
	wrapped := fmt.Errorf("sign in: %w", err)
	for _, c := range []struct {
		err  error
		want Kind
	}{{err, Unavailable}, {wrapped, Unavailable}, {io.EOF, Internal}, {nil, Internal}, {NoSuch("X", "rule", "r"), NotFound}, {ErrStale("rule"), Stale}} {
		if got := KindOf(c.err); got != c.want {
			t.Errorf("%v: got %s, want %s", c.err, got, c.want)
		}
	}
	if FieldsOf(io.EOF) != nil || Kind(99).String() != "internal" || Throttled.String() != "throttled" {
		t.Error("foreign errors or kinds are taken for ours")
	}
}

// All fields are told at once, in a stable order; the first sentence of a field stands.
func TestCheckCollects(t *testing.T) {
	t.Parallel()
	var c Check
	if c.Err() != nil || c.Has("a") {
		t.Error("bad without anything bad")
	}
	c.Bad("b", "Second.")
	c.Bad("a", "First.")
	c.Bad("a", "Later.")
	want := "Check the marked fields. [a: First.] [b: Second.]"
	if err := c.Err(); err.Error() != want || KindOf(err) != Invalid || !c.Has("a") {
		t.Errorf("got %v, want %s", err, want)
	}
}
