package store

import (
	"context"

	"sallyport/vpn"
)

var blockNoun = noun{what: "blocked certificate", code: vpn.CodeBlockNotFound, taken: "This certificate is blocked already."}

type blockRow struct {
	Fingerprint string `gorm:"column:fingerprint;primaryKey"`
	Serial      string `gorm:"column:serial"`
	Issuer      string `gorm:"column:issuer"`
	IssuerKey   string `gorm:"column:issuer_key"`
	CommonName  string `gorm:"column:common_name"`
	By          string `gorm:"column:blocked_by"`
	At          int64  `gorm:"column:at"`
	Search      string `gorm:"column:search"`
}

func (blockRow) TableName() string { return "blocked_certificate" }

func (r blockRow) block() (vpn.CertificateBlock, error) {
	return vpn.CertificateBlock{Fingerprint: r.Fingerprint, Serial: r.Serial, Issuer: r.Issuer, IssuerKey: r.IssuerKey, CommonName: r.CommonName, By: r.By, At: instant(r.At)}, nil
}

// CreateCertificateBlock blocks a certificate. Conflict where it is blocked already.
func (t *Tx) CreateCertificateBlock(ctx context.Context, b vpn.CertificateBlock) error {
	row := blockRow{
		Fingerprint: clean(b.Fingerprint), Serial: clean(b.Serial), Issuer: clean(b.Issuer), IssuerKey: b.IssuerKey, CommonName: clean(b.CommonName),
		By: clean(b.By), At: micros(b.At), Search: searchable(b.CommonName, b.Serial, b.Fingerprint),
	}
	return blockNoun.wrote(t.on(ctx).Create(&row), row.Fingerprint)
}

// DeleteCertificateBlock removes the block of the certificate with a fingerprint.
func (t *Tx) DeleteCertificateBlock(ctx context.Context, fingerprint string) error {
	return blockNoun.deleted(t.on(ctx).Where("fingerprint = ?", clean(fingerprint)).Delete(&blockRow{}), fingerprint)
}

// CertificateBlock reads the block of the certificate with a fingerprint.
func (t *Tx) CertificateBlock(ctx context.Context, fingerprint string) (vpn.CertificateBlock, error) {
	row, err := readOne[blockRow](t.on(ctx), blockNoun, "fingerprint", fingerprint)
	if err != nil {
		return vpn.CertificateBlock{}, err
	}
	return row.block()
}

var blockList = listing{
	orders: map[string][]string{"at": {"at"}, "common_name": {"common_name"}},
	normal: "at", newest: true, tie: "fingerprint",
}

// CertificateBlocks lists the blocked certificates; searches common name, serial number and fingerprint; sorts by at
// (default, newest first) and common_name.
func (t *Tx) CertificateBlocks(ctx context.Context, l vpn.List) (vpn.Page[vpn.CertificateBlock], error) {
	return readPage(t.on(ctx), l, blockList, blockNoun, blockRow.block)
}

// BlocksFor reads the blocks that may be about one of the logins: each has the fingerprint or the serial
// number of one.
func (t *Tx) BlocksFor(ctx context.Context, logins ...vpn.LoginRequest) (vpn.CertificateBlocks, error) {
	fingerprints, serials := make([]string, len(logins)), make([]string, len(logins))
	for i, r := range logins {
		fingerprints[i], serials[i] = clean(vpn.BareFingerprint(r.Fingerprint)), clean(r.Serial)
	}
	return readAll(t.on(ctx).Where("fingerprint IN ? OR serial IN ?", fingerprints, serials), blockNoun, blockRow.block)
}
