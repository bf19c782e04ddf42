package signin

import (
	"context"
	"errors"
	"net/url"

	"sallyport/store"
	"sallyport/vpn"
)

var (
	errReplayed     = vpn.Refuse(vpn.Denied, vpn.CodeSAMLReplayed, "The identity provider's answer was used before. Begin the sign-in again.")
	errNotCompleted = vpn.Refuse(vpn.Unavailable, vpn.CodeSignInNotCompleted, "Your sign-in was not completed, because of a fault in this VPN. Begin it again.")
)

// relayField is the parameter of an answer that names its request.
const relayField = "RelayState"

// Accepted is what an answer of an identity provider leads to.
type Accepted struct {
	Path   string     // of the page that continues; with an error, where the person may begin again, and empty: nowhere
	Portal vpn.Secret // the cookie of a new session of the self-service portal; empty: the answer was for something else
}

// Accept takes the answer of an identity provider, which came to the address of a provider. An answer that belongs to no
// request of this browser is refused before it is read. The request is used up before the answer is verified, so that a
// request has one verification, whatever comes of it; where a fault stops what follows, the person begins again. What an
// answer proves is stored in one transaction, which uses up the assertion. The error is for the person; the log and the
// refused attempts have the cause. It is Unavailable, and the request is not used up, where too many answers wait.
func (s *Service) Accept(ctx context.Context, at vpn.SAMLProviderID, form url.Values, by Browser) (a Accepted, err error) {
	if !at.WellFormed() {
		return a, vpn.ErrSAMLRequest
	}
	r, done, err := s.claim(ctx, at, form, by)
	if err != nil {
		if ok, left := s.refusals.take(s.core.Now()); ok {
			s.core.Log.WarnContext(ctx, "the answer of an identity provider was refused", "provider", at, "source", by.Addr.String(), "code", vpn.CodeOf(err), "reason", err, "not_logged_before", left)
		}
		return a, err
	}
	defer done()
	switch {
	case r.Purpose == vpn.SAMLForLogin:
		a.Path, err = s.acceptLogin(ctx, r, form, by)
	case r.Purpose == vpn.SAMLForTest && s.tests != nil:
		a.Path, err = s.tests.FinishTest(ctx, r, form)
	case r.Purpose == vpn.SAMLForPortal:
		a.Portal, a.Path, err = s.portal.FinishPortal(ctx, r, form, by.Addr, by.Request)
	default:
		err = vpn.ErrSAMLRequest
	}
	if err != nil && refusalOf(err) == nil && ctx.Err() == nil {
		s.core.Log.ErrorContext(ctx, "a sign-in was not completed", "provider", at, "purpose", r.Purpose, "source", by.Addr.String(), "err", err, "request_id", by.Request)
		err = errNotCompleted.Because(err)
	}
	return a, err
}

// requestOf reads the request that an answer says it is for, and judges whether it may be answered.
func (s *Service) requestOf(ctx context.Context, at vpn.SAMLProviderID, form url.Values, by Browser) (vpn.SAMLRequest, error) {
	relay := vpn.Secret(form.Get(relayField))
	if len(relay) != linkLength {
		return vpn.SAMLRequest{}, vpn.ErrSAMLRequest
	}
	var r vpn.SAMLRequest
	err := s.core.View(ctx, func(tx *store.Tx) (err error) { r, err = tx.SAMLRequestByRelay(ctx, relay); return err })
	if vpn.KindOf(err) == vpn.NotFound {
		return r, vpn.ErrSAMLRequest
	}
	if err != nil {
		return r, err
	}
	judged := r
	return r, judged.Answer(at, by.digest(), s.core.Now())
}

// claim waits for the turn of an answer, and uses up its request. done ends the turn.
func (s *Service) claim(ctx context.Context, at vpn.SAMLProviderID, form url.Values, by Browser) (r vpn.SAMLRequest, done func(), err error) {
	if r, err = s.requestOf(ctx, at, form, by); err != nil {
		return r, nil, err
	}
	if done, err = s.takeTurn(ctx, by); err != nil {
		return r, nil, err
	}
	err = s.core.Update(ctx, func(tx *store.Tx) error {
		if r, err = tx.SAMLRequest(ctx, r.ID); err != nil {
			return err
		}
		if err := r.Answer(at, by.digest(), s.core.Now()); err != nil {
			return err
		}
		return tx.SaveSAMLRequest(ctx, r)
	})
	if err != nil {
		done()
		return r, nil, err
	}
	return r, done, nil
}

// acceptLogin stores what an answer proves about the person of a VPN login. With an error, path is where they begin again.
func (s *Service) acceptLogin(ctx context.Context, r vpn.SAMLRequest, form url.Values, by Browser) (path string, err error) {
	v, err := s.SignIn(ctx, vpn.BrowserSignInID(r.Subject))
	if err != nil {
		return "", err
	}
	answer, version, refused := s.providers.AcceptSAML(ctx, r.Provider, form, r.ID)
	if refused != nil && refusalOf(refused) == nil {
		return Path(v.Token), refused
	}
	var why error // what the person is told
	err = s.core.Update(ctx, func(tx *store.Tx) error {
		now := s.core.Now()
		var err error
		if v, err = tx.BrowserSignIn(ctx, v.ID); err != nil {
			return err
		}
		why = refused
		if why == nil {
			fresh, err := tx.UseSAMLAssertion(ctx, r.Provider, answer.AssertionID, answer.NotOnOrAfter)
			if err != nil {
				return err
			}
			if !fresh {
				why = errReplayed
			}
		}
		if why == nil {
			if why = v.SignIn(answer.User, version, r, by.Addr, now); why == nil {
				return tx.SaveBrowserSignIn(ctx, v)
			}
			return nil
		}
		return tx.CreateAttempt(ctx, v.Login.Refused(refusalOf(why).Code, refusalOf(why).Listed()), now)
	})
	if err != nil {
		return Path(v.Token), err
	}
	if why != nil {
		s.core.Log.WarnContext(ctx, "the answer of an identity provider was refused", "provider", r.Provider, "endpoint", v.Login.Endpoint, "device", v.Login.Device.String(), "source", by.Addr.String(),
			"code", vpn.CodeOf(why), "reason", why, "reference", v.Login.Reference())
		return Path(v.Token), toldToPerson(why)
	}
	return ConfirmPath(v.Token), nil
}

// toldToPerson is a refusal of an answer as the person at the browser may know it.
func toldToPerson(err error) error {
	if e := refusalOf(err); e != nil {
		return e.ToldToClient(false)
	}
	return err
}

// refusalOf is the refusal that an error is; nil: it is a fault.
func refusalOf(err error) *vpn.Error {
	if e, ok := errors.AsType[*vpn.Error](err); ok {
		return e
	}
	return nil
}
