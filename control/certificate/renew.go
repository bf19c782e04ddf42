package certificate

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// RenewSpec is a request to renew a certificate as typed.
type RenewSpec struct {
	ValidDays string
	NewKey    bool // make a new private key; not for an authority. A revoked certificate gets one in any case
	EndOld    bool // of a client: revoke the certificate of before or, where the list of its authority is not made here, block it
	Consent   vpn.Consent
}

// RenewPreview is what a renewal is about.
type RenewPreview struct {
	vpn.CertificateStatus
	Signer    vpn.Certificate // the authority that signs it; an authority itself
	Days      int             // the proposed validity
	NeedsKey  bool            // its key is not kept here, so it gets a new one
	Connected int             // of a client: the connections with it
	Revokes   bool            // of a client: EndOld revokes it, and does not block it
}

// RenewResult is what a renewal did.
type RenewResult struct {
	Certificate vpn.Certificate // of a client: the new one
	Did         vpn.Announcement
	Ended       int // of a client: connections that were ended
}

var errRenewedMeanwhile = vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The certificate was renewed in the meantime.")

// RenewPreview tells what a certificate is that is to be renewed. Conflict where it cannot be renewed here.
func (s *Service) RenewPreview(ctx context.Context, by control.Principal, id vpn.CertificateID) (RenewPreview, error) {
	var out RenewPreview
	status, err := s.Certificate(ctx, by, id)
	if err != nil {
		return out, err
	}
	out.CertificateStatus = status
	err = s.core.Read(ctx, by, vpn.RenewCertificate, string(id), func(tx *store.Tx) (err error) {
		if out.Signer, err = SignerOf(ctx, tx, status.Certificate); err != nil {
			return err
		}
		if err := status.Renewable(out.Signer, s.core.Now()); err != nil {
			return err
		}
		out.Days, out.NeedsKey = status.RenewalDays(out.Signer, s.core.Now()), !status.HasKey
		if status.Use == vpn.UseClient {
			connections, err := tx.LiveConnectionsWith(ctx, vpn.BlockOf(status.Certificate))
			out.Connected = len(connections)
			if err != nil {
				return err
			}
			_, out.Revokes, err = s.revokesRenewed(ctx, tx, status.Certificate)
			return err
		}
		return nil
	})
	return out, err
}

// SignerOf is the authority kept here that issued a certificate: the one that is recorded, or one with the key of the issuer
// in its chain. For an authority it is that itself; zero where there is none.
func SignerOf(ctx context.Context, tx *store.Tx, c vpn.Certificate) (vpn.Certificate, error) {
	switch {
	case c.Use == vpn.UseAuthority:
		return c, nil
	case c.Authority != "":
		return tx.Certificate(ctx, c.Authority)
	case c.IssuerKey() == "":
		return vpn.Certificate{}, nil
	}
	authorities, err := tx.AuthoritiesWithKey(ctx)
	for _, a := range authorities {
		if a.KeyDigest() == c.IssuerKey() {
			return a, nil
		}
	}
	return vpn.Certificate{}, err
}

// renewal is a certificate that was made anew and is not kept yet.
type renewal struct {
	old, renewed vpn.Certificate
	pair         vpn.KeyPair
}

// prepare makes a certificate anew outside of a transaction that writes: making a key takes time.
func (s *Service) prepare(ctx context.Context, by control.Principal, id vpn.CertificateID, in RenewSpec) (renewal, error) {
	var r renewal
	var authority, old vpn.KeyPair
	var signer vpn.Certificate
	err := s.core.Read(ctx, by, vpn.RenewCertificate, string(id), func(tx *store.Tx) (err error) {
		if r.old, err = tx.Certificate(ctx, id); err != nil {
			return err
		}
		if signer, err = SignerOf(ctx, tx, r.old); err != nil {
			return err
		}
		if err = r.old.Renewable(signer, s.core.Now()); err != nil {
			return err
		}
		if revoked, err := RevocationsOfCertificates(ctx, tx, r.old); err != nil {
			return err
		} else if revoked[id] != nil { // perhaps because another person has its key
			in.NewKey = true
		}
		old = vpn.KeyPair{Certificate: r.old.PEM, Chain: r.old.Chain}
		if r.old.HasKey {
			if old.Key, err = tx.CertificateKey(ctx, id); err != nil {
				return err
			}
		}
		if r.old.Use != vpn.UseAuthority {
			authority = vpn.KeyPair{Certificate: signer.PEM, Chain: signer.Chain}
			authority.Key, err = tx.CertificateKey(ctx, signer.ID)
		}
		return err
	})
	if err != nil {
		return r, err
	}
	valid, err := r.old.CheckRenewal(signer, in.ValidDays, s.core.Now())
	if err != nil {
		return r, err
	}
	newKey := vpn.KeyType("")
	if r.old.Use != vpn.UseAuthority && (in.NewKey || !r.old.HasKey) {
		newKey = vpn.KeyType(r.old.KeyType)
	}
	if r.pair, err = s.pki.Renew(authority, old, newKey, valid, s.core.Now()); err != nil {
		return r, err
	}
	facts, err := s.pki.Facts(r.pair.Certificate)
	if err != nil {
		return r, err
	}
	r.renewed = r.old.Renewed(r.pair, facts)
	if r.old.Use == vpn.UseClient {
		r.renewed = vpn.NewCertificate(r.old.Name, vpn.UseClient, signer.ID, r.pair, facts, s.core.Now())
	}
	return r, nil
}

// AnnounceRenewal tells what renewing a server's or an authority's certificate does to the endpoints that use it, and
// changes nothing. The errors are those of RenewCertificate.
func (s *Service) AnnounceRenewal(ctx context.Context, by control.Principal, id vpn.CertificateID, in RenewSpec) (vpn.Announcement, error) {
	in.NewKey = false // its effect is the same, and making one takes time
	var what vpn.Announcement
	r, err := s.prepare(ctx, by, id, in)
	if err != nil {
		return what, err
	}
	err = s.core.Read(ctx, by, vpn.RenewCertificate, string(id), func(tx *store.Tx) error {
		what, _, err = s.concerned(ctx, tx, r)
		return err
	})
	return what, err
}

// concerned adds up what a renewal does to endpoints.
func (s *Service) concerned(ctx context.Context, tx *store.Tx, r renewal) (vpn.Announcement, []vpn.EndpointID, error) {
	if r.old.Use == vpn.UseClient {
		return vpn.Announcement{}, nil, nil
	}
	all, err := tx.AllEndpoints(ctx)
	if err != nil {
		return vpn.Announcement{}, nil, err
	}
	deployment, err := s.core.Deployment(ctx, tx)
	if err != nil {
		return vpn.Announcement{}, nil, err
	}
	var changes []control.SideChange
	for _, e := range all {
		if e.Deleting {
			continue
		}
		side, err := s.core.Side(ctx, tx, deployment, e)
		if err != nil {
			return vpn.Announcement{}, nil, err
		}
		changes = append(changes, control.SideChange{Before: side, After: side.Renew(r.old, r.renewed)})
	}
	return s.core.AnnounceAll(ctx, tx, changes)
}

// RenewCertificate renews a certificate. That of a server or an authority stays the same one, and the endpoints that use it get
// it; a client gets a second one, and the one of before stays valid unless it is revoked. Certificates that a renewed authority issued
// stay valid. Fields: valid_days, confirm. ErrUnannounced where the administrator was told something else than what it does.
func (s *Service) RenewCertificate(ctx context.Context, by control.Principal, id vpn.CertificateID, in RenewSpec) (RenewResult, error) {
	var out RenewResult
	if err := s.core.Allow(ctx, by, vpn.RenewCertificate, string(id)); err != nil {
		return out, err
	}
	r, err := s.prepare(ctx, by, id, in)
	if err != nil {
		return out, err
	}
	err = s.core.Change(ctx, by, vpn.RenewCertificate, string(id), func(tx *store.Tx, a *vpn.AuditRecord) (err error) {
		a.Before, a.After = control.Describe(r.old), control.Describe(r.renewed)
		out, err = s.keepRenewed(ctx, tx, r, by, in)
		return err
	})
	return out, err
}

func (s *Service) keepRenewed(ctx context.Context, tx *store.Tx, r renewal, by control.Principal, in RenewSpec) (RenewResult, error) {
	out := RenewResult{Certificate: r.renewed}
	now, err := tx.LockCertificate(ctx, r.old.ID)
	if err == nil && now.Fingerprint != r.old.Fingerprint {
		err = errRenewedMeanwhile
	}
	if err != nil {
		return out, err
	}
	if r.old.Use == vpn.UseClient {
		if err := tx.CreateCertificate(ctx, r.renewed, r.pair.Key); err != nil || !in.EndOld {
			return out, err
		}
		out.Ended, err = s.endRenewed(ctx, tx, r.old, by)
		return out, err
	}
	var ids []vpn.EndpointID
	if out.Did, ids, err = s.concerned(ctx, tx, r); err != nil {
		return out, err
	}
	if err := out.Did.Check(in.Consent); err != nil && by.Kind != control.System {
		return out, err
	}
	return out, rollOut(ctx, tx, r, ids)
}

// revokesRenewed tells whether a client certificate can be revoked here, and by the list of which authority.
func (s *Service) revokesRenewed(ctx context.Context, tx *store.Tx, c vpn.Certificate) (Authority, bool, error) {
	authority, err := s.authorityOf(ctx, tx, c.ID, "")
	if vpn.KindOf(err) == vpn.Conflict {
		return authority, false, nil // it is kept without its chain
	}
	if err != nil || !authority.Kept.HasKey {
		return authority, false, err
	}
	list, err := tx.RevocationList(ctx, authority.Key)
	if vpn.KindOf(err) == vpn.NotFound {
		return authority, true, nil
	}
	return authority, !list.Imported, err
}

// endRenewed revokes a client certificate that another one replaces or, where that is not possible, blocks it. It returns the number of
// connections.
func (s *Service) endRenewed(ctx context.Context, tx *store.Tx, old vpn.Certificate, by control.Principal) (n int, err error) {
	authority, revokes, err := s.revokesRenewed(ctx, tx, old)
	if err != nil {
		return 0, err
	}
	if !revokes {
		block := vpn.BlockOf(old)
		block.By, block.At = by.Name, s.core.Now()
		if n, err = blockIn(ctx, tx, block); vpn.KindOf(err) == vpn.Conflict {
			err = nil // it is blocked already
		}
		return n, err
	}
	key, err := s.keyFor(ctx, tx, authority, "")
	if err != nil {
		return 0, err
	}
	revoked := vpn.RevocationOf(old)
	revoked.Reason, revoked.At, revoked.By = vpn.ReasonSuperseded, s.core.Now(), by.Name
	if n, err = RevokeIn(ctx, tx, revoked); vpn.KindOf(err) == vpn.Conflict {
		return 0, nil // it is revoked already
	}
	if err != nil {
		return 0, err
	}
	return n, s.signTolerant(ctx, tx, authority, key, by.Name)
}

// rollOut keeps a renewed certificate and has the endpoints apply it.
func rollOut(ctx context.Context, tx *store.Tx, r renewal, ids []vpn.EndpointID) error {
	if err := tx.SaveCertificate(ctx, r.renewed, r.pair.Key); err != nil {
		return err
	}
	if r.old.Use == vpn.UseAuthority {
		if err := tx.RenewInChains(ctx, r.old.PEM, r.renewed.PEM); err != nil {
			return err
		}
	}
	for _, id := range ids {
		e, err := tx.LockEndpoint(ctx, id)
		if err != nil {
			return err
		}
		e.Generation++
		if err := tx.SaveEndpoint(ctx, e); err != nil {
			return err
		}
	}
	return nil
}
