package certificate

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// ImportSpec is a certificate as given: PEM texts, or a PKCS #12 file as the certificate.
type ImportSpec struct {
	Name        string
	Use         vpn.CertificateUse
	Certificate string
	Passphrase  vpn.Secret // of an encrypted key or file; it is not kept
	PrivateKey  string
	Chain       string
	Unread      error // of what was given twice or cannot be read, by field; nil: nothing
}

// ImportCertificate keeps a certificate that was made elsewhere, after checking that it fits its use.
// Fields: name, use, certificate, private_key, passphrase, chain.
func (s *Service) ImportCertificate(ctx context.Context, by control.Principal, in ImportSpec) (vpn.Certificate, error) {
	if err := s.core.Allow(ctx, by, vpn.ImportCertificate, ""); err != nil {
		return vpn.Certificate{}, err
	}
	name, typed := vpn.CheckImportName(in.Name, in.Use)
	pair, err := s.pki.CheckImport(in.Use, vpn.KeyPair{
		Certificate: in.Certificate, Key: vpn.Secret(in.PrivateKey), Chain: in.Chain,
	}, in.Passphrase, s.core.Now())
	if err := vpn.Together(in.Unread, typed, err); err != nil {
		return vpn.Certificate{}, err
	}
	return s.keepCertificate(ctx, by, vpn.ImportCertificate, name, in.Use, "", pair)
}

// checkSerial refuses a second certificate with the serial number of another of the same authority:
// a revocation list names certificates by these two alone. An authority that is renewed with its key
// may keep its number.
func (s *Service) checkSerial(ctx context.Context, tx *store.Tx, c vpn.Certificate) error {
	if c.Use == vpn.UseAuthority {
		return nil
	}
	others, err := tx.CertificatesBySerial(ctx, c.Serial)
	if err != nil {
		return err
	}
	for _, other := range others {
		if other.Use != vpn.UseAuthority && other.Fingerprint != c.Fingerprint && s.pki.SameIssuer(c.PEM, c.Chain, other.PEM, other.Chain) {
			var check vpn.Check
			check.Bad("certificate", c.Issuer+" gave the serial number "+c.Serial+" twice: "+other.Label()+" has it too. Revoking one would revoke both. Have this certificate issued again with a serial number of its own.")
			return check.Err()
		}
	}
	return nil
}

// WithoutPrivateKeys is a refused import without private keys, in whichever field they were pasted: no
// page gives one back.
func (s *Service) WithoutPrivateKeys(in ImportSpec) ImportSpec {
	in.PrivateKey, in.Passphrase = "", ""
	for _, text := range []*string{&in.Name, &in.Certificate, &in.Chain} {
		*text = s.pki.WithoutPrivateKeys(*text)
	}
	return in
}
