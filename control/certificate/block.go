package certificate

import (
	"context"
	"slices"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// BlockPreview is what a confirmation to block or unblock a certificate is about.
type BlockPreview struct {
	vpn.CertificateBlock
	Blocked   bool            // it is blocked already
	Connected int             // the connections with it, on every endpoint
	Endpoint  vpn.EndpointRef // of the connection that it is about; empty: it is about none
}

var (
	errNotClient = vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "Only client certificates can be blocked.")
	errNotKnown  = vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState,
		"This connection was made before the server recorded the fingerprints of certificates. Block the certificate from a later connection, or on its own page.")
)

// BlockPreview tells what blocking a certificate would do.
func (s *Service) BlockPreview(ctx context.Context, by control.Principal, id vpn.CertificateID) (BlockPreview, error) {
	return s.previewBlock(ctx, by, string(id), func(tx *store.Tx) (vpn.CertificateBlock, error) { return blockOf(ctx, tx, id) })
}

// ConnectionBlockPreview tells what blocking the certificate of a connection would do.
func (s *Service) ConnectionBlockPreview(ctx context.Context, by control.Principal, e vpn.EndpointID, id vpn.ConnectionID) (BlockPreview, error) {
	of := vpn.EndpointRef{ID: e}
	out, err := s.previewBlock(ctx, by, string(id), func(tx *store.Tx) (vpn.CertificateBlock, error) {
		switch found, err := tx.Endpoint(ctx, e); {
		case err == nil:
			of.Name = found.Name
		case vpn.KindOf(err) != vpn.NotFound: // the connections of a deleted endpoint are kept
			return vpn.CertificateBlock{}, err
		}
		return blockOfConnection(ctx, tx, e, id)
	})
	out.Endpoint = of
	return out, err
}

// UnblockPreview tells what is blocked by its fingerprint.
func (s *Service) UnblockPreview(ctx context.Context, by control.Principal, fingerprint string) (BlockPreview, error) {
	return s.previewBlock(ctx, by, fingerprint, func(tx *store.Tx) (vpn.CertificateBlock, error) { return tx.CertificateBlock(ctx, fingerprint) })
}

func (s *Service) previewBlock(ctx context.Context, by control.Principal, subject string, read func(*store.Tx) (vpn.CertificateBlock, error)) (BlockPreview, error) {
	var out BlockPreview
	err := s.core.Read(ctx, by, vpn.ListBlockedCertificates, subject, func(tx *store.Tx) error {
		block, err := read(tx)
		if err != nil {
			return err
		}
		out = BlockPreview{CertificateBlock: block}
		switch stored, err := tx.CertificateBlock(ctx, block.Fingerprint); {
		case err == nil:
			out.CertificateBlock, out.Blocked = stored, true
		case vpn.KindOf(err) != vpn.NotFound:
			return err
		}
		connections, err := tx.LiveConnectionsWith(ctx, block)
		out.Connected = len(slices.DeleteFunc(connections, func(c vpn.Connection) bool { return !c.Live() }))
		return err
	})
	return out, err
}

// BlockCertificate refuses a client certificate that is kept here from now on, and ends the connections
// with it. It returns their number. Conflict where it is blocked already, and for other certificates.
func (s *Service) BlockCertificate(ctx context.Context, by control.Principal, id vpn.CertificateID) (int, error) {
	return s.block(ctx, by, string(id), func(tx *store.Tx) (vpn.CertificateBlock, error) { return blockOf(ctx, tx, id) })
}

// BlockConnectionCertificate does the same to the certificate of a connection, which need not be kept here.
func (s *Service) BlockConnectionCertificate(ctx context.Context, by control.Principal, e vpn.EndpointID, id vpn.ConnectionID) (int, error) {
	return s.block(ctx, by, string(id), func(tx *store.Tx) (vpn.CertificateBlock, error) { return blockOfConnection(ctx, tx, e, id) })
}

func (s *Service) block(ctx context.Context, by control.Principal, subject string, read func(*store.Tx) (vpn.CertificateBlock, error)) (int, error) {
	n := 0
	err := s.core.Change(ctx, by, vpn.BlockClientCertificate, subject, func(tx *store.Tx, a *vpn.AuditRecord) error {
		block, err := read(tx)
		if err != nil {
			return err
		}
		block.By, block.At = by.Name, s.core.Now()
		a.After = control.Describe(block)
		n, err = blockIn(ctx, tx, block)
		return err
	})
	return n, err
}

// blockIn blocks a certificate and ends the connections and sessions with it. It returns the number of connections.
func blockIn(ctx context.Context, tx *store.Tx, block vpn.CertificateBlock) (int, error) {
	if err := tx.CreateCertificateBlock(ctx, block); err != nil {
		return 0, err
	}
	n, err := endConnectionsWith(ctx, tx, block)
	if err != nil {
		return 0, err
	}
	return n, endSessionsWith(ctx, tx, block)
}

// endConnectionsWith has the connections with a blocked certificate terminated. A login that was granted
// a moment ago and is not established yet is among them, but not in the number.
func endConnectionsWith(ctx context.Context, tx *store.Tx, block vpn.CertificateBlock) (n int, err error) {
	connections, err := tx.LiveConnectionsWith(ctx, block)
	if err != nil {
		return 0, err
	}
	for _, c := range connections {
		if c.Live() {
			n++
		}
		c.Status, c.EndReason = vpn.ConnectionTerminating, blockedBy(block)
		if err := tx.SaveConnection(ctx, c); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// endSessionsWith ends the sessions of a blocked certificate, those without a connection too.
func endSessionsWith(ctx context.Context, tx *store.Tx, block vpn.CertificateBlock) error {
	sessions, err := tx.VPNSessionsWith(ctx, block)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		s.End(block.At, blockedBy(block))
		if err := tx.SaveVPNSession(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func blockedBy(b vpn.CertificateBlock) string {
	return "The certificate was blocked by administrator " + b.By + "."
}

func blockOf(ctx context.Context, tx *store.Tx, id vpn.CertificateID) (vpn.CertificateBlock, error) {
	c, err := tx.Certificate(ctx, id)
	if err == nil && c.Use != vpn.UseClient {
		err = errNotClient
	}
	return vpn.BlockOf(c), err
}

func blockOfConnection(ctx context.Context, tx *store.Tx, e vpn.EndpointID, id vpn.ConnectionID) (vpn.CertificateBlock, error) {
	c, err := tx.Connection(ctx, id)
	if err == nil && c.Endpoint != e {
		err = vpn.Refuse(vpn.NotFound, vpn.CodeConnectionNotFound, "Connection "+string(id)+" is none of endpoint "+string(e)+".")
	}
	block, known := vpn.BlockOfConnection(c)
	if err == nil && !known {
		err = errNotKnown
	}
	return block, err
}

// UnblockCertificate takes the block of the certificate with a fingerprint back.
func (s *Service) UnblockCertificate(ctx context.Context, by control.Principal, fingerprint string) error {
	return s.core.Change(ctx, by, vpn.UnblockClientCertificate, fingerprint, func(tx *store.Tx, a *vpn.AuditRecord) error {
		block, err := tx.CertificateBlock(ctx, fingerprint)
		if err != nil {
			return err
		}
		a.Before = control.Describe(block)
		return tx.DeleteCertificateBlock(ctx, fingerprint)
	})
}

// BlockedCertificates lists the blocked certificates.
func (s *Service) BlockedCertificates(ctx context.Context, by control.Principal, l vpn.List) (out vpn.Page[vpn.CertificateBlock], err error) {
	err = s.core.Read(ctx, by, vpn.ListBlockedCertificates, "", func(tx *store.Tx) error { out, err = tx.CertificateBlocks(ctx, l); return err })
	return out, err
}

// BlocksOf finds the blocks of certificates, by ID; others are absent.
func BlocksOf(ctx context.Context, tx *store.Tx, certs ...vpn.Certificate) (map[vpn.CertificateID]*vpn.CertificateBlock, error) {
	logins := make([]vpn.LoginRequest, len(certs))
	for i, c := range certs {
		logins[i] = vpn.LoginRequest{Fingerprint: c.Fingerprint, Serial: c.Serial}
	}
	found, err := tx.BlocksFor(ctx, logins...)
	out := map[vpn.CertificateID]*vpn.CertificateBlock{}
	for _, c := range certs {
		for _, b := range found {
			if vpn.BareFingerprint(c.Fingerprint) == b.Fingerprint {
				out[c.ID] = &b
			}
		}
	}
	return out, err
}
