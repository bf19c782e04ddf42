package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

var certificateLoginNoun = noun{what: "last login with certificate", code: vpn.CodeCertificateNotFound}

type certificateLoginRow struct {
	Certificate string `gorm:"column:certificate_id;primaryKey"`
	Fingerprint string `gorm:"column:fingerprint"`
	Used        int64  `gorm:"column:used_at"`
	Endpoint    string `gorm:"column:endpoint_id"`
}

func (certificateLoginRow) TableName() string { return "certificate_login" }

// beginLogins has logins with a client certificate be noted from now on. One that was renewed had none yet.
func (t *Tx) beginLogins(ctx context.Context, c vpn.Certificate) error {
	if c.Use != vpn.UseClient {
		return nil
	}
	row := certificateLoginRow{Certificate: string(c.ID), Fingerprint: vpn.BareFingerprint(c.Fingerprint)}
	replace := clause.OnConflict{Columns: []clause.Column{{Name: "certificate_id"}}, UpdateAll: true}
	return certificateLoginNoun.read(t.on(ctx).Clauses(replace).Create(&row).Error, row.Certificate)
}

// NoteCertificateLogins writes that clients logged in to an endpoint with certificates, by their fingerprints. Those that are not kept here
// are left out.
func (t *Tx) NoteCertificateLogins(ctx context.Context, at time.Time, endpoint vpn.EndpointID, fingerprints ...string) error {
	g := t.on(ctx).Model(&certificateLoginRow{}).Where("fingerprint IN ?", fingerprints).
		Updates(map[string]any{"used_at": micros(at), "endpoint_id": clean(string(endpoint))})
	return certificateLoginNoun.read(g.Error, "")
}

// CertificateLogins reads the last login with each certificate; those without any are absent.
func (t *Tx) CertificateLogins(ctx context.Context, ids ...vpn.CertificateID) (map[vpn.CertificateID]vpn.CertificateLogin, error) {
	found := make(map[vpn.CertificateID]vpn.CertificateLogin, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	var rows []certificateLoginRow
	err := t.on(ctx).Where("certificate_id IN ? AND used_at > 0", idStrings(ids)).Find(&rows).Error
	for _, r := range rows {
		found[vpn.CertificateID(r.Certificate)] = vpn.CertificateLogin{At: instant(r.Used), Endpoint: vpn.EndpointRef{ID: vpn.EndpointID(r.Endpoint)}}
	}
	return found, certificateLoginNoun.read(err, "")
}
