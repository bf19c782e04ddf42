package vpn

import "time"

// SAMLTrialTime is how long the link of a test sign-in can be used.
const SAMLTrialTime = 10 * time.Minute

// SAMLTrial is a test sign-in that an administrator began: a link of the public pages, which is answered once. Its ID is the
// digest of Token.
type SAMLTrial struct {
	Token     Secret
	Provider  SAMLProviderID
	By        string // the administrator
	CreatedAt time.Time
}

// ID names the trial where its token is not told.
func (t SAMLTrial) ID() string { return TokenDigest(t.Token) }

// NewSAMLTrial is a trial at a provider.
func NewSAMLTrial(provider SAMLProviderID, by string, now time.Time) SAMLTrial {
	return SAMLTrial{Token: NewToken(), Provider: provider, By: by, CreatedAt: now}
}

// Ended tells whether the link can no longer be used.
func (t SAMLTrial) Ended(now time.Time) bool { return !now.Before(t.CreatedAt.Add(SAMLTrialTime)) }

// ErrSAMLTrial is one answer to links of test sign-ins that are unknown, old or used.
var ErrSAMLTrial = Refuse(NotFound, CodeBrowserLinkInvalid, "This test sign-in is over or was never begun. Begin another one on the provider's page of the console.")

// SAMLTrialResult is what came of a trial.
type SAMLTrialResult struct {
	At      time.Time    `json:"at"`
	User    ProviderUser `json:"user"` // zero where the answer is refused
	Seen    SAMLTrace    `json:"seen"`
	Code    Code         `json:"code,omitempty"` // of the refusal; empty: the user signs in
	Refused string       `json:"refused,omitempty"`
}
