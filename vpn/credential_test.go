package vpn

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// A secret must not leave by accident: not through fmt, slog or an audit record.
func TestSecretHides(t *testing.T) {
	t.Parallel()
	s := Secret("hunter2")
	e := Endpoint{TLSCrypt: s, TokenSecret: s}
	encoded, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "secret", s, "endpoint", e)
	for what, text := range map[string]string{
		"%v": fmt.Sprintf("%v %+v %#v %s %q", s, e, e, s, s), "json": string(encoded), "slog": logged.String(),
	} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("%s shows the secret: %s", what, text)
		}
	}
}

// The socket, on the other hand, must carry keys unharmed.
func TestKeysCrossTheSocket(t *testing.T) {
	t.Parallel()
	want := Keys{Certificate: "c", Key: "k", ClientCA: "ca", TLSCrypt: "tc", TokenSecret: "ts"}
	b, err := json.Marshal(Desired{Keys: want})
	if err != nil {
		t.Fatal(err)
	}
	var got Desired
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if got.Keys != want {
		t.Errorf("got %#v", got.Keys)
	}
}
