package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

// LockCertificate reads a certificate for change: no other transaction renews it until this one ends.
func (t *Tx) LockCertificate(ctx context.Context, id vpn.CertificateID) (vpn.Certificate, error) {
	locking := t.on(ctx).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
	row, err := readOne[certificateRow](locking, certificateNoun, "id", string(id))
	if err != nil {
		return vpn.Certificate{}, err
	}
	return row.certificate()
}

// SaveCertificate writes the contents of a certificate that was renewed. A key that is given takes the place of the one that
// is kept.
func (t *Tx) SaveCertificate(ctx context.Context, c vpn.Certificate, key vpn.Secret) error {
	row, err := newCertificateRow(c)
	if err != nil {
		return err
	}
	g := t.on(ctx).Model(&certificateRow{}).Where("id = ?", row.ID).
		Select("issuer", "serial", "fingerprint", "key_type", "not_before", "not_after", "pem", "chain").Updates(&row)
	if err := certificateNoun.wrote(g, row.ID); err != nil {
		return err
	}
	if err := t.beginLogins(ctx, c); err != nil || key == "" {
		return err
	}
	sealed, err := t.store.seal(key, certificateKeyColumn, row.ID)
	if err != nil {
		return err
	}
	return certificateKeyNoun.wrote(t.on(ctx).Model(&certificateKeyRow{}).Where("certificate_id = ?", row.ID).Update("sealed", sealed), row.ID)
}

// RenewInChains gives every certificate that is kept with an authority in its chain the renewed one.
func (t *Tx) RenewInChains(ctx context.Context, old, renewed string) error {
	err := t.on(ctx).Exec("UPDATE certificate SET chain = REPLACE(chain, ?, ?) WHERE chain <> REPLACE(chain, ?, ?)", old, renewed, old, renewed).Error
	return certificateNoun.read(err, "")
}

// AuthoritiesWithKey lists the authorities whose keys are kept here.
func (t *Tx) AuthoritiesWithKey(ctx context.Context) ([]vpn.Certificate, error) {
	return readAll(t.on(ctx).Where("use = ? AND has_key = ?", string(vpn.UseAuthority), true).Order("not_after DESC, id"), certificateNoun, certificateRow.certificate)
}

// CertificatesEnding lists the certificates that end before a time, and did not before another one, the first to end first.
func (t *Tx) CertificatesEnding(ctx context.Context, from, before time.Time) ([]vpn.Certificate, error) {
	return readAll(t.on(ctx).Where("not_after >= ? AND not_after < ?", from.UnixMicro(), before.UnixMicro()).Order("not_after, id").Limit(vpn.MaxPageSize), certificateNoun, certificateRow.certificate)
}

// ServerCertificatesInUse lists the certificates that endpoints prove themselves with.
func (t *Tx) ServerCertificatesInUse(ctx context.Context) ([]vpn.Certificate, error) {
	return readAll(t.on(ctx).Where("id IN (SELECT e.certificate_id FROM endpoint e)").Order("id"), certificateNoun, certificateRow.certificate)
}

// CertificatesInUse lists the certificates of servers and authorities that endpoints use and that end before a time, the first to end
// first: also the authority behind "the server certificate's own".
func (t *Tx) CertificatesInUse(ctx context.Context, before time.Time) ([]vpn.Certificate, error) {
	const named = "SELECT e.certificate_id FROM endpoint e UNION SELECT e.client_ca_id FROM endpoint e WHERE e.client_ca_id IS NOT NULL UNION SELECT e.second_ca_id FROM endpoint e WHERE e.second_ca_id IS NOT NULL"
	const used = named + " UNION SELECT c.authority_id FROM certificate c WHERE c.authority_id IS NOT NULL AND c.id IN (" + named + ")"
	return readAll(t.on(ctx).Where("id IN ("+used+") AND not_after < ? AND use <> ?", before.UnixMicro(), string(vpn.UseClient)).Order("not_after, id"), certificateNoun, certificateRow.certificate)
}
