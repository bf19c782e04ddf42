package store

import (
	"context"

	"sallyport/vpn"
)

// RenameCertificate writes the name of a certificate.
func (t *Tx) RenameCertificate(ctx context.Context, c vpn.Certificate) error {
	row, err := newCertificateRow(c)
	if err != nil {
		return err
	}
	return certificateNoun.wrote(t.on(ctx).Model(&certificateRow{}).Where("id = ?", row.ID).Select("name", "name_key", "search").Updates(&row), row.ID)
}
