package vpn

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// The ways in which a client lets its user sign in outside of it, as clients announce them (LoginRequest.SSO).
const (
	SSOWebAuth = "webauth" // it opens a URL in the browser
	SSOOpenURL = "openurl" // likewise; the name of earlier versions
	SSOCRText  = "crtext"  // it asks its user for a text
)

// SignInTime is how long a login may wait for a person who signs in outside of the client. OpenVPN ends the login of a
// client that waits longer.
const SignInTime = 3 * time.Minute

const (
	// maxPendingText is the length in bytes that clients accept; they drop a longer text silently.
	maxPendingText = 246
	webAuthPrefix  = "WEB_AUTH::"
	openURLPrefix  = "OPEN_URL:"
	crTextPrefix   = "CR_TEXT:R,E:" // a response is required, and is shown as it is typed
	// MaxSignInURL is the length in bytes of the longest URL that every client opens.
	MaxSignInURL = maxPendingText - len(webAuthPrefix)
)

// LoginPending has a waiting client tell its user how to sign in. The decision is made later; the client waits for it until
// Until. A login may be pended again: its client is told again.
type LoginPending struct {
	ID     string    `json:"id"`               // LoginRequest.ID
	Method string    `json:"method"`           // one of the client's LoginRequest.SSO
	URL    string    `json:"url,omitempty"`    // of SSOWebAuth and SSOOpenURL: what the browser opens
	Prompt string    `json:"prompt,omitempty"` // of SSOCRText: what the client shows; what its user enters is LoginRequest.Answer
	Until  time.Time `json:"until"`            // at most SignInTime after the login began; a later one counts as that
}

// Text is what the client is sent, in the words of OpenVPN ("client-pending-auth" in its management interface).
func (l LoginPending) Text() string {
	switch l.Method {
	case SSOWebAuth:
		return webAuthPrefix + l.URL
	case SSOOpenURL:
		return openURLPrefix + l.URL
	case SSOCRText:
		return crTextPrefix + l.Prompt
	}
	return ""
}

// Validate refuses what no client could act on. Fields: method, url, prompt, until.
func (l LoginPending) Validate() error {
	var c Check
	switch l.Method {
	case SSOWebAuth, SSOOpenURL:
		if !opensInBrowser(l.URL) {
			c.Bad("url", "The URL is not one of https, or of http on this host, in ASCII.")
		}
		if l.Prompt != "" {
			c.Bad("prompt", "A client that opens a URL shows no text.")
		}
	case SSOCRText:
		if strings.TrimSpace(l.Prompt) == "" || !isPrintable(l.Prompt) || strings.ContainsAny(l.Prompt, `"\`) {
			c.Bad("prompt", "The text is missing, or has characters that cannot be shown.")
		}
		if l.URL != "" {
			c.Bad("url", "A client that asks for a text opens no URL.")
		}
	default:
		c.Bad("method", "The way of signing in is none that clients have.")
	}
	if n := len(l.Text()); n > maxPendingText {
		c.Bad("url", fmt.Sprintf("The client would be sent a text of %d bytes, and clients accept at most %d.", n, maxPendingText))
	}
	if l.Until.IsZero() {
		c.Bad("until", "The time until which the client waits is missing.")
	}
	return c.Err()
}

// opensInBrowser tells whether a URL may be opened in the browser of a client's user. OpenVPN passes it through a line of
// text, so it has printable ASCII alone.
func opensInBrowser(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"'\\`<>", r) }) {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())
}
