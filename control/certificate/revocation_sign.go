package certificate

import (
	"context"
	"encoding/pem"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// keyFor is the private key of an authority: the one that is kept here or, where none is, the one that was pasted, which is
// used in memory and not kept. Field: private_key.
func (s *Service) keyFor(ctx context.Context, tx *store.Tx, a Authority, pasted string) (vpn.Secret, error) {
	if a.Kept.HasKey {
		return tx.CertificateKey(ctx, a.Kept.ID)
	}
	return s.pki.CheckAuthorityKey(a.PEM, pasted)
}

// sign signs the list of an authority with its present entries. last tells that the key is not kept for the next one.
func (s *Service) sign(ctx context.Context, tx *store.Tx, a Authority, key vpn.Secret, by string, last bool) error {
	list, err := ownList(ctx, tx, a.Key)
	if err != nil {
		return err
	}
	if list.NextUpdate.IsZero() { // the first one that is made here
		if err := tx.SaveRevocationList(ctx, list, nil); err != nil {
			return err
		}
		if _, err := addDevices(ctx, tx, a.Key); err != nil {
			return err
		}
	}
	entries, err := tx.AllRevocations(ctx, a.Key)
	if err != nil {
		return err
	}
	now := s.core.Now()
	if a.Kept.Expired(now.Add(time.Second)) { // no list outlives its authority
		return vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The authority "+a.Name+" has expired, and signs no list any more. Renew it first.")
	}
	signed, err := s.pki.SignRevocationList(vpn.KeyPair{Certificate: a.PEM, Key: key}, list.Next(now, a.Kept.NotAfter, last), entries)
	if err != nil {
		return err
	}
	signed.List.SavedAt, signed.List.SavedBy = now, by
	return tx.SaveRevocationList(ctx, signed.List, signed.DER)
}

// signTolerant is sign for a change that holds in any case: an authority that may not sign lists, or has expired, still has its
// certificates refused here.
func (s *Service) signTolerant(ctx context.Context, tx *store.Tx, a Authority, key vpn.Secret, by string) error {
	err := s.sign(ctx, tx, a, key, by, !a.Kept.HasKey)
	if vpn.KindOf(err) == vpn.Conflict {
		return nil
	}
	return err
}

// SignRevocationList signs the list of an authority of a certificate's chain, chosen as in RevocationList. The authority's private key is
// asked for where it is not kept. Field: private_key.
func (s *Service) SignRevocationList(ctx context.Context, by control.Principal, id vpn.CertificateID, key, privateKey string) error {
	return s.core.Change(ctx, by, vpn.SignRevocationList, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		authority, err := s.authorityOf(ctx, tx, id, key)
		if err != nil {
			return err
		}
		list, err := tx.RevocationList(ctx, authority.Key)
		if err != nil && vpn.KindOf(err) != vpn.NotFound {
			return err
		}
		if authority.Kept.ID == "" || list.Imported {
			return vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The revocation list of "+authority.Name+" is made elsewhere, and imported here.")
		}
		signer, err := s.keyFor(ctx, tx, authority, privateKey)
		if err != nil {
			return err
		}
		if err := s.sign(ctx, tx, authority, signer, by.Name, !authority.Kept.HasKey); err != nil {
			return err
		}
		list, err = tx.RevocationList(ctx, authority.Key)
		a.After = control.Describe(list)
		return err
	})
}

// RenewLists signs the lists that are made here and changed or end soon, and begins that of an authority that has none. One that cannot be signed
// does not hold up the others.
func (s *Service) RenewLists(ctx context.Context) error {
	if err := s.identifyLists(ctx); err != nil {
		return err
	}
	var due []Authority
	now := s.core.Now()
	err := s.core.View(ctx, func(tx *store.Tx) error {
		kept, err := tx.Authorities(ctx)
		if err != nil {
			return err
		}
		lists, err := tx.RevocationLists(ctx)
		if err != nil {
			return err
		}
		of := map[string]vpn.RevocationList{}
		for _, l := range lists {
			of[l.IssuerKey] = l
		}
		for _, c := range kept {
			l, there := of[c.KeyDigest()]
			if c.HasKey && !c.Expired(now) && (!there || l.Due(now)) && keptOf(kept, c.KeyDigest()).ID == c.ID && c.SignsLists() {
				due = append(due, Authority{Key: c.KeyDigest(), Name: c.CommonName, PEM: c.PEM, Kept: c})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var failures []error
	for _, a := range due {
		failures = append(failures, s.core.Update(ctx, func(tx *store.Tx) error {
			key, err := tx.CertificateKey(ctx, a.Kept.ID)
			if err != nil {
				return err
			}
			return s.sign(ctx, tx, a, key, "", false)
		}))
	}
	return errors.Join(failures...)
}

// identifyLists finds the key identifiers of authorities whose lists are from before the program kept them.
func (s *Service) identifyLists(ctx context.Context) error {
	found := map[string]string{}
	err := s.core.View(ctx, func(tx *store.Tx) error {
		lists, err := tx.RevocationLists(ctx)
		if err != nil || !slices.ContainsFunc(lists, func(l vpn.RevocationList) bool { return l.KeyIDs == "" }) {
			return err
		}
		ids, err := keyIdentifiers(ctx, tx)
		for _, l := range lists {
			if l.KeyIDs == "" && ids[l.IssuerKey] != "" {
				found[l.IssuerKey] = ids[l.IssuerKey]
			}
		}
		return err
	})
	if err != nil || len(found) == 0 {
		return err
	}
	return s.core.Update(ctx, func(tx *store.Tx) error {
		for key, ids := range found {
			l, err := tx.RevocationList(ctx, key)
			if err != nil && vpn.KindOf(err) == vpn.NotFound {
				continue
			}
			if err != nil {
				return err
			}
			l.KeyIDs = ids
			if err := tx.SaveRevocationList(ctx, l, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// keyIdentifiers reads the key identifiers of every authority that is kept here, that clients of an endpoint are trusted by, or that is in
// the chain of one of those, by the digests of their keys.
func keyIdentifiers(ctx context.Context, tx *store.Tx) (map[string]string, error) {
	kept, err := tx.Authorities(ctx)
	if err != nil {
		return nil, err
	}
	endpoints, err := tx.AllEndpoints(ctx)
	if err != nil {
		return nil, err
	}
	certs, err := tx.CertificatesByID(ctx, clientAuthorities(endpoints)...)
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for _, c := range slices.AppendSeq(kept, maps.Values(certs)) {
		for rest := []byte(c.PEM + c.Chain); ; {
			var block *pem.Block
			if block, rest = pem.Decode(rest); block == nil {
				break
			}
			ids[vpn.KeyDigest(block.Bytes)] = vpn.KeyIdentifiers(block.Bytes)
		}
	}
	return ids, nil
}

// PublishedURL is where the list of an authority can be fetched; empty where the public pages are not served.
func (s *Service) PublishedURL(id vpn.CertificateID) string {
	if s.core.Settings.PublicURL == "" {
		return ""
	}
	return strings.TrimSuffix(s.core.Settings.PublicURL, "/") + "/crl/" + string(id) + ".crl"
}

// PublishedList gives the signed list of an authority that is kept here, in DER. NotFound where there is none.
func (s *Service) PublishedList(ctx context.Context, id vpn.CertificateID) (der []byte, list vpn.RevocationList, err error) {
	err = s.core.View(ctx, func(tx *store.Tx) error {
		c, err := tx.Certificate(ctx, id)
		if err != nil {
			return err
		}
		if c.Use != vpn.UseAuthority {
			return vpn.Refuse(vpn.NotFound, vpn.CodeCRLNotFound, "Certificate "+string(id)+" is no authority.")
		}
		if list, err = tx.RevocationList(ctx, c.KeyDigest()); err != nil {
			return err
		}
		der, err = tx.RevocationListFile(ctx, c.KeyDigest())
		return err
	})
	return der, list, err
}

// ListTrouble is what an administrator has to do about a list, for the banner of every page.
type ListTrouble struct {
	Certificate vpn.CertificateID // whose page leads to the list; empty where none does
	Authority   string
	Sentence    string
	Stage       int
}

// troublesLife is how long what ListTroubles read last is shown again.
const troublesLife = 5 * time.Second

// ListTroubles tells which lists end soon, have ended, or wait to be signed.
func (s *Service) ListTroubles(ctx context.Context) []ListTrouble {
	now := s.core.Now()
	return s.troubles.Value(now, troublesLife, func() ([]ListTrouble, error) { return s.readTroubles(ctx, now) })
}

func (s *Service) readTroubles(ctx context.Context, now time.Time) (out []ListTrouble, err error) {
	err = s.core.View(ctx, func(tx *store.Tx) error {
		lists, err := tx.RevocationListsEnding(ctx, now.Add(vpn.ExpiryWarning))
		if err != nil || len(lists) == 0 {
			return err
		}
		kept, err := tx.Authorities(ctx)
		if err != nil {
			return err
		}
		for _, l := range lists {
			authority := keptOf(kept, l.IssuerKey)
			sentence := l.Warning(now, !l.Imported && authority.HasKey)
			if sentence == "" {
				continue
			}
			t := ListTrouble{Certificate: authority.ID, Authority: l.Authority, Sentence: sentence, Stage: l.Stage(now, false)}
			if t.Certificate == "" {
				if t.Certificate, err = leadsTo(ctx, tx, l.IssuerKey); err != nil {
					return err
				}
			}
			if t.Certificate != "" || l.Imported {
				out = append(out, t)
			}
		}
		return nil
	})
	return out, err
}

// leadsTo is a certificate in whose chain an authority is.
func leadsTo(ctx context.Context, tx *store.Tx, key string) (vpn.CertificateID, error) {
	endpoints, err := tx.AllEndpoints(ctx)
	if err != nil {
		return "", err
	}
	ids := clientAuthorities(endpoints)
	certs, err := tx.CertificatesByID(ctx, ids...)
	for _, id := range ids {
		for _, k := range vpn.AuthoritiesIn(certs[id].TrustAnchor()) {
			if k == key {
				return id, err
			}
		}
	}
	return "", err
}

// WarnOfLists logs which lists end: once 30, 14, 7 and 1 days before, and once after.
func (s *Service) WarnOfLists(ctx context.Context) {
	now := s.core.Now()
	var lists []vpn.RevocationList
	var kept []vpn.Certificate
	err := s.core.View(ctx, func(tx *store.Tx) (err error) {
		if lists, err = tx.RevocationListsEnding(ctx, now.Add(vpn.ExpiryWarning)); err != nil || len(lists) == 0 {
			return err
		}
		kept, err = tx.Authorities(ctx)
		return err
	})
	if err != nil {
		return
	}
	s.mu.Lock()
	before := s.warned
	s.warned = map[string]int{}
	s.mu.Unlock()
	for _, l := range lists {
		renews := !l.Imported && keptOf(kept, l.IssuerKey).HasKey
		stage := l.Stage(now, renews)
		if stage < 0 {
			continue
		}
		s.mu.Lock()
		s.warned[l.IssuerKey] = stage
		s.mu.Unlock()
		if last, told := before[l.IssuerKey]; !told || stage < last {
			s.core.Log.WarnContext(ctx, "a certificate revocation list ends", "authority", l.Authority, "at", l.NextUpdate, "reason", l.Warning(now, renews))
		}
	}
}
