package store

import (
	"context"

	"sallyport/vpn"
)

var certificateKeyNoun = noun{
	what: "private key of certificate", code: vpn.CodeCertificateNotFound,
	taken:    "The private key of this certificate is kept already.",
	dangling: "The certificate of this private key no longer exists.",
}

type certificateKeyRow struct {
	Certificate string `gorm:"column:certificate_id;primaryKey"`
	Sealed      []byte `gorm:"column:sealed"`
}

func (certificateKeyRow) TableName() string { return "certificate_key" }

// certificateKeyColumn is the place that a private key is sealed for.
const certificateKeyColumn = "certificate_key.sealed"

func (t *Tx) createCertificateKey(ctx context.Context, id vpn.CertificateID, key vpn.Secret) error {
	sealed, err := t.store.seal(key, certificateKeyColumn, string(id))
	if err != nil {
		return err
	}
	return certificateKeyNoun.wrote(t.on(ctx).Create(&certificateKeyRow{Certificate: string(id), Sealed: sealed}), string(id))
}

// CertificateKey reads and unseals a private key. NotFound where none is kept.
func (t *Tx) CertificateKey(ctx context.Context, id vpn.CertificateID) (vpn.Secret, error) {
	row, err := readOne[certificateKeyRow](t.on(ctx), certificateKeyNoun, "certificate_id", string(id))
	if err != nil {
		return "", err
	}
	return t.store.unseal(row.Sealed, certificateKeyColumn, row.Certificate)
}

// DeleteCertificateKey forgets a private key. NotFound where none is kept.
func (t *Tx) DeleteCertificateKey(ctx context.Context, id vpn.CertificateID) error {
	if err := certificateKeyNoun.deleted(t.on(ctx).Where("certificate_id = ?", clean(string(id))).Delete(&certificateKeyRow{}), string(id)); err != nil {
		return err
	}
	return certificateNoun.wrote(t.on(ctx).Model(&certificateRow{}).Where("id = ?", clean(string(id))).Update("has_key", false), string(id))
}

// TakeCertificateKey marks the key as given out; first is false where it was given out before.
func (t *Tx) TakeCertificateKey(ctx context.Context, id vpn.CertificateID) (bool, error) {
	g := t.on(ctx).Model(&certificateRow{}).
		Where("id = ? AND key_taken = ?", clean(string(id)), false).Update("key_taken", true)
	if g.Error != nil || g.RowsAffected == 1 {
		return g.Error == nil, certificateNoun.read(g.Error, string(id))
	}
	_, err := readOne[certificateRow](t.on(ctx).Select("id"), certificateNoun, "id", string(id))
	return false, err
}
