package vpn

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// BrowserSignInID is "sign-in-" and 17 hex digits.
type BrowserSignInID string

const prefixBrowserSignIn = "sign-in-"

// BrowserWait is how long a login waits for the sign-in in a browser. It is less than the 180 seconds that a client waits for
// its server, so that the client is told why it was refused.
const BrowserWait = 170 * time.Second

// BrowserMethodOf is the way that is used with a client, by those that it announces; empty: it has none.
func BrowserMethodOf(sso []string) string {
	for _, m := range []string{SSOWebAuth, SSOOpenURL, SSOCRText} {
		if slices.Contains(sso, m) {
			return m
		}
	}
	return ""
}

// BrowserState is how far a sign-in in a browser is.
type BrowserState string

// The states. In the last three it is over.
const (
	BrowserWaiting   BrowserState = "waiting"   // for its person to sign in at the identity provider
	BrowserSignedIn  BrowserState = "signed-in" // the identity provider has proved the user; the person has not confirmed
	BrowserConfirmed BrowserState = "confirmed" // the person has confirmed; the login is not decided yet
	BrowserAnswered  BrowserState = "answered"  // the login was decided
	BrowserRefused   BrowserState = "refused"   // by the person or a rule
	BrowserExpired   BrowserState = "expired"   // its login waits no longer; this state is not stored
)

// BrowserSignIn is the sign-in in a browser that one waiting login needs. Its methods change it; they refuse with the sentence
// for the person at the browser, and change nothing then.
type BrowserSignIn struct {
	ID       BrowserSignInID
	Node     string       // where the login waits
	Login    LoginRequest // without its password
	Provider SAMLProviderID
	Method   string // BrowserMethodOf the client
	Token    Secret // in the link; who has it is at the browser of the sign-in or was given the link
	State    BrowserState
	// User is whom the identity provider proved, by its settings of Version, with the answer to Request. Browser names the
	// browser that brought the answer, and BrowserAddr is its address.
	User        ProviderUser
	Version     int
	Request     string
	Browser     string
	BrowserAddr netip.Addr
	// Code is what the person types at the client after the sign-in; empty: nothing. WrongCodes counts wrong ones.
	Code          Secret
	WrongCodes    int
	RefusedCode   Code
	RefusedReason string
	Told          bool // its login was decided, or waits no longer: nothing is to be done about it
	CreatedAt     time.Time
	ExpiresAt     time.Time
}

const (
	browserTokenBytes = 16
	browserCodeDigits = 6
	maxWrongCodes     = 3
)

// NewToken is a random text for a link, a cookie or RelayState: 22 characters that are the same in a URL.
func NewToken() Secret {
	var b [browserTokenBytes]byte
	_, _ = rand.Read(b[:])
	return Secret(base64.RawURLEncoding.EncodeToString(b[:]))
}

// TokenDigest names a token where the token itself is not kept.
func TokenDigest(token Secret) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// NewBrowserSignIn is the sign-in of a login that begins to wait. withCode tells that the person shall type a code at the
// client in the end. It is refused where the client cannot do what it needs.
func NewBrowserSignIn(provider SAMLProviderID, r LoginRequest, node string, withCode bool, now time.Time) (BrowserSignIn, error) {
	method := BrowserMethodOf(r.SSO)
	switch {
	case method == "":
		return BrowserSignIn{}, ErrBrowserMissing
	case withCode && !slices.Contains(r.SSO, SSOCRText):
		return BrowserSignIn{}, errBrowserNoCode
	}
	r.Password, r.Answer, r.Pending = "", "", false
	s := BrowserSignIn{
		ID: BrowserSignInID(newID(prefixBrowserSignIn)), Node: node, Login: r, Provider: provider, Method: method, Token: NewToken(), State: BrowserWaiting,
		CreatedAt: now, ExpiresAt: now.Add(BrowserWait),
	}
	if withCode || method == SSOCRText {
		s.Code = newBrowserCode()
	}
	return s, nil
}

func newBrowserCode() Secret {
	n, _ := rand.Int(rand.Reader, big.NewInt(1_000_000)) // never fails: crypto/rand aborts the program instead
	return Secret(fmt.Sprintf("%0*d", browserCodeDigits, n))
}

// Why there is no sign-in, or not by this browser. The sentences of the first two are for the client.
var (
	ErrBrowserMissing = Refuse(Denied, CodeBrowserMissing,
		"This VPN endpoint signs you in in a browser, and your client cannot open one. Use OpenVPN Connect, OpenVPN GUI 2.6, Tunnelblick, Viscosity or openvpn3, or add --setenv IV_SSO webauth.")
	errBrowserNoCode = Refuse(Denied, CodeBrowserMissing,
		"This VPN endpoint asks for a code after the sign-in in the browser, and your client cannot ask for it. Use OpenVPN Connect, OpenVPN GUI 2.6 or later or openvpn3 for Linux.")
	// ErrBrowserLink is one answer to unknown, old and used links: what a link was is for its own person.
	ErrBrowserLink = Refuse(NotFound, CodeBrowserLinkInvalid,
		"This sign-in is over or was never begun. Connect with your VPN client again: it opens a new page.")
	// ErrBrowserOther refuses a browser that did not begin the sign-in, or whose cookies were deleted meanwhile.
	ErrBrowserOther = Refuse(Denied, CodeBrowserOther,
		"The sign-in was begun in another browser, or this browser keeps no cookies. Go back to the browser that your VPN client opened, or connect again.")
	errBrowserChanged = Refuse(Conflict, CodeBrowserChanged,
		"Meanwhile this browser signed in once more. Look at the page again before you confirm.")
	errBrowserTimeout = Refuse(Denied, CodeBrowserTimeout, "No sign-in was completed in the browser in time. Connect again to sign in.")
	errBrowserNotMe   = Refuse(Denied, CodeBrowserRefused, "The sign-in was refused in the browser.")
	errBrowserAddress = Refuse(Denied, CodeBrowserAddress,
		"The browser and the VPN client have different network addresses, which your administrator does not allow. Open the page on the device that connects.")
	errBrowserGone = Refuse(NotFound, CodeBrowserClientGone, "Your VPN client waited no longer: connect with it again, and it opens a new page.")
	errBrowserCode = Refuse(Denied, CodeBrowserCodeWrong, "The code is wrong. Connect again.")
)

// StateAt is the state at a time.
func (s BrowserSignIn) StateAt(now time.Time) BrowserState {
	if !now.Before(s.ExpiresAt) && (s.State == BrowserWaiting || s.State == BrowserSignedIn || s.State == BrowserConfirmed) {
		return BrowserExpired
	}
	return s.State
}

// Open tells whether a person can still sign in for it.
func (s BrowserSignIn) Open(now time.Time) bool {
	state := s.StateAt(now)
	return state == BrowserWaiting || state == BrowserSignedIn
}

// SignIn takes what the identity provider has proved to a browser. Until the person confirms, a later answer takes the place
// of an earlier one.
func (s *BrowserSignIn) SignIn(u ProviderUser, version int, r SAMLRequest, from netip.Addr, now time.Time) error {
	if !s.Open(now) {
		return ErrBrowserLink
	}
	s.State, s.User, s.Version, s.Request, s.Browser, s.BrowserAddr = BrowserSignedIn, u, version, r.ID, r.Browser, from.Unmap()
	return nil
}

// SameBrowser tells whether a browser brought the answer of the identity provider; browser is the digest of its cookie.
func (s BrowserSignIn) SameBrowser(browser string) bool {
	return s.Browser != "" && subtle.ConstantTimeCompare([]byte(s.Browser), []byte(browser)) == 1
}

// AddressDiffers tells whether the browser has another address than the client: a link that was sent to a person by another
// one, or a browser that takes another way.
func (s BrowserSignIn) AddressDiffers(browser netip.Addr) bool {
	return s.Login.Device.Addr().Unmap() != browser.Unmap()
}

// BrowserAnswer is what the person says on the page that asks to confirm.
type BrowserAnswer struct {
	Yes     bool
	Request string     // the one whose answer the page showed
	Browser string     // the digest of the cookie
	From    netip.Addr // the browser's
}

// Confirm ends the part of the person. strict refuses a browser with another address than the client. A refusal that ends
// the sign-in changes it and is no error.
func (s *BrowserSignIn) Confirm(a BrowserAnswer, strict bool, now time.Time) error {
	switch {
	case !s.Open(now):
		return ErrBrowserLink
	case s.State != BrowserSignedIn:
		return errBrowserChanged
	case !s.SameBrowser(a.Browser):
		return ErrBrowserOther
	case subtle.ConstantTimeCompare([]byte(s.Request), []byte(a.Request)) != 1:
		return errBrowserChanged
	case !a.Yes:
		s.Refuse(errBrowserNotMe)
	case strict && s.AddressDiffers(a.From):
		s.Refuse(errBrowserAddress)
	default:
		s.State = BrowserConfirmed
	}
	s.BrowserAddr = a.From.Unmap()
	return nil
}

// Refuse ends it with the reason that its client is told.
func (s *BrowserSignIn) Refuse(why *Error) {
	s.State, s.RefusedCode, s.RefusedReason = BrowserRefused, why.Code, why.Msg
}

// Leave ends it where its client waits no longer before the login is decided.
func (s *BrowserSignIn) Leave(now time.Time) {
	if s.Open(now) || s.StateAt(now) == BrowserConfirmed {
		s.Refuse(errBrowserGone)
	}
}

// End notes how the login was decided, when its client was told. gone tells that it could not be told any more.
func (s *BrowserSignIn) End(d LoginDecision, gone bool) {
	s.Told = true
	switch {
	case s.State == BrowserRefused:
	case !d.Allow:
		s.State, s.RefusedCode, s.RefusedReason = BrowserRefused, d.Code, d.Reason
	case gone:
		s.Refuse(errBrowserGone)
	default:
		s.State = BrowserAnswered
	}
}

// Type takes a code that the person typed at the client. Before the person has confirmed, every code is wrong. After too
// many wrong ones the sign-in is refused.
func (s *BrowserSignIn) Type(code string) (right bool) {
	typed := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, code)
	if s.Code != "" && s.State == BrowserConfirmed && subtle.ConstantTimeCompare([]byte(s.Code.Reveal()), []byte(typed)) == 1 {
		return true
	}
	if s.WrongCodes++; s.WrongCodes >= maxWrongCodes {
		s.Refuse(errBrowserCode)
	}
	return false
}

// Proof is what the sign-in proves of its login, when the person has confirmed or nothing can come of it any more.
func (s BrowserSignIn) Proof(now time.Time) Proof {
	p := Proof{Provider: s.Provider.Provider(), Version: s.Version, User: s.User}
	switch s.StateAt(now) {
	case BrowserConfirmed, BrowserAnswered:
	case BrowserRefused:
		p.Refused = Refuse(Denied, s.RefusedCode, s.RefusedReason)
	default:
		p.Refused = errBrowserTimeout
	}
	return p
}
