package identity

import (
	"context"
	"encoding/json"
	"net/url"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// BeginTrial begins a test sign-in: the administrator opens its link, which is one of the public pages, and signs in at the
// provider. Conflict where the public pages are not served.
func (s *Service) BeginTrial(ctx context.Context, by control.Principal, id vpn.SAMLProviderID) (vpn.SAMLTrial, error) {
	if err := s.core.Allow(ctx, by, vpn.TestSAMLSignIn, string(id)); err != nil {
		return vpn.SAMLTrial{}, err
	}
	if _, _, err := s.ServiceProvider(ctx, id); err != nil {
		return vpn.SAMLTrial{}, err
	}
	t := vpn.NewSAMLTrial(id, by.Name, s.core.Now())
	return t, s.core.Change(ctx, by, vpn.TestSAMLSignIn, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		a.After = control.Describe(struct{ Test string }{t.ID()})
		return tx.CreateSAMLTrial(ctx, t)
	})
}

// SAMLTrial is a test sign-in as its page shows it.
type SAMLTrial struct {
	vpn.SAMLTrial
	Provider  vpn.SAMLProvider
	Link      string // for the administrator; empty: it can no longer be used
	Result    *vpn.SAMLTrialResult
	Endpoints []vpn.EndpointRef // whose rules can be asked for: those of the provider, or all where it has none
	Used      bool              // the endpoints are those of the provider
	// Access is what the user could reach, through the endpoint that was asked for or each of the provider; nil where the
	// user is refused.
	Access []vpn.EndpointAccess
}

// SAMLTrial reads a test sign-in of a provider by its ID. endpoint is what the user could reach through; empty: each endpoint
// of the provider.
func (s *Service) SAMLTrial(ctx context.Context, by control.Principal, provider vpn.SAMLProviderID, id string, endpoint vpn.EndpointID) (v SAMLTrial, err error) {
	err = s.core.Read(ctx, by, vpn.TestSAMLSignIn, string(provider), func(tx *store.Tx) error {
		if v.SAMLTrial, err = tx.SAMLTrial(ctx, id); err != nil {
			return err
		}
		if v.SAMLTrial.Provider != provider {
			return vpn.ErrSAMLTrial
		}
		if v.Provider, err = tx.SAMLProvider(ctx, provider); err != nil {
			return err
		}
		if v.Result, err = resultOfTrial(ctx, tx, id); err != nil {
			return err
		}
		through, err := tx.EndpointsOfProvider(ctx, provider.Provider())
		if err != nil {
			return err
		}
		if v.Endpoints, v.Used = through, len(through) > 0; !v.Used {
			all, err := tx.AllEndpoints(ctx)
			if err != nil {
				return err
			}
			for _, e := range all {
				v.Endpoints = append(v.Endpoints, vpn.EndpointRef{ID: e.ID, Name: e.Name})
			}
		}
		if endpoint != "" {
			through = nil
			for _, e := range v.Endpoints {
				if e.ID == endpoint {
					through = []vpn.EndpointRef{e}
				}
			}
		}
		if v.Result == nil || v.Result.Refused != "" {
			return nil
		}
		v.Access, err = accessOf(ctx, tx, v.Result.User.Identity(provider.Provider()), through)
		return err
	})
	if v.Result == nil && !v.Ended(s.core.Now()) && s.core.Settings.PublicURL != "" {
		v.Link = s.core.Settings.PublicURL + "/saml/" + string(provider) + "/test/" + v.Token.Reveal()
	}
	return v, err
}

// resultOfTrial is what came of a test sign-in; nil: nothing yet.
func resultOfTrial(ctx context.Context, tx *store.Tx, id string) (*vpn.SAMLTrialResult, error) {
	requests, err := tx.SAMLRequestsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, r := range requests {
		if r.Result != "" {
			var result vpn.SAMLTrialResult
			return &result, json.Unmarshal([]byte(r.Result), &result)
		}
	}
	return nil, nil
}

// maxTrialRequests bounds the requests of one test sign-in.
const maxTrialRequests = 20

// RequestTrial begins a test sign-in at the provider for a browser, which has the digest of its cookie, and gives the URL that
// leads there. It is called for the public pages: the link proves that an administrator wants the test, and nothing else. Its
// one answer to links that are unknown, of another provider, old or used is ErrSAMLTrial.
func (s *Service) RequestTrial(ctx context.Context, provider vpn.SAMLProviderID, token vpn.Secret, browser string) (redirectURL string, err error) {
	id := vpn.TokenDigest(token)
	check := func(tx *store.Tx) error {
		t, err := tx.SAMLTrial(ctx, id)
		switch {
		case vpn.KindOf(err) == vpn.NotFound:
			return vpn.ErrSAMLTrial
		case err != nil:
			return err
		case t.Provider != provider || t.Ended(s.core.Now()):
			return vpn.ErrSAMLTrial
		}
		former, err := tx.SAMLRequestsOf(ctx, id)
		if err != nil {
			return err
		}
		for _, r := range former {
			if r.Result != "" {
				return vpn.ErrSAMLTrial
			}
		}
		if len(former) >= maxTrialRequests {
			return vpn.ErrSAMLTrial
		}
		return nil
	}
	if err := s.core.View(ctx, check); err != nil {
		return "", err
	}
	relay := vpn.NewToken()
	request, redirectURL, err := s.RequestSAML(ctx, provider, relay.Reveal())
	if err != nil {
		return "", err
	}
	return redirectURL, s.core.Update(ctx, func(tx *store.Tx) error {
		if err := check(tx); err != nil {
			return err
		}
		return tx.CreateSAMLRequest(ctx, vpn.SAMLRequest{
			ID: request, Relay: vpn.TokenDigest(relay), Provider: provider, Purpose: vpn.SAMLForTest, Subject: id, Browser: browser, CreatedAt: s.core.Now(),
		})
	})
}

// TestedPath is the public page after a test sign-in at a provider. It says where the result is, and nothing of it.
func TestedPath(provider vpn.SAMLProviderID) string { return "/saml/" + string(provider) + "/tested" }

// FinishTest judges the answer to the request of a test sign-in, which is used up, by the code path of a login, and stores what
// it says, of one that is refused too. It gives the path of the page that leads back to the console.
func (s *Service) FinishTest(ctx context.Context, r vpn.SAMLRequest, form url.Values) (path string, err error) {
	answer, _, refused := s.AcceptSAML(ctx, r.Provider, form, r.ID)
	if refused != nil && refusalOf(refused) == nil {
		return "", refused
	}
	now := s.core.Now()
	result := vpn.SAMLTrialResult{At: now, User: answer.User, Seen: answer.Seen}
	err = s.core.Update(ctx, func(tx *store.Tx) error {
		stored, err := tx.SAMLRequest(ctx, r.ID)
		if err != nil {
			return err
		}
		earlier, err := resultOfTrial(ctx, tx, r.Subject)
		if err != nil {
			return err
		}
		if earlier != nil {
			return vpn.ErrSAMLTrial
		}
		why := refusalOf(refused)
		if why == nil {
			if why, err = s.blockedOrReplayed(ctx, tx, r.Provider, answer); err != nil {
				return err
			}
		}
		if why != nil {
			result.Code, result.Refused = why.Code, why.Msg
		}
		text, err := json.Marshal(result)
		if err != nil {
			return err
		}
		stored.Result = string(text)
		if err := tx.SaveSAMLRequest(ctx, stored); err != nil {
			return err
		}
		record := vpn.AuditRecord{At: now, Actor: "system", Action: vpn.TestSAMLSignIn, Subject: string(r.Provider), Result: "ok"}
		outcome := result.Refused
		if outcome == "" {
			outcome = resultOf(nil)
		}
		record.After = control.Describe(struct{ Test, User, Result string }{r.Subject, vpn.PrintableText(result.User.Name), outcome})
		return tx.Audit(ctx, record)
	})
	if err != nil {
		return "", err
	}
	return TestedPath(r.Provider), nil
}

// blockedOrReplayed says why an answer that is right lets no user in; nil: it does.
func (s *Service) blockedOrReplayed(ctx context.Context, tx *store.Tx, provider vpn.SAMLProviderID, answer vpn.SAMLAnswer) (*vpn.Error, error) {
	fresh, err := tx.UseSAMLAssertion(ctx, provider, answer.AssertionID, answer.NotOnOrAfter)
	if err != nil {
		return nil, err
	}
	if !fresh {
		return vpn.Refuse(vpn.Denied, vpn.CodeSAMLReplayed, "The identity provider's answer was used before: it has the ID of an earlier assertion."), nil
	}
	user := answer.User.Identity(provider.Provider())
	known, err := tx.VPNUsersOf(ctx, user.Ref())
	if err != nil {
		return nil, err
	}
	return known[user.Ref()].Refuse(), nil
}
