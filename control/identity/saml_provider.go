package identity

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// SAMLProviders lists SAML providers.
func (s *Service) SAMLProviders(ctx context.Context, by control.Principal, l vpn.List) (p vpn.Page[vpn.SAMLProvider], err error) {
	err = s.core.Read(ctx, by, vpn.DescribeDirectories, "", func(tx *store.Tx) error { p, err = tx.SAMLProviders(ctx, l); return err })
	return p, err
}

// ProviderCounts are the numbers of the identity providers of each kind.
type ProviderCounts struct{ Directories, SAML int }

// ProviderCounts counts the identity providers.
func (s *Service) ProviderCounts(ctx context.Context, by control.Principal) (n ProviderCounts, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeDirectories, "", func(tx *store.Tx) error {
		directories, err := tx.Directories(ctx, vpn.List{Size: 1})
		if err != nil {
			return err
		}
		providers, err := tx.SAMLProviders(ctx, vpn.List{Size: 1})
		n = ProviderCounts{directories.Total, providers.Total}
		return err
	})
	return n, err
}

// SAMLView is a SAML provider as its page shows it.
type SAMLView struct {
	vpn.SAMLProvider
	Look vpn.SAMLLook
	Used []vpn.EndpointRef // the endpoints whose users sign in there
	// Ours are the values for the IdP; empty where the public pages are not served.
	EntityID, ACSURL string
	// Former are the values that the IdP is known to have, where they are others; otherwise empty.
	FormerEntityID, FormerACSURL string
}

// SAMLProvider gives one provider.
func (s *Service) SAMLProvider(ctx context.Context, by control.Principal, id vpn.SAMLProviderID) (v SAMLView, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeDirectories, string(id), func(tx *store.Tx) error {
		if v.SAMLProvider, err = tx.SAMLProvider(ctx, id); err != nil {
			return err
		}
		if v.Look, err = tx.SAMLLook(ctx, id); err != nil {
			return err
		}
		v.Used, err = tx.EndpointsOfProvider(ctx, id.Provider())
		return err
	})
	if base := s.core.Settings.PublicURL; base != "" {
		v.EntityID, v.ACSURL = v.SAMLProvider.EntityID(base), v.SAMLProvider.ACSURL(base)
		if v.ValuesChanged(base) {
			v.FormerEntityID, v.FormerACSURL = v.SAMLProvider.EntityID(v.KnownURL), v.SAMLProvider.ACSURL(v.KnownURL)
		}
	}
	return v, err
}

// CreateSAMLProvider adds a provider. A document behind a URL is read for it, before anything is stored. Fields: those of
// vpn.NewSAMLProvider.
func (s *Service) CreateSAMLProvider(ctx context.Context, by control.Principal, spec vpn.SAMLProviderSpec) (vpn.SAMLProvider, error) {
	if err := s.core.Allow(ctx, by, vpn.CreateSAMLProvider, ""); err != nil {
		return vpn.SAMLProvider{}, err
	}
	p, typed := vpn.NewSAMLProvider(spec, s.core.Now())
	p.KnownURL = s.core.Settings.PublicURL
	secrets, err := s.read(ctx, &p, spec, typed)
	if err := vpn.Together(typed, err); err != nil {
		return vpn.SAMLProvider{}, err
	}
	if p.SignRequests {
		if secrets.SigningKey, err = s.saml.NewSigningKey(s.core.Now()); err != nil {
			return vpn.SAMLProvider{}, err
		}
	}
	err = s.core.Change(ctx, by, vpn.CreateSAMLProvider, "", func(tx *store.Tx, a *vpn.AuditRecord) error {
		a.Subject, a.After = string(p.ID), control.Describe(p)
		return tx.CreateSAMLProvider(ctx, p, secrets)
	})
	return p, err
}

// SAMLEdit is what an edit would do.
type SAMLEdit struct {
	Before, After vpn.SAMLProvider
	Document      string // the new metadata document; empty: it stays
	Used          []vpn.EndpointRef
	People        int // who are connected to those endpoints
}

// AnnounceSAMLEdit tells what EditSAMLProvider would do, and changes nothing. A document behind a URL is read for it: save
// the edit with Document, so that what is saved is what was shown. The errors are those of EditSAMLProvider.
func (s *Service) AnnounceSAMLEdit(ctx context.Context, by control.Principal, id vpn.SAMLProviderID, spec vpn.SAMLProviderSpec) (SAMLEdit, error) {
	if err := s.core.Allow(ctx, by, vpn.ModifySAMLProvider, string(id)); err != nil {
		return SAMLEdit{}, err
	}
	e, err := s.prepareSAMLEdit(ctx, id, spec)
	if err != nil {
		return e, err
	}
	return e, s.core.Read(ctx, by, vpn.ModifySAMLProvider, string(id), func(tx *store.Tx) (err error) {
		if e.Used, err = tx.EndpointsOfProvider(ctx, id.Provider()); err != nil {
			return err
		}
		for _, endpoint := range e.Used {
			live, err := tx.LiveConnections(ctx, endpoint.ID)
			if err != nil {
				return err
			}
			people := map[vpn.UserRef]bool{}
			for _, c := range live {
				people[c.UserRef()] = true
			}
			e.People += len(people)
		}
		return nil
	})
}

// prepareSAMLEdit makes the edit in memory, with the document that it brings.
func (s *Service) prepareSAMLEdit(ctx context.Context, id vpn.SAMLProviderID, spec vpn.SAMLProviderSpec) (e SAMLEdit, err error) {
	err = s.core.View(ctx, func(tx *store.Tx) (err error) { e.Before, err = tx.SAMLProvider(ctx, id); return err })
	if err != nil {
		return e, err
	}
	e.After = e.Before
	typed := e.After.Edit(spec)
	if vpn.KindOf(typed) == vpn.Stale {
		return e, typed
	}
	secrets, err := s.read(ctx, &e.After, spec, typed)
	e.Document = secrets.Document
	return e, vpn.Together(typed, err)
}

// EditSAMLProvider changes a provider. Stale where another administrator saved first. Fields: those of vpn.SAMLProvider.Edit.
func (s *Service) EditSAMLProvider(ctx context.Context, by control.Principal, id vpn.SAMLProviderID, spec vpn.SAMLProviderSpec) (vpn.SAMLProvider, error) {
	if err := s.core.Allow(ctx, by, vpn.ModifySAMLProvider, string(id)); err != nil {
		return vpn.SAMLProvider{}, err
	}
	e, err := s.prepareSAMLEdit(ctx, id, spec)
	if err != nil {
		return e.After, err
	}
	var newKey vpn.Secret
	if e.After.SignRequests && !e.Before.SignRequests {
		if newKey, err = s.saml.NewSigningKey(s.core.Now()); err != nil {
			return e.After, err
		}
	}
	err = s.core.Change(ctx, by, vpn.ModifySAMLProvider, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		before, err := tx.SAMLProvider(ctx, id)
		if err != nil {
			return err
		}
		if before.Version != e.Before.Version {
			return vpn.ErrStale("SAML provider")
		}
		stored, err := tx.SAMLProviderSecrets(ctx, id)
		if err != nil {
			return err
		}
		secrets := store.SAMLProviderSecrets{Document: e.Document}
		if stored.SigningKey == "" {
			secrets.SigningKey = newKey
		}
		a.Before, a.After = control.Describe(before), control.Describe(e.After)
		if err := tx.SaveSAMLProvider(ctx, e.After, secrets); err != nil {
			return err
		}
		if e.Document == "" && e.After.MetadataURL == before.MetadataURL {
			return nil
		}
		return tx.SaveSAMLLook(ctx, id, e.After.Version, vpn.SAMLLook{}) // it was at another document
	})
	s.forgetSAML(id)
	return e.After, err
}

// DeleteSAMLProvider removes a provider. Conflict while an endpoint uses it.
func (s *Service) DeleteSAMLProvider(ctx context.Context, by control.Principal, id vpn.SAMLProviderID) error {
	err := s.core.Change(ctx, by, vpn.DeleteSAMLProvider, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		p, err := tx.SAMLProvider(ctx, id)
		if err != nil {
			return err
		}
		used, err := tx.EndpointsOfProvider(ctx, id.Provider())
		if err != nil {
			return err
		}
		if err := p.InUse(used); err != nil {
			return err
		}
		a.Before = control.Describe(p)
		return tx.DeleteSAMLProvider(ctx, id)
	})
	if err == nil {
		s.forgetSAML(id)
	}
	return err
}

// read takes over the metadata document that an administrator gave, or the one behind the URL. Where what was typed is
// refused, no URL is read.
func (s *Service) read(ctx context.Context, p *vpn.SAMLProvider, spec vpn.SAMLProviderSpec, typed error) (store.SAMLProviderSecrets, error) {
	var secrets store.SAMLProviderSecrets
	isNew := p.Metadata.EntityID == ""
	switch {
	case vpn.FieldsOf(typed)["metadata"] != "":
		return secrets, nil
	case spec.Document != "":
		m, err := s.saml.ReadMetadata([]byte(spec.Document))
		if err != nil {
			return secrets, err
		}
		if fault := m.Fault(s.core.Now()); fault != "" {
			return secrets, badField("metadata", fault)
		}
		p.Metadata, secrets.Document = m, spec.Document
		return secrets, nil
	case (isNew || spec.Fetch) && typed == nil:
		document, m, err := s.fetch(ctx, p.MetadataURL)
		if err == nil {
			if fault := m.Fault(s.core.Now()); fault != "" {
				err = vpn.Refuse(vpn.Unavailable, vpn.CodeMetadataUnreadable, fault)
			}
		}
		if refused := refusalOf(err); refused != nil {
			return secrets, badField("metadata_url", refused.Msg)
		}
		if err != nil {
			return secrets, err
		}
		p.Metadata, secrets.Document = m, document
	}
	return secrets, nil
}

// fetch reads the document behind a URL. The sentence of its error is for an administrator.
func (s *Service) fetch(ctx context.Context, address string) (string, vpn.SAMLMetadata, error) {
	document, err := s.saml.Fetch(ctx, address)
	if err != nil {
		return "", vpn.SAMLMetadata{}, err
	}
	m, err := s.saml.ReadMetadata(document)
	if sentence := vpn.FieldsOf(err)["metadata"]; sentence != "" {
		err = vpn.Refuse(vpn.Unavailable, vpn.CodeMetadataUnreadable, sentence)
	}
	return string(document), m, err
}

func badField(field, sentence string) error {
	var c vpn.Check
	c.Bad(field, sentence)
	return c.Err()
}
