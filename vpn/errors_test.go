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

// Together keeps every field of several refusals, the first sentence about the whole, and any other error as it is.
func TestTogether(t *testing.T) {
	t.Parallel()
	bad := func(field, sentence string) error {
		var c Check
		c.Bad(field, sentence)
		return c.Err()
	}
	full, busy := Refuse(Conflict, CodeEndpointLimitExceeded, "Full."), Refuse(Conflict, CodeTooManyPendingChanges, "Busy.")
	err := Together(nil, bad("name", "One."), full, bad("port", "Two."), bad("name", "Three."), busy)
	if f := FieldsOf(err); KindOf(err) != Conflict || CodeOf(err) != CodeEndpointLimitExceeded || len(f) != 2 || f["name"] != "One." || f["port"] != "Two." {
		t.Errorf("got %v", err)
	}
	if len(full.Fields) != 0 {
		t.Error("a refusal that was merged is changed")
	}
	if err := Together(bad("name", "One."), bad("port", "Two.")); KindOf(err) != Invalid || len(FieldsOf(err)) != 2 {
		t.Errorf("got %v", err)
	}
	stale := ErrStale("endpoint").Beside(map[string]string{"name": "One."})
	if err := Together(bad("port", "Two."), stale, full); !errors.Is(err, stale) {
		t.Errorf("a stale version is merged: %v", err)
	}
	if err := Together(nil, nil); err != nil {
		t.Errorf("got %v for nothing", err)
	}
	var c Check
	for i := range 20 {
		c.Also("cidrs", string(rune('a'+i))+" is wrong.")
		c.Also("cidrs", string(rune('a'+i))+" is wrong.")
	}
	if said := c.fields["cidrs"]; strings.Count(said, "wrong") != maxSentences || strings.Count(said, "a is wrong.") != 1 {
		t.Errorf("said %q", said)
	}
}
