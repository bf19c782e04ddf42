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
	Generation int64  `gorm:"column:generation"`
	Serial     string `gorm:"column:serial"`
	Reason     string `gorm:"column:reason"`
	At         int64  `gorm:"column:at"`
	By         string `gorm:"column:revoked_by"`
	CommonName string `gorm:"column:common_name"`
	NotAfter   int64  `gorm:"column:not_after"`
	Search     string `gorm:"column:search"`
}

func (revocationRow) TableName() string { return "revocation" }

// inForce are the entries that count: those of the present generation of their authority's list. Others wait for the end of an import, or to
// be deleted.
const inForce = "generation = (SELECT l.generation FROM revocation_list l WHERE l.issuer_key = revocation.issuer_key)"

// inForceOf is the same for one authority, which is looked up once.
const inForceOf = "issuer_key = ? AND generation = (SELECT l.generation FROM revocation_list l WHERE l.issuer_key = ?)"

func newRevocationRow(r vpn.Revocation, generation int64) revocationRow {
	return revocationRow{
		IssuerKey: r.IssuerKey, Generation: generation, Serial: clean(r.Serial), Reason: string(r.Reason), At: wholeMicros(r.At), By: clean(r.By),
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

// SaveRevocations adds revocations to the lists of their authorities, or replaces what these say of the same certificates. NotFound where an
// authority has no list.
func (t *Tx) SaveRevocations(ctx context.Context, rs ...vpn.Revocation) error {
	generations := map[string]int64{}
	rows := make([]revocationRow, len(rs))
	for i, r := range rs {
		if _, known := generations[r.IssuerKey]; !known {
			list, err := readOne[revocationListRow](t.on(ctx), revocationListNoun, "issuer_key", r.IssuerKey)
			if err != nil {
				return err
			}
			generations[r.IssuerKey] = list.Generation
		}
		rows[i] = newRevocationRow(r, generations[r.IssuerKey])
	}
	return t.saveRevocationRows(ctx, rows)
}

// StageRevocations adds revocations to a generation of the list of their one authority. They are in force when that is the present one:
// UseGeneration.
func (t *Tx) StageRevocations(ctx context.Context, generation int64, rs ...vpn.Revocation) error {
	rows := make([]revocationRow, len(rs))
	for i, r := range rs {
		rows[i] = newRevocationRow(r, generation)
	}
	return t.saveRevocationRows(ctx, rows)
}

func (t *Tx) saveRevocationRows(ctx context.Context, rows []revocationRow) error {
	replace := clause.OnConflict{
		Columns:   []clause.Column{{Name: "serial"}, {Name: "issuer_key"}, {Name: "generation"}},
		DoUpdates: clause.AssignmentColumns([]string{"reason", "at", "revoked_by", "common_name", "not_after", "search"}),
	}
	if len(rows) == 0 {
		return nil
	}
	return revocationNoun.read(t.on(ctx).Clauses(replace).CreateInBatches(&rows, batch).Error, "")
}

// DeleteRevocations removes what the list of an authority says of certificates; unknown ones are ignored.
func (t *Tx) DeleteRevocations(ctx context.Context, issuerKey string, serials ...string) error {
	for part := range slices.Chunk(serials, batch) {
		if err := t.on(ctx).Where("serial IN ? AND "+inForceOf, part, issuerKey, issuerKey).Delete(&revocationRow{}).Error; err != nil {
			return revocationNoun.read(err, "")
		}
	}
	return nil
}

// PurgeGeneration deletes entries of a generation of the list of an authority that is not its present one, at most limit, and returns their
// number.
func (t *Tx) PurgeGeneration(ctx context.Context, issuerKey string, generation int64, limit int) (int, error) {
	of := t.on(ctx).Model(&revocationRow{}).Select("number").Where("issuer_key = ? AND generation = ?", clean(issuerKey), generation).
		Where("NOT EXISTS (SELECT 1 FROM revocation_list l WHERE l.issuer_key = revocation.issuer_key AND l.generation = revocation.generation)").Limit(limit)
	g := t.on(ctx).Where("number IN (?)", of).Delete(&revocationRow{})
	return int(g.RowsAffected), revocationNoun.read(g.Error, "")
}

// RevocationGeneration is a generation of entries of the list of an authority.
type RevocationGeneration struct {
	IssuerKey  string
	Generation int64
}

// UnusedGenerations lists the generations that began before a time and that no list has: an import that a process left unfinished, or one that
// was replaced. It reads an index of all entries, so it is not for a transaction that writes.
func (t *Tx) UnusedGenerations(ctx context.Context, before time.Time) ([]RevocationGeneration, error) {
	var all []RevocationGeneration
	err := t.on(ctx).Model(&revocationRow{}).Select("issuer_key, generation").Group("issuer_key, generation").
		Having("generation < ? AND NOT EXISTS (SELECT 1 FROM revocation_list l WHERE l.issuer_key = revocation.issuer_key AND l.generation = revocation.generation)", micros(before)).
		Scan(&all).Error
	return all, revocationNoun.read(err, "")
}

// PurgeRevocations deletes the revocations that were made here of certificates that ended before a time, at most limit, and
// returns the keys of their authorities with their number. The lists are not touched.
func (t *Tx) PurgeRevocations(ctx context.Context, endedBefore time.Time, limit int) (map[string]int, error) {
	old, err := readAll(t.on(ctx).Where("revoked_by <> '' AND not_after <> 0 AND not_after < ? AND "+inForce, micros(endedBefore)).Limit(limit), revocationNoun, sameRow[revocationRow])
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
	row, err := readOne[revocationRow](t.on(ctx).Where(inForceOf, c.IssuerKey, c.IssuerKey), revocationNoun, "serial", c.Serial)
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
	return readPage(t.on(ctx).Where(inForceOf, clean(issuerKey), clean(issuerKey)), l, revocationPage, revocationNoun, revocationRow.revocation)
}

// AllRevocations lists the revoked certificates of an authority in the order in which they were saved.
func (t *Tx) AllRevocations(ctx context.Context, issuerKey string) ([]vpn.Revocation, error) {
	return readAll(t.on(ctx).Where(inForceOf, clean(issuerKey), clean(issuerKey)).Order("number"), revocationNoun, revocationRow.revocation)
}

// CountRevocations counts the revoked certificates of an authority.
func (t *Tx) CountRevocations(ctx context.Context, issuerKey string) (int, error) {
	var n int64
	err := t.on(ctx).Model(&revocationRow{}).Where(inForceOf, clean(issuerKey), clean(issuerKey)).Count(&n).Error
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
		entries, err := readAll(t.on(ctx).Where("serial IN ? AND "+inForce, part), revocationNoun, revocationRow.revocation)
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

// encodeNumbers writes certificates as they stand in a column: issuer's key, serial number and, where it is known, the issuer's key identifier.
func encodeNumbers(cs []vpn.CertificateNumber) string {
	parts := make([]string, len(cs))
	for i, c := range cs {
		parts[i] = c.IssuerKey + ":" + clean(c.Serial)
		if c.IssuerID != "" {
			parts[i] += ":" + clean(c.IssuerID)
		}
	}
	return strings.Join(parts, " ")
}

func decodeNumbers(s string) (cs []vpn.CertificateNumber) {
	for part := range strings.FieldsSeq(s) {
		key, rest, _ := strings.Cut(part, ":")
		serial, id, _ := strings.Cut(rest, ":")
		cs = append(cs, vpn.CertificateNumber{IssuerKey: key, IssuerID: id, Serial: serial})
	}
	return cs
}
