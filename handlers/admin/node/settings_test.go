package node

import (
	"testing"

	"sallyport/control"
)

// The Settings page says where the public pages are, or why they are not served.
func TestPublicFact(t *testing.T) {
	t.Parallel()
	if p := publicFact(control.Settings{PublicURL: "https://portal.example.com"}); p.Value != "https://portal.example.com" || p.Label != "Public pages" {
		t.Errorf("served: %+v", p)
	}
	if p := publicFact(control.Settings{PublicOff: "public_url is set and public_listen is not."}); p.Value != "Not served" || p.Help != "public_url is set and public_listen is not." {
		t.Errorf("not served: %+v", p)
	}
}
