package api

import (
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"sallyport/dataplane/wire"
	"sallyport/vpn"
)

// A message of empty objects takes no more memory than its text.
func TestMessageOfEmptyObjects(t *testing.T) {
	body := "[" + strings.Repeat("{},", wire.MaxMessage/3-1) + "{}]"
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := decodeBody[[]vpn.LoginDecision](httptest.NewRequest("POST", "/", strings.NewReader(body)))
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; err == nil || used > 10*wire.MaxMessage {
		t.Errorf("%v; %d MB were allocated for a message of %d MB", err, used>>20, len(body)>>20)
	}
}
