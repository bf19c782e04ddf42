package identity

import (
	"context"
	"slices"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Looks at the documents behind metadata URLs.
const (
	lookEvery    = 24 * time.Hour
	troublesLife = time.Minute // how long the banner of the pages shows what was read
)

// LookAtMetadata compares the metadata of each provider with the document behind its URL, where the last look is a day old,
// and logs what ends soon. It changes no provider.
func (s *Service) LookAtMetadata(ctx context.Context) error {
	type due struct {
		vpn.SAMLProvider
		look vpn.SAMLLook
	}
	var all []due
	now := s.core.Now()
	err := s.core.View(ctx, func(tx *store.Tx) error {
		providers, err := tx.AllSAMLProviders(ctx)
		if err != nil {
			return err
		}
		for _, p := range providers {
			look, err := tx.SAMLLook(ctx, p.ID)
			if err != nil {
				return err
			}
			if !control.IsYoung(look.At, now, lookEvery) {
				all = append(all, due{p, look})
			}
		}
		return nil
	})
	for _, p := range all {
		if err == nil {
			_, err = s.lookAt(ctx, p.SAMLProvider, p.look)
		}
	}
	return err
}

// CompareMetadata compares the metadata of a provider with the document behind its URL at once. Conflict where it has none.
func (s *Service) CompareMetadata(ctx context.Context, by control.Principal, id vpn.SAMLProviderID) (vpn.SAMLLook, error) {
	if err := s.core.Allow(ctx, by, vpn.CompareSAMLMetadata, string(id)); err != nil {
		return vpn.SAMLLook{}, err
	}
	var p vpn.SAMLProvider
	var before vpn.SAMLLook
	err := s.core.View(ctx, func(tx *store.Tx) (err error) {
		if p, err = tx.SAMLProvider(ctx, id); err != nil {
			return err
		}
		before, err = tx.SAMLLook(ctx, id)
		return err
	})
	if err != nil {
		return before, err
	}
	if p.MetadataURL == "" {
		return before, vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "This provider has no metadata URL: modify it first.")
	}
	look, err := s.lookAt(ctx, p, before)
	if err != nil {
		return look, err
	}
	return look, s.core.Change(ctx, by, vpn.CompareSAMLMetadata, string(id), func(_ *store.Tx, a *vpn.AuditRecord) error {
		a.After = control.Describe(struct {
			URL         string
			Failed      string
			Differences []vpn.SAMLDifference
		}{p.MetadataURL, look.Failed, look.Differences})
		return nil
	})
}

// lookAt is one look at a provider.
func (s *Service) lookAt(ctx context.Context, p vpn.SAMLProvider, before vpn.SAMLLook) (vpn.SAMLLook, error) {
	now := s.core.Now()
	look := vpn.SAMLLook{At: now}
	if p.MetadataURL != "" {
		_, m, err := s.fetch(ctx, p.MetadataURL)
		switch {
		case ctx.Err() != nil:
			return before, ctx.Err()
		case err != nil && refusalOf(err) == nil:
			return before, err
		case err != nil:
			look.Failed = err.Error()
		default:
			look.Metadata, look.Differences = m, p.Metadata.NewsIn(m)
		}
	}
	if look.Sentence() != "" {
		look.Since = now
		if (look.Failed != "") == (before.Failed != "") && slices.Equal(look.Differences, before.Differences) {
			look.Since = before.Since
		} else {
			s.core.Log.WarnContext(ctx, "the metadata of a SAML provider needs an administrator", "provider", p.ID, "reason", look.Sentence())
		}
	}
	look.Warned = s.warnOfEnds(ctx, p, before.Warned, now)
	err := s.core.Update(ctx, func(tx *store.Tx) error { return tx.SaveSAMLLook(ctx, p.ID, p.Version, look) })
	s.troubles.Forget()
	return look, err
}

// warnOfEnds logs what ends soon, once 30, 14, 7 and 1 days before it and once after it.
func (s *Service) warnOfEnds(ctx context.Context, p vpn.SAMLProvider, before map[string]int, now time.Time) map[string]int {
	var warned map[string]int
	for _, e := range p.Metadata.Expiries(now) {
		if warned == nil {
			warned = map[string]int{}
		}
		stage := e.Stage
		warned[e.What] = stage
		if last, ok := before[e.What]; !ok || stage < last {
			s.core.Log.WarnContext(ctx, "the metadata of a SAML provider ends", "provider", p.ID, "at", e.At, "reason", e.Sentence())
		}
	}
	return warned
}

// ProviderTrouble is what is wrong with a SAML provider, for the banner of every page.
type ProviderTrouble struct {
	Provider  vpn.SAMLProviderID
	Label     string
	Sentences []string
	Since     time.Time // zero: not known
}

// ProviderTroubles lists the providers whose metadata ends soon, has ended, or differs from what is behind its URL, and those
// that need our new values after a change of public_url.
func (s *Service) ProviderTroubles(ctx context.Context) []ProviderTrouble {
	now := s.core.Now()
	return s.troubles.Value(now, troublesLife, func() ([]ProviderTrouble, error) { return s.readTroubles(ctx, now) })
}

func (s *Service) readTroubles(ctx context.Context, now time.Time) (out []ProviderTrouble, err error) {
	err = s.core.View(ctx, func(tx *store.Tx) error {
		providers, err := tx.AllSAMLProviders(ctx)
		if err != nil {
			return err
		}
		for _, p := range providers {
			look, err := tx.SAMLLook(ctx, p.ID)
			if err != nil {
				return err
			}
			t := ProviderTrouble{Provider: p.ID, Label: p.Label(), Since: look.Since}
			for _, e := range p.Metadata.Expiries(now) {
				t.Sentences = append(t.Sentences, e.Sentence())
			}
			if sentence := p.ValuesSentence(s.core.Settings.PublicURL); sentence != "" {
				t.Sentences = append(t.Sentences, sentence)
			}
			if sentence := look.Sentence(); sentence != "" {
				t.Sentences = append(t.Sentences, sentence)
			}
			if len(t.Sentences) > 0 {
				out = append(out, t)
			}
		}
		return nil
	})
	return out, err
}
