package certificate

import (
	"context"
	"strings"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// AuthoritySpec is a request for a certificate authority as typed.
type AuthoritySpec struct {
	Name       string
	CommonName string
	KeyType    vpn.KeyType
	ValidDays  string
}

// CreateAuthority makes a certificate authority. Its key is kept, sealed, so that it can issue
// certificates. Fields: name, common_name, key_type, valid_days.
func (s *Service) CreateAuthority(ctx context.Context, by control.Principal, in AuthoritySpec) (vpn.Certificate, error) {
	if err := s.core.Allow(ctx, by, vpn.CreateCertificateAuthority, ""); err != nil { // before the work of making a key
		return vpn.Certificate{}, err
	}
	name, spec, err := vpn.CheckCertificateSpec(vpn.UseAuthority, in.Name, in.CommonName, "", in.KeyType, in.ValidDays)
	if err != nil {
		return vpn.Certificate{}, err
	}
	pair, err := s.pki.NewAuthority(spec, s.core.Now())
	if err != nil {
		return vpn.Certificate{}, err
	}
	return s.keepCertificate(ctx, by, vpn.CreateCertificateAuthority, name, vpn.UseAuthority, "", pair)
}

// IssueSpec is a request for a certificate of an authority whose key is kept here, as typed.
type IssueSpec struct {
	Authority  vpn.CertificateID
	Use        vpn.CertificateUse
	Name       string
	CommonName string
	DNSNames   string // separated by commas or spaces; servers only
	KeyType    vpn.KeyType
	ValidDays  string
}

// IssueCertificate makes a server or client certificate.
// Fields: authority, use, name, common_name, dns_names, key_type, valid_days.
func (s *Service) IssueCertificate(ctx context.Context, by control.Principal, in IssueSpec) (vpn.Certificate, error) {
	if err := s.core.Allow(ctx, by, vpn.IssueCertificate, ""); err != nil {
		return vpn.Certificate{}, err
	}
	name, spec, typed := vpn.CheckCertificateSpec(in.Use, in.Name, in.CommonName, in.DNSNames, in.KeyType, in.ValidDays)
	now := s.core.Now()
	authority, of, err := s.signer(ctx, by, in.Authority)
	if err == nil {
		if strings.TrimSpace(in.ValidDays) == "" {
			spec = spec.EndingWith(of, now)
		}
		err = of.CheckSigner(spec, now)
	}
	if err := vpn.Together(typed, err); err != nil {
		return vpn.Certificate{}, err
	}
	pair, err := s.pki.Issue(authority, in.Use, spec, now)
	if err != nil {
		return vpn.Certificate{}, err
	}
	return s.keepCertificate(ctx, by, vpn.IssueCertificate, name, in.Use, in.Authority, pair)
}

// signer reads an authority with its key, which is empty where it is not kept.
func (s *Service) signer(ctx context.Context, by control.Principal, id vpn.CertificateID) (pair vpn.KeyPair, c vpn.Certificate, err error) {
	err = s.core.Read(ctx, by, vpn.IssueCertificate, string(id), func(tx *store.Tx) (err error) {
		var check vpn.Check
		if id == "" {
			check.Bad("authority", "Choose the certificate authority that issues the certificate.")
			return check.Err()
		}
		c, err = tx.Certificate(ctx, id)
		if err != nil && vpn.KindOf(err) == vpn.NotFound {
			check.Bad("authority", "This certificate authority does not exist any more; choose another.")
			return check.Err()
		}
		if err != nil || !c.HasKey {
			return err
		}
		key, err := tx.CertificateKey(ctx, id)
		if err != nil {
			return err
		}
		pair = vpn.KeyPair{Certificate: c.PEM, Chain: c.Chain, Key: key}
		return nil
	})
	return pair, c, err
}

func (s *Service) keepCertificate(ctx context.Context, by control.Principal, action vpn.Action, name string, use vpn.CertificateUse, issuer vpn.CertificateID, pair vpn.KeyPair) (vpn.Certificate, error) {
	facts, err := s.pki.Facts(pair.Certificate)
	if err != nil {
		return vpn.Certificate{}, err
	}
	c := vpn.NewCertificate(name, use, issuer, pair, facts, s.core.Now())
	err = s.core.Change(ctx, by, action, string(c.ID), func(tx *store.Tx, a *vpn.AuditRecord) error {
		if action == vpn.ImportCertificate {
			if err := s.checkSerial(ctx, tx, c); err != nil {
				return err
			}
		}
		a.After = control.Describe(c)
		return tx.CreateCertificate(ctx, c, pair.Key)
	})
	return c, err
}
