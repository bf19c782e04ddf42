package access

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"sallyport/control"
)

// BrowserLife is how long a browser stays known after a sign-in.
const BrowserLife = 180 * 24 * time.Hour

// browserPlace binds the mark of a browser, so that nothing else that was sealed passes for one.
const browserPlace = "cookie:browser"

// browser is a browser in which a sign-in succeeded. Its mark is in a cookie and gives nothing but a place
// in the queue of those whose password is checked.
type browser struct {
	ID string    `json:"id"`
	At time.Time `json:"at"` // of the last sign-in
}

// markBrowser gives the value of a browser's cookie after a successful sign-in; former is the one that it
// has sent.
func (s *Service) markBrowser(former string) string {
	b := browser{ID: newToken(), At: s.core.Now()}
	if known, ok := s.openBrowser(former); ok {
		b.ID = known.ID
	}
	text, err := json.Marshal(b)
	if err != nil {
		return "" // cannot happen; the browser stays unknown
	}
	return base64.RawURLEncoding.EncodeToString(s.sealer.Seal(text, browserPlace))
}

func (s *Service) openBrowser(mark string) (b browser, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(mark)
	if err != nil || mark == "" {
		return browser{}, false
	}
	text, err := s.sealer.Open(sealed, browserPlace)
	if err != nil || json.Unmarshal(text, &b) != nil {
		return browser{}, false
	}
	return b, control.IsYoung(b.At, s.core.Now(), BrowserLife)
}

// isKnownBrowser tells whether a sign-in comes from a browser in which one succeeded before. A mark that
// is used too often, as one that was copied, makes its browser unknown for a while.
func (s *Service) isKnownBrowser(mark string) bool {
	b, ok := s.openBrowser(mark)
	return ok && s.signIns.allowBrowser(b.ID)
}

// allowBrowser takes an attempt of a browser's mark.
func (t *throttle) allowBrowser(id string) bool {
	return t.rates.Take("b|"+id, attemptsOfAccount) == 0
}
