package certificate

import (
	"context"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// RevokePreview is what a confirmation to revoke or to release a certificate is about.
type RevokePreview struct {
	Revocation vpn.Revocation // as it is stored where it is revoked already
	Revoked    bool
	Authority  Authority
	List       vpn.RevocationList // of the authority, the zero value where there is none
	Connected  int                // connections with it now
	Users      []string           // their users, each once
	AsksKey    bool               // the authority's key is not kept here, so that it is asked for
	Refused    string             // why it cannot be revoked here; empty: it can
}

// RevokePreview tells what revoking a certificate that is kept here would do.
func (s *Service) RevokePreview(ctx context.Context, by control.Principal, id vpn.CertificateID) (out RevokePreview, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeRevocationList, string(id), func(tx *store.Tx) error {
		out, err = s.revokePreview(ctx, tx, id)
		return err
	})
	return out, err
}

func (s *Service) revokePreview(ctx context.Context, tx *store.Tx, id vpn.CertificateID) (out RevokePreview, err error) {
	c, err := tx.Certificate(ctx, id)
	if err != nil {
		return out, err
	}
	if c.Use == vpn.UseAuthority {
		return out, vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "A root authority cannot be revoked: no authority stands above it. Remove it from the endpoints that take its certificates.")
	}
	out.Revocation = vpn.RevocationOf(c)
	if out.Authority, err = s.authorityOf(ctx, tx, id, ""); err != nil {
		return out, err
	}
	if out.List, err = tx.RevocationList(ctx, out.Authority.Key); err != nil && vpn.KindOf(err) != vpn.NotFound {
		return out, err
	}
	known := err == nil
	switch stored, err := tx.Revocation(ctx, out.Revocation.CertificateNumber); {
	case err == nil:
		out.Revocation, out.Revoked = stored, true
	case vpn.KindOf(err) != vpn.NotFound:
		return out, err
	}
	out.AsksKey = !out.Authority.Kept.HasKey
	if out.AsksKey && (out.Authority.Kept.ID == "" || !known || out.List.Imported) {
		out.Refused = "The revocation list of " + out.Authority.Name + " is made elsewhere. Revoke the certificate there, and import the new list here. To shut the certificate out now, block it."
	}
	connections, err := tx.LiveConnectionsListed(ctx, out.Revocation.Serial)
	if err != nil {
		return out, err
	}
	seen := map[string]bool{}
	for _, conn := range connections {
		if n := conn.Chain(); conn.Live() && len(n) > 0 && n[0] == out.Revocation.CertificateNumber {
			out.Connected++
			if !seen[conn.Username] {
				seen[conn.Username] = true
				out.Users = append(out.Users, conn.Username)
			}
		}
	}
	return out, nil
}

// RevokeSpec is a revocation as typed. PrivateKey is the authority's, where it is not kept here. Own makes an imported list one that is made
// here.
type RevokeSpec struct {
	Reason     vpn.RevocationReason
	PrivateKey string
	Own        bool
}

// RevokeCertificate revokes a certificate that is kept here: it is on the signed list of its authority, every endpoint refuses it, and the
// connections with it end. It returns their number. Fields: reason, private_key, own.
func (s *Service) RevokeCertificate(ctx context.Context, by control.Principal, id vpn.CertificateID, in RevokeSpec) (n int, err error) {
	if err := s.core.Allow(ctx, by, vpn.RevokeCertificate, string(id)); err != nil {
		return 0, err
	}
	if err := vpn.CheckRevocationReason(in.Reason); err != nil {
		return 0, err
	}
	err = s.core.Change(ctx, by, vpn.RevokeCertificate, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		preview, err := s.revokePreview(ctx, tx, id)
		if err == nil && preview.Refused != "" {
			err = vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, preview.Refused)
		}
		if err != nil {
			return err
		}
		key, err := s.keyFor(ctx, tx, preview.Authority, in.PrivateKey)
		if err != nil {
			return err
		}
		if err := takeOverOf(ctx, tx, preview, in, by.Name, s.core.Now()); err != nil {
			return err
		}
		if preview.Revoked {
			a.Before = control.Describe(preview.Revocation)
		}
		r := preview.Revocation
		r.Reason, r.At, r.By = in.Reason, s.core.Now(), by.Name
		a.After = control.Describe(r)
		if n, err = RevokeIn(ctx, tx, r); err != nil {
			return err
		}
		return s.signTolerant(ctx, tx, preview.Authority, key, by.Name)
	})
	return n, err
}

// takeOverOf makes the list one that is made here, where it was imported and the administrator wants that. Field: own.
func takeOverOf(ctx context.Context, tx *store.Tx, p RevokePreview, in RevokeSpec, by string, now time.Time) error {
	if !p.List.Imported {
		return nil
	}
	var c vpn.Check
	if !in.Own {
		c.Bad("own", "The list of "+p.Authority.Name+" was imported. Revoke the certificate where the list is made and import the new list, or tick this box.")
		return c.Err()
	}
	return takeOver(ctx, tx, p.List, by, now)
}

// ReleaseHold takes a certificate that is on hold off the list of its authority. The certificate is one of the list on the page of id.
// Field: private_key.
func (s *Service) ReleaseHold(ctx context.Context, by control.Principal, id vpn.CertificateID, authorityKey, serial, privateKey string) error {
	return s.core.Change(ctx, by, vpn.ReleaseCertificate, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		authority, err := s.authorityOf(ctx, tx, id, authorityKey)
		if err != nil {
			return err
		}
		list, err := tx.RevocationList(ctx, authority.Key)
		if err != nil {
			return err
		}
		r, err := tx.Revocation(ctx, vpn.CertificateNumber{IssuerKey: authority.Key, Serial: serial})
		switch {
		case err != nil:
			return err
		case list.Imported:
			return vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The revocation list of "+authority.Name+" was imported. Release the certificate where the list is made, and import the new list.")
		case !r.Hold():
			return vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The certificate is not on hold: a revocation for another reason is final (RFC 5280). Issue another certificate.")
		}
		key, err := s.keyFor(ctx, tx, authority, privateKey)
		if err != nil {
			return err
		}
		a.Before = control.Describe(r)
		if err := tx.DeleteRevocations(ctx, authority.Key, serial); err != nil {
			return err
		}
		list.Entries, list.Unsigned, list.SavedAt, list.SavedBy = max(0, list.Entries-1), true, s.core.Now(), by.Name
		if err := tx.SaveRevocationList(ctx, list, nil); err != nil {
			return err
		}
		return s.signTolerant(ctx, tx, authority, key, by.Name)
	})
}

// RevocationsOfCertificates finds what revokes certificates that are kept here, by ID; others are absent.
func RevocationsOfCertificates(ctx context.Context, tx *store.Tx, certs ...vpn.Certificate) (map[vpn.CertificateID]*vpn.Revocation, error) {
	numbers := make([]vpn.CertificateNumber, len(certs))
	for i, c := range certs {
		numbers[i] = vpn.RevocationOf(c).CertificateNumber
	}
	found, err := tx.RevocationsOf(ctx, numbers...)
	out := map[vpn.CertificateID]*vpn.Revocation{}
	for i, c := range certs {
		if c.Use == vpn.UseAuthority {
			continue
		}
		for _, r := range found.Entries {
			if r.CertificateNumber == numbers[i] {
				out[c.ID] = &r
			}
		}
	}
	return out, err
}
