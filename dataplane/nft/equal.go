package nft

import (
	"bytes"
	"reflect"
)

// Equal reports whether the kernel would hold the same for both endpoints. What counts is the
// rendered text, so a field that Render learns to use cannot be forgotten here. Rendering is the
// slow way, taken only for endpoints that are not equal field by field.
func (e Endpoint) Equal(other Endpoint) bool {
	return reflect.DeepEqual(e, other) || bytes.Equal(e.rendered(), other.rendered())
}

// rendered is the text of a ruleset that holds this endpoint alone.
func (e Endpoint) rendered() []byte {
	return Render(DefaultName, Ruleset{Endpoints: []Endpoint{e}}, nil, Objects{})
}
