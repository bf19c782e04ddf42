package portal

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"sallyport/control"
	"sallyport/control/turn"
	"sallyport/store"
	"sallyport/vpn"
)

// How many requests may wait for an answer: of one network at one endpoint, and in all. Above it the oldest is given up, of the
// same browser first: others of the network, which may be a whole office, can sign in. A network never displaces the requests
// of others by its number.
const (
	maxRequests    = 200
	maxAllRequests = 5000
)

// beginsOfNetwork is how often sign-ins at SAML providers are begun from one network, which may be a whole office in the morning:
// each is a request that is signed and stored.
var beginsOfNetwork = turn.Rate{Burst: 200, Every: 100 * time.Millisecond}

var errManyBegins = vpn.Refuse(vpn.Throttled, vpn.CodeRequestLimitExceeded, "Many sign-ins were begun from your network at the moment. Try again in a few seconds.")

var errReplayed = vpn.Refuse(vpn.Denied, vpn.CodeSAMLReplayed, "The identity provider's answer was used before. Begin the sign-in again.")

// subjectOf is what a request of a visitor is for: the endpoint, and the network that it was begun from.
func subjectOf(id vpn.EndpointID, by Visitor) string {
	return string(id) + " " + control.SourceNetwork(by.Addr.String())
}

// Begin begins a sign-in at the endpoint's SAML provider for a browser, which its cookie binds to the answer, and gives the URL
// that leads there. Throttled where too many were begun from the network.
func (s *Service) Begin(ctx context.Context, id vpn.EndpointID, cookie vpn.Secret, by Visitor) (redirectURL string, err error) {
	door, err := s.Door(ctx, id)
	if err != nil {
		return "", err
	}
	if door.SAML == "" {
		return "", vpn.ErrPortalClosed
	}
	if s.begins.Take(control.SourceNetwork(by.Addr.String()), beginsOfNetwork) > 0 {
		return "", errManyBegins
	}
	relay := vpn.NewToken()
	request, redirectURL, err := s.Providers.RequestSAML(ctx, door.SAML, relay.Reveal())
	if err != nil {
		return "", err
	}
	r := vpn.SAMLRequest{
		ID: request, Relay: vpn.TokenDigest(relay), Provider: door.SAML, Purpose: vpn.SAMLForPortal, Subject: subjectOf(id, by),
		Browser: vpn.TokenDigest(cookie), CreatedAt: s.core.Now(),
	}
	return redirectURL, s.core.Update(ctx, func(tx *store.Tx) error {
		all, ofNetwork, err := tx.WaitingSAMLRequests(ctx, r.Purpose, r.Subject)
		switch {
		case err != nil:
			return err
		case ofNetwork >= maxRequests:
			err = tx.DropSAMLRequestOf(ctx, r.Subject, r.Browser)
		case all >= maxAllRequests:
			err = tx.DropSAMLRequest(ctx, r.Purpose)
		}
		if err != nil {
			return err
		}
		return tx.CreateSAMLRequest(ctx, r)
	})
}

// FinishPortal takes the answer to a request of Begin, which is used up, and begins a session. path is that of the portal's
// page; where the answer is refused, that of the sign-in, and the error is for the person.
func (s *Service) FinishPortal(ctx context.Context, r vpn.SAMLRequest, form url.Values, from netip.Addr, request string) (token vpn.Secret, path string, err error) {
	id, _, _ := strings.Cut(r.Subject, " ")
	at := vpn.EndpointID(id)
	token, err = s.finish(ctx, r, form, at, Visitor{Addr: from, Request: request})
	if err != nil {
		return "", at.PortalPath(), err
	}
	return token, Path, nil
}

// Path is that of the page of a user who is signed in.
const Path = "/portal"

func (s *Service) finish(ctx context.Context, r vpn.SAMLRequest, form url.Values, at vpn.EndpointID, by Visitor) (token vpn.Secret, err error) {
	answer, version, refused := s.Providers.AcceptSAML(ctx, r.Provider, form, r.ID)
	if e, ok := errors.AsType[*vpn.Error](refused); refused != nil && (!ok || e.Kind != vpn.Denied) {
		return "", refused
	}
	if refused != nil {
		return "", s.refuse(ctx, r, at, by, vpn.ProviderUser{}, refused)
	}
	var why error
	err = s.core.Update(ctx, func(tx *store.Tx) error {
		token, why = "", nil
		fresh, err := tx.UseSAMLAssertion(ctx, r.Provider, answer.AssertionID, answer.NotOnOrAfter)
		if err != nil {
			return err
		}
		provider, err := tx.SAMLProvider(ctx, r.Provider)
		if err != nil {
			return err
		}
		switch {
		case !fresh:
			why = errReplayed
			return nil
		case provider.Version != version:
			why = errChanged
			return nil
		}
		_, token, err = s.startSession(ctx, tx, Door{Endpoint: at, Provider: r.Provider.Provider()}, answer.User, vpn.ForPortal, answer.SessionEnds, by)
		if vpn.KindOf(err) == vpn.Denied { // the user is blocked; the request is used up all the same
			why, err = err, nil
		}
		return err
	})
	if err == nil && why != nil {
		err = s.refuse(ctx, r, at, by, answer.User, why)
	}
	if err != nil {
		return "", err
	}
	return token, nil
}

// refuse lists why an answer begins no session, with the user whom it proved, and gives what the person may know of it.
func (s *Service) refuse(ctx context.Context, r vpn.SAMLRequest, at vpn.EndpointID, by Visitor, user vpn.ProviderUser, why error) error {
	e, ok := errors.AsType[*vpn.Error](why)
	if !ok {
		return why
	}
	s.noteRefusal(ctx, refusedSignIn{door: Door{Endpoint: at, Provider: r.Provider.Provider()}, user: user, by: by, refusal: e, momentary: errors.Is(why, errChanged)})
	return e.ToldToClient(false)
}
