package store

import (
	"context"
	"math/big"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

var revocationNoun = noun{what: "revocation", code: vpn.CodeRevocationNotFound, taken: "This certificate is revoked already."}

type revocationRow struct {
	Number     int64  `gorm:"column:number;primaryKey;autoIncrement"`
	IssuerKey  string `gorm:"column:issuer_key"`
	Serial     string `gorm:"column:serial"`
	Reason     string `gorm:"column:reason"`
	At         int64  `gorm:"column:at"`
	By         string `gorm:"column:revoked_by"`
	CommonName string `gorm:"column:common_name"`
	NotAfter   int64  `gorm:"column:not_after"`
	Search     string `gorm:"column:search"`
}

func (revocationRow) TableName() string { return "revocation" }

func newRevocationRow(r vpn.Revocation) revocationRow {
	return revocationRow{
		IssuerKey: r.IssuerKey, Serial: clean(r.Serial), Reason: string(r.Reason), At: wholeMicros(r.At), By: clean(r.By),
		CommonName: clean(r.CommonName), NotAfter: wholeMicros(r.NotAfter), Search: searchable(r.Serial, hexOf(r.Serial), r.CommonName),
	}
}

func (r revocationRow) revocation() (vpn.Revocation, error) {
	return vpn.Revocation{
		CertificateNumber: vpn.CertificateNumber{IssuerKey: r.IssuerKey, Serial: r.Serial}, Reason: vpn.RevocationReason(r.Reason),
		At: wholeInstant(r.At), By: r.By, CommonName: r.CommonName, NotAfter: wholeInstant(r.NotAfter),
	}, nil
}

// wholeMicros is micros for times that others wrote, which may be before 1970.
func wholeMicros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func wholeInstant(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// hexOf is a serial number as OpenSSL writes it.
func hexOf(serial string) string {
	n, ok := new(big.Int).SetString(serial, 10)
	if !ok {
		return ""
	}
	digits := n.Text(16)
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	return digits
}

// SaveRevocations adds revocations, or replaces what is known of the same certificates.
func (t *Tx) SaveRevocations(ctx context.Context, rs ...vpn.Revocation) error {
	replace := clause.OnConflict{
		Columns:   []clause.Column{{Name: "serial"}, {Name: "issuer_key"}},
		DoUpdates: clause.AssignmentColumns([]string{"reason", "at", "revoked_by", "common_name", "not_after", "search"}),
	}
	rows := make([]revocationRow, len(rs))
	for i, r := range rs {
		rows[i] = newRevocationRow(r)
	}
	if len(rows) == 0 {
		return nil
	}
	return revocationNoun.read(t.on(ctx).Clauses(replace).CreateInBatches(&rows, batch).Error, "")
}

// DeleteRevocations removes what is known of certificates of one authority; unknown ones are ignored.
func (t *Tx) DeleteRevocations(ctx context.Context, issuerKey string, serials ...string) error {
	for part := range slices.Chunk(serials, batch) {
		if err := t.on(ctx).Where("serial IN ? AND issuer_key = ?", part, issuerKey).Delete(&revocationRow{}).Error; err != nil {
			return revocationNoun.read(err, "")
		}
	}
	return nil
}

// DeleteRevocationsOf removes all that is known of the certificates of one authority.
func (t *Tx) DeleteRevocationsOf(ctx context.Context, issuerKey string) error {
	return revocationNoun.read(t.on(ctx).Where("issuer_key = ?", issuerKey).Delete(&revocationRow{}).Error, "")
}

// PurgeRevocations deletes the revocations that were made here of certificates that ended before a time, at most limit, and
// returns the keys of their authorities with their number. The lists are not touched.
func (t *Tx) PurgeRevocations(ctx context.Context, endedBefore time.Time, limit int) (map[string]int, error) {
	old, err := readAll(t.on(ctx).Where("revoked_by <> '' AND not_after <> 0 AND not_after < ?", micros(endedBefore)).Limit(limit), revocationNoun, sameRow[revocationRow])
	if err != nil {
		return nil, err
	}
	of := map[string]int{}
	numbers := make([]int64, len(old))
	for i, r := range old {
		numbers[i] = r.Number
		of[r.IssuerKey]++
	}
	for part := range slices.Chunk(numbers, batch) {
		if err := t.on(ctx).Where("number IN ?", part).Delete(&revocationRow{}).Error; err != nil {
			return nil, revocationNoun.read(err, "")
		}
	}
	return of, nil
}

// Revocation reads the revocation of one certificate.
func (t *Tx) Revocation(ctx context.Context, c vpn.CertificateNumber) (vpn.Revocation, error) {
	row, err := readOne[revocationRow](t.on(ctx).Where("issuer_key = ?", c.IssuerKey), revocationNoun, "serial", c.Serial)
	if err != nil {
		return vpn.Revocation{}, err
	}
	return row.revocation()
}

var revocationPage = listing{
	orders: map[string][]string{"at": {"at"}},
	normal: "at", newest: true, tie: "number", filters: map[string]string{"reason": "reason"},
}

// Revocations lists the revoked certificates of an authority; searches serial number (decimal and hexadecimal) and
// common name; sorts by at (default, newest first); filters by reason.
func (t *Tx) Revocations(ctx context.Context, issuerKey string, l vpn.List) (vpn.Page[vpn.Revocation], error) {
	return readPage(t.on(ctx).Where("issuer_key = ?", clean(issuerKey)), l, revocationPage, revocationNoun, revocationRow.revocation)
}

// AllRevocations lists the revoked certificates of an authority in the order in which they were saved.
func (t *Tx) AllRevocations(ctx context.Context, issuerKey string) ([]vpn.Revocation, error) {
	return readAll(t.on(ctx).Where("issuer_key = ?", clean(issuerKey)).Order("number"), revocationNoun, revocationRow.revocation)
}

// CountRevocations counts the revoked certificates of an authority.
func (t *Tx) CountRevocations(ctx context.Context, issuerKey string) (int, error) {
	var n int64
	err := t.on(ctx).Model(&revocationRow{}).Where("issuer_key = ?", clean(issuerKey)).Count(&n).Error
	return int(n), revocationNoun.read(err, "")
}

// RevocationsOf reads what may be about certificates: each entry has the serial number of one.
func (t *Tx) RevocationsOf(ctx context.Context, certs ...vpn.CertificateNumber) (vpn.Revocations, error) {
	var found vpn.Revocations
	serials := make([]string, 0, len(certs))
	for _, c := range certs {
		if c.Serial != "" {
			serials = append(serials, clean(c.Serial))
		}
	}
	slices.Sort(serials)
	keys := map[string]bool{}
	for part := range slices.Chunk(slices.Compact(serials), batch) {
		entries, err := readAll(t.on(ctx).Where("serial IN ?", part), revocationNoun, revocationRow.revocation)
		if err != nil {
			return found, err
		}
		for _, e := range entries {
			keys[e.IssuerKey] = true
		}
		found.Entries = append(found.Entries, entries...)
	}
	if len(keys) == 0 {
		return found, nil
	}
	list := make([]string, 0, len(keys))
	for k := range keys {
		list = append(list, k)
	}
	var err error
	found.Lists, err = readAll(t.on(ctx).Where("issuer_key IN ?", list), revocationListNoun, revocationListRow.list)
	return found, err
}

// BarredFor reads what may be against the certificates of logins at a time.
func (t *Tx) BarredFor(ctx context.Context, now time.Time, logins ...vpn.LoginRequest) (vpn.Barred, error) {
	b := vpn.Barred{Now: now}
	var err error
	if b.Blocks, err = t.BlocksFor(ctx, logins...); err != nil {
		return b, err
	}
	var certs []vpn.CertificateNumber
	for _, r := range logins {
		certs = append(certs, vpn.CertificateNumber{Serial: r.Serial})
		for _, c := range r.Chain {
			certs = append(certs, vpn.CertificateNumber{Serial: c.Serial})
		}
	}
	if b.Revocations, err = t.RevocationsOf(ctx, certs...); err != nil {
		return b, err
	}
	expired, err := readAll(t.on(ctx).Where("imported = ? AND next_update <= ?", true, micros(now)), revocationListNoun, revocationListRow.list)
	b.Revocations.Lists = append(b.Revocations.Lists, expired...)
	return b, err
}

// encodeNumbers writes certificates as they stand in a column.
func encodeNumbers(cs []vpn.CertificateNumber) string {
	parts := make([]string, len(cs))
	for i, c := range cs {
		parts[i] = c.IssuerKey + ":" + clean(c.Serial)
	}
	return strings.Join(parts, " ")
}

func decodeNumbers(s string) (cs []vpn.CertificateNumber) {
	for part := range strings.FieldsSeq(s) {
		key, serial, _ := strings.Cut(part, ":")
		cs = append(cs, vpn.CertificateNumber{IssuerKey: key, Serial: serial})
	}
	return cs
}
