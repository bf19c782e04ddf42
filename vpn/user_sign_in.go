package vpn

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SignInKind is what a sign-in of a user was.
type SignInKind int

// The kinds. Of sign-ins at the same moment, those of the first kind are listed first.
const (
	SignInVPN     SignInKind = iota + 1 // it began a VPN session
	SignInPortal                        // it began a session of the self-service portal
	SignInRefused                       // it was refused, at either
)

// UserSignIn is a sign-in of a user, granted or refused. Exactly one of the three is set, by Kind.
type UserSignIn struct {
	Kind    SignInKind
	VPN     Session
	Portal  PortalSession
	Refused Attempt
}

// At is when it was; of refusals the last one.
func (s UserSignIn) At() time.Time {
	switch s.Kind {
	case SignInVPN:
		return s.VPN.StartedAt
	case SignInPortal:
		return s.Portal.CreatedAt
	default:
		return s.Refused.At
	}
}

// ID names the sign-in in URLs: that of the session, or one of the refused attempt.
func (s UserSignIn) ID() string {
	switch s.Kind {
	case SignInVPN:
		return string(s.VPN.ID)
	case SignInPortal:
		return string(s.Portal.ID)
	default:
		return prefixAttempt + strconv.FormatInt(s.Refused.Number, 10)
	}
}

// Endpoint is the endpoint at which it was.
func (s UserSignIn) Endpoint() EndpointID {
	switch s.Kind {
	case SignInVPN:
		return s.VPN.Endpoint
	case SignInPortal:
		return s.Portal.Endpoint
	default:
		return s.Refused.Endpoint
	}
}

const (
	prefixAttempt       = "attempt-"
	prefixPortalSession = "portal-"
)

// Place is where a list of sign-ins goes on after this one.
func (s UserSignIn) Place() SignInPlace { return SignInPlace{At: s.At(), Kind: s.Kind, ID: s.ID()} }

// SignInPlace is a place in the list of the sign-ins of a user. The zero value is its beginning.
type SignInPlace struct {
	At   time.Time
	Kind SignInKind
	ID   string
}

// SignInNamed tells which kind of sign-in an ID names; false: none.
func SignInNamed(id string) (SignInPlace, bool) {
	p := SignInPlace{ID: id}
	switch {
	case wellFormed(id, prefixSession):
		p.Kind = SignInVPN
	case wellFormed(id, prefixPortalSession):
		p.Kind = SignInPortal
	case p.Attempt() > 0:
		p.Kind = SignInRefused
	}
	return p, p.Kind != 0
}

// Attempt is the number of the refused attempt that the place is at; 0: it is at none.
func (p SignInPlace) Attempt() int64 {
	digits, ok := strings.CutPrefix(p.ID, prefixAttempt)
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n <= 0 || strconv.FormatInt(n, 10) != digits {
		return 0
	}
	return n
}

// String is the place as URLs have it; empty: the beginning.
func (p SignInPlace) String() string {
	if p == (SignInPlace{}) {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.At.UnixMicro(), 10) + " " + p.ID))
}

// ReadSignInPlace reads String. Every other text is the beginning.
func ReadSignInPlace(text string) SignInPlace {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	at, id, ok := strings.Cut(string(raw), " ")
	micros, numberErr := strconv.ParseInt(at, 10, 64)
	p, known := SignInNamed(id)
	if err != nil || !ok || numberErr != nil || !known {
		return SignInPlace{}
	}
	p.At = time.UnixMicro(micros).UTC()
	return p
}

// MergeSignIns makes one list of the three, each of which is in its order: the newest first, at most limit.
func MergeSignIns(sessions []Session, portals []PortalSession, refused []Attempt, limit int) []UserSignIn {
	out := make([]UserSignIn, 0, len(sessions)+len(portals)+len(refused))
	for _, s := range sessions {
		out = append(out, UserSignIn{Kind: SignInVPN, VPN: s})
	}
	for _, s := range portals {
		out = append(out, UserSignIn{Kind: SignInPortal, Portal: s})
	}
	for _, a := range refused {
		out = append(out, UserSignIn{Kind: SignInRefused, Refused: a})
	}
	slices.SortStableFunc(out, func(a, b UserSignIn) int { return cmp.Or(b.At().Compare(a.At()), cmp.Compare(a.Kind, b.Kind)) })
	return out[:min(len(out), limit)]
}
