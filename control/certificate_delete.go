package control

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// DeleteCertificate removes a certificate and its key, unless an endpoint uses it or another
// certificate was issued by it and is still kept.
func (s *Service) DeleteCertificate(ctx context.Context, by Principal, id vpn.CertificateID) error {
	return s.core.Change(ctx, by, vpn.DeleteCertificate, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		c, err := tx.Certificate(ctx, id)
		if err != nil {
			return err
		}
		used, err := tx.EndpointsUsing(ctx, id)
		if err != nil {
			return err
		}
		names, err := endpointRefs(ctx, tx, used)
		if err != nil {
			return err
		}
		issued, err := tx.IssuedCounts(ctx, id)
		if err != nil {
			return err
		}
		switch {
		case len(used[id]) > 0:
			return vpn.Refuse(vpn.Conflict, vpn.CodeResourceInUse, "Certificate "+c.Label()+" is used by endpoint "+names[id][0].Label()+". Choose another certificate there, or delete the endpoint, first.")
		case issued[id] > 0:
			return vpn.Refuse(vpn.Conflict, vpn.CodeResourceInUse, "Authority "+c.Label()+" issued "+plural(issued[id], "certificate")+" kept here. Delete those first.")
		}
		a.Subject, a.Before = string(id), Describe(c)
		return tx.DeleteCertificate(ctx, id)
	})
}

// TakeClientKey gives out a client certificate with its private key, once. It is a change: the
// key leaves the house, and the audit trail says to whom.
func (s *Service) TakeClientKey(ctx context.Context, by Principal, id vpn.CertificateID) (vpn.KeyPair, string, error) {
	var pair vpn.KeyPair
	var name string
	err := s.core.Change(ctx, by, vpn.ExportClientCertificateKey, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		c, err := tx.Certificate(ctx, id)
		if err != nil {
			return err
		}
		switch {
		case c.Use != vpn.UseClient:
			return vpn.Refuse(vpn.Conflict, vpn.CodeInvalidParameterValue, "Only the keys of client certificates leave Sallyport.")
		case !c.HasKey:
			return vpn.Refuse(vpn.Conflict, vpn.CodeInvalidParameterValue, "The private key of "+c.Label()+" is not kept here.")
		}
		first, err := tx.TakeCertificateKey(ctx, id)
		if err != nil {
			return err
		}
		if !first {
			return vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The private key of "+c.Label()+" was downloaded before and is given out only once. Issue a new certificate if it was lost.")
		}
		key, err := tx.CertificateKey(ctx, id)
		if err != nil {
			return err
		}
		a.Subject = string(id)
		pair = vpn.KeyPair{Certificate: c.PEM, Chain: c.Chain, Key: key}
		name = c.FileBase()
		return nil
	})
	return pair, name, err
}
