package store

import (
	"context"
	"math/rand/v2"
	"time"

	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

var revocationListNoun = noun{what: "certificate revocation list of", code: vpn.CodeCRLNotFound, taken: "There is a list of this authority already."}

type revocationListRow struct {
	IssuerKey   string `gorm:"column:issuer_key;primaryKey"`
	Generation  int64  `gorm:"column:generation"` // of the entries that are in force
	KeyIDs      string `gorm:"column:key_ids"`
	Authority   string `gorm:"column:authority"`
	Fingerprint string `gorm:"column:fingerprint"`
	SelfSigned  bool   `gorm:"column:self_signed"`
	Imported    bool   `gorm:"column:imported"`
	Number      string `gorm:"column:list_number"`
	ThisUpdate  int64  `gorm:"column:this_update"`
	NextUpdate  int64  `gorm:"column:next_update"`
	Entries     int    `gorm:"column:entries"`
	Unsigned    bool   `gorm:"column:unsigned"`
	SavedAt     int64  `gorm:"column:saved_at"`
	SavedBy     string `gorm:"column:saved_by"`
}

func (revocationListRow) TableName() string { return "revocation_list" }

func (r revocationListRow) list() (vpn.RevocationList, error) {
	return vpn.RevocationList{
		IssuerKey: r.IssuerKey, KeyIDs: r.KeyIDs, Authority: r.Authority, Fingerprint: r.Fingerprint, SelfSigned: r.SelfSigned, Imported: r.Imported, Number: r.Number,
		ThisUpdate: wholeInstant(r.ThisUpdate), NextUpdate: wholeInstant(r.NextUpdate), Entries: r.Entries, Unsigned: r.Unsigned, SavedAt: instant(r.SavedAt), SavedBy: r.SavedBy,
	}, nil
}

type revocationListFileRow struct {
	IssuerKey string `gorm:"column:issuer_key;primaryKey"`
	DER       []byte `gorm:"column:der"`
}

func (revocationListFileRow) TableName() string { return "revocation_list_file" }

// newGeneration is a generation of entries that no list has yet: it tells when it began.
func (t *Tx) newGeneration() int64 {
	const apart = 1 << 12                                                 // microseconds within which a random number keeps two imports apart
	return micros(t.store.options.Now())/apart*apart + rand.Int64N(apart) //nolint:gosec // it is no secret
}

// NewGeneration is a generation of entries of an authority that its list does not have yet.
func (t *Tx) NewGeneration(ctx context.Context, issuerKey string) (int64, error) {
	row, err := readOne[revocationListRow](t.on(ctx), revocationListNoun, "issuer_key", issuerKey)
	if err != nil && vpn.KindOf(err) != vpn.NotFound {
		return 0, err
	}
	n := t.newGeneration()
	if n == row.Generation {
		n++
	}
	return n, nil
}

// UseGeneration has the entries of a generation be in force as those of the list of an authority, and gives the one before.
func (t *Tx) UseGeneration(ctx context.Context, issuerKey string, generation int64) (before int64, err error) {
	row, err := readOne[revocationListRow](t.on(ctx), revocationListNoun, "issuer_key", issuerKey)
	if err != nil {
		return 0, err
	}
	g := t.on(ctx).Model(&revocationListRow{}).Where("issuer_key = ?", clean(issuerKey)).Update("generation", generation)
	return row.Generation, revocationListNoun.wrote(g, issuerKey)
}

// SaveRevocationList adds the list of an authority, without entries, or replaces it, and its entries stay. Without der, the signed list that is kept stays as it is.
func (t *Tx) SaveRevocationList(ctx context.Context, l vpn.RevocationList, der []byte) error {
	row := revocationListRow{
		IssuerKey: l.IssuerKey, Generation: t.newGeneration(), KeyIDs: l.KeyIDs, Authority: clean(l.Authority), Fingerprint: clean(l.Fingerprint), SelfSigned: l.SelfSigned, Imported: l.Imported, Number: l.Number,
		ThisUpdate: wholeMicros(l.ThisUpdate), NextUpdate: wholeMicros(l.NextUpdate), Entries: l.Entries, Unsigned: l.Unsigned, SavedAt: micros(l.SavedAt), SavedBy: clean(l.SavedBy),
	}
	of := []clause.Column{{Name: "issuer_key"}}
	if err := t.keepFormer(ctx, l); err != nil {
		return err
	}
	replace := clause.OnConflict{Columns: of, DoUpdates: clause.AssignmentColumns([]string{
		"key_ids", "authority", "fingerprint", "self_signed", "imported", "list_number", "this_update", "next_update", "entries", "unsigned", "saved_at", "saved_by",
	})}
	if err := t.on(ctx).Clauses(replace).Create(&row).Error; err != nil || der == nil {
		return revocationListNoun.read(err, l.IssuerKey)
	}
	file := revocationListFileRow{IssuerKey: l.IssuerKey, DER: der}
	return revocationListNoun.read(t.on(ctx).Clauses(clause.OnConflict{Columns: of, UpdateAll: true}).Create(&file).Error, l.IssuerKey)
}

type revocationNumberRow struct {
	IssuerKey  string `gorm:"column:issuer_key;primaryKey"`
	Number     string `gorm:"column:list_number"`
	ThisUpdate int64  `gorm:"column:this_update"`
}

func (revocationNumberRow) TableName() string { return "revocation_number" }

// keepFormer remembers number and time of a list that is saved, each where it is above what is remembered.
func (t *Tx) keepFormer(ctx context.Context, l vpn.RevocationList) error {
	former, err := t.FormerList(ctx, l.IssuerKey)
	if err != nil {
		return err
	}
	number := vpn.HigherListNumber(former.Number, l.Number)
	if number == former.Number && !l.ThisUpdate.After(former.ThisUpdate) {
		return nil
	}
	row := revocationNumberRow{IssuerKey: l.IssuerKey, Number: number, ThisUpdate: max(wholeMicros(former.ThisUpdate), wholeMicros(l.ThisUpdate))}
	replace := clause.OnConflict{Columns: []clause.Column{{Name: "issuer_key"}}, UpdateAll: true}
	return revocationListNoun.read(t.on(ctx).Clauses(replace).Create(&row).Error, l.IssuerKey)
}

// FormerList has the highest Number and the latest ThisUpdate that a list of an authority ever had, and nothing else. They outlive the
// list; zero: there was none.
func (t *Tx) FormerList(ctx context.Context, issuerKey string) (vpn.RevocationList, error) {
	row, err := readOne[revocationNumberRow](t.on(ctx), revocationListNoun, "issuer_key", issuerKey)
	if vpn.KindOf(err) == vpn.NotFound {
		return vpn.RevocationList{}, nil
	}
	return vpn.RevocationList{Number: row.Number, ThisUpdate: wholeInstant(row.ThisUpdate)}, err
}

// DeleteRevocationList removes the list of an authority, and gives the generation of its entries, which are not in force any more
// (PurgeGeneration). FormerList remembers it.
func (t *Tx) DeleteRevocationList(ctx context.Context, issuerKey string) (generation int64, err error) {
	row, err := readOne[revocationListRow](t.on(ctx), revocationListNoun, "issuer_key", issuerKey)
	if err != nil {
		return 0, err
	}
	return row.Generation, revocationListNoun.deleted(t.on(ctx).Where("issuer_key = ?", clean(issuerKey)).Delete(&revocationListRow{}), issuerKey)
}

// RevocationList reads the list of an authority.
func (t *Tx) RevocationList(ctx context.Context, issuerKey string) (vpn.RevocationList, error) {
	row, err := readOne[revocationListRow](t.on(ctx), revocationListNoun, "issuer_key", issuerKey)
	if err != nil {
		return vpn.RevocationList{}, err
	}
	return row.list()
}

// RevocationLists reads the list of every authority that has one, the one that ends first first.
func (t *Tx) RevocationLists(ctx context.Context) ([]vpn.RevocationList, error) {
	return readAll(t.on(ctx).Order("next_update, issuer_key"), revocationListNoun, revocationListRow.list)
}

// RevocationListsEnding reads the lists that end before a time, or are not signed as they are, the one that ends first first.
func (t *Tx) RevocationListsEnding(ctx context.Context, before time.Time) ([]vpn.RevocationList, error) {
	return readAll(t.on(ctx).Where("next_update < ? OR unsigned = ?", micros(before), true).Order("next_update, issuer_key"), revocationListNoun, revocationListRow.list)
}

// RevocationListFile reads the signed list of an authority in DER. NotFound where there is none.
func (t *Tx) RevocationListFile(ctx context.Context, issuerKey string) ([]byte, error) {
	row, err := readOne[revocationListFileRow](t.on(ctx), revocationListNoun, "issuer_key", issuerKey)
	return row.DER, err
}
