package store

import (
	"context"
	"time"

	"sallyport/vpn"
)

var certificateNoun = noun{
	what: "certificate", code: vpn.CodeCertificateNotFound,
	taken:    "This certificate exists already.",
	dangling: "The authority that issued this certificate is no longer kept here.",
	used:     "The certificate is still in use: an endpoint has it, or it issued others that are kept here.",
}

type certificateRow struct {
	ID            string  `gorm:"column:id;primaryKey"`
	Name          string  `gorm:"column:name"`
	NameKey       string  `gorm:"column:name_key"`
	Use           string  `gorm:"column:use"`
	Authority     *string `gorm:"column:authority_id"`
	CommonName    string  `gorm:"column:common_name"`
	CommonNameKey string  `gorm:"column:common_name_key"`
	DNSNames      string  `gorm:"column:dns_names"`
	Issuer        string  `gorm:"column:issuer"`
	Serial        string  `gorm:"column:serial"`
	Fingerprint   string  `gorm:"column:fingerprint"`
	KeyType       string  `gorm:"column:key_type"`
	NotBefore     int64   `gorm:"column:not_before"`
	NotAfter      int64   `gorm:"column:not_after"`
	HasKey        bool    `gorm:"column:has_key"`
	KeyTaken      bool    `gorm:"column:key_taken"`
	Created       int64   `gorm:"column:created_at"`
	Search        string  `gorm:"column:search"`
	PEM           string  `gorm:"column:pem"`
	Chain         string  `gorm:"column:chain"`
}

func (certificateRow) TableName() string { return "certificate" }

func newCertificateRow(c vpn.Certificate) (certificateRow, error) {
	names, err := encodeJSON(c.DNSNames)
	return certificateRow{
		ID: string(c.ID), Name: c.Name, NameKey: orderKey(c.Name), Use: string(c.Use), Authority: nullableID(c.Authority),
		CommonName: clean(c.CommonName), CommonNameKey: orderKey(c.CommonName), DNSNames: names,
		Issuer: clean(c.Issuer), Serial: c.Serial, Fingerprint: c.Fingerprint, KeyType: c.KeyType,
		// Not micros: a certificate may well begin in 1970.
		NotBefore: c.NotBefore.UnixMicro(), NotAfter: c.NotAfter.UnixMicro(),
		HasKey: c.HasKey, KeyTaken: c.KeyTaken, Created: micros(c.CreatedAt),
		Search: searchable(c.Name, c.CommonName, string(c.ID)), PEM: clean(c.PEM), Chain: clean(c.Chain),
	}, err
}

func (r certificateRow) certificate() (vpn.Certificate, error) {
	var d decoder
	c := vpn.Certificate{
		ID: vpn.CertificateID(r.ID), Name: r.Name, Use: vpn.CertificateUse(r.Use), Authority: idOrEmpty[vpn.CertificateID](r.Authority),
		CommonName: r.CommonName, Issuer: r.Issuer, Serial: r.Serial, Fingerprint: r.Fingerprint, KeyType: r.KeyType,
		NotBefore: time.UnixMicro(r.NotBefore).UTC(), NotAfter: time.UnixMicro(r.NotAfter).UTC(),
		PEM: r.PEM, Chain: r.Chain, HasKey: r.HasKey, KeyTaken: r.KeyTaken, CreatedAt: instant(r.Created),
	}
	d.json(r.DNSNames, &c.DNSNames)
	return c, d.err
}

// Certificate reads one certificate, without its private key.
func (t *Tx) Certificate(ctx context.Context, id vpn.CertificateID) (vpn.Certificate, error) {
	row, err := readOne[certificateRow](t.on(ctx), certificateNoun, "id", string(id))
	if err != nil {
		return vpn.Certificate{}, err
	}
	return row.certificate()
}

var certificateList = listing{
	orders: map[string][]string{
		"name": {"name_key"}, "common_name": {"common_name_key"}, "not_after": {"not_after"}, "created_at": {"created_at"}, "use": {"use"}, "key_type": {"key_type"},
	},
	normal: "name", tie: "id",
	filters: map[string]string{"use": "use", "authority": "authority_id",
		"origin": "CASE WHEN authority_id IS NULL THEN '" + OriginImported + "' ELSE 'issued' END"},
}

// OriginImported is the value of the filter origin for certificates that none of our authorities issued.
const OriginImported = "imported"

// Certificates searches name, common name and ID; sorts by name (default), common_name, not_after
// and created_at; filters by use, authority, origin and state (valid, expires soon, expired, blocked, revoked). One that is
// blocked or revoked has no other state.
func (t *Tx) Certificates(ctx context.Context, l vpn.List) (vpn.Page[vpn.Certificate], error) {
	q, now := t.on(ctx), t.store.options.Now()
	const blocked = "REPLACE(LOWER(fingerprint), ':', '') IN (SELECT b.fingerprint FROM blocked_certificate b)"
	// A serial number of 17 digits or more names a certificate without its issuer (vpn.CertificateBlock). The issuer of the others is in
	// their chain.
	const revoked = "use <> 'authority' AND (LENGTH(serial) >= 17 AND serial IN (SELECT revocation.serial FROM revocation WHERE " + inForce + ") OR id IN ?)"
	var short []string
	switch l.Filter["state"] {
	case "revoked", "valid", "expires soon", "expired":
		var err error
		if short, err = t.revokedWithShortSerial(ctx); err != nil {
			return vpn.Page[vpn.Certificate]{}, err
		}
	}
	switch l.Filter["state"] {
	case "blocked":
		q = q.Where(blocked)
	case "revoked":
		q = q.Where("NOT ("+blocked+") AND "+revoked, short)
	case "valid", "expires soon", "expired":
		q = q.Where("NOT ("+blocked+") AND NOT ("+revoked+")", short)
	}
	switch l.Filter["state"] {
	case "expired":
		q = q.Where("not_after < ?", micros(now))
	case "expires soon":
		q = q.Where("not_after >= ? AND not_after < ?", micros(now), micros(now.Add(vpn.ExpiryWarning)))
	case "valid":
		q = q.Where("not_after >= ?", micros(now.Add(vpn.ExpiryWarning)))
	}
	return readPage(q, l, certificateList, certificateNoun, certificateRow.certificate)
}

// revokedWithShortSerial gives the IDs of the revoked certificates whose serial number others may have as well: few are.
func (t *Tx) revokedWithShortSerial(ctx context.Context) ([]string, error) {
	const candidates = "use <> 'authority' AND LENGTH(serial) < 17 AND serial IN (SELECT r.serial FROM revocation r)"
	list, err := readAll(t.on(ctx).Where(candidates).Order("id"), certificateNoun, certificateRow.certificate)
	if err != nil || len(list) == 0 {
		return []string{""}, err
	}
	numbers := make([]vpn.CertificateNumber, len(list))
	for i, c := range list {
		numbers[i] = vpn.RevocationOf(c).CertificateNumber
	}
	found, err := t.RevocationsOf(ctx, numbers...)
	if err != nil {
		return nil, err
	}
	known := make(map[vpn.CertificateNumber]bool, len(found.Entries))
	for _, r := range found.Entries {
		known[r.CertificateNumber] = true
	}
	ids := []string{""} // which no certificate has: a list for IN is not empty
	for i, c := range list {
		if known[numbers[i]] {
			ids = append(ids, string(c.ID))
		}
	}
	return ids, nil
}

// CountNamesakes counts the other certificates of a use that have the same common name, but for capital letters, and end after a time.
func (t *Tx) CountNamesakes(ctx context.Context, c vpn.Certificate, after time.Time) (int, error) {
	var n int64
	err := t.on(ctx).Model(&certificateRow{}).
		Where("common_name_key = ? AND use = ? AND id <> ? AND not_after > ?", orderKey(c.CommonName), string(c.Use), clean(string(c.ID)), after.UnixMicro()).Count(&n).Error
	return int(n), certificateNoun.read(err, "")
}

// CertificatesByID reads certificates; unknown ones are absent.
func (t *Tx) CertificatesByID(ctx context.Context, ids ...vpn.CertificateID) (map[vpn.CertificateID]vpn.Certificate, error) {
	found := make(map[vpn.CertificateID]vpn.Certificate, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	list, err := readAll(t.on(ctx).Where("id IN ?", idStrings(ids)), certificateNoun, certificateRow.certificate)
	for _, c := range list {
		found[c.ID] = c
	}
	return found, err
}

// Authorities reads the certificates of all authorities.
func (t *Tx) Authorities(ctx context.Context) ([]vpn.Certificate, error) {
	return readAll(t.on(ctx).Where("use = ?", string(vpn.UseAuthority)).Order("created_at, id"), certificateNoun, certificateRow.certificate)
}

// CertificatesBySerial reads the certificates with a serial number, of whatever issuer.
func (t *Tx) CertificatesBySerial(ctx context.Context, serial string) ([]vpn.Certificate, error) {
	return readAll(t.on(ctx).Where("serial = ?", clean(serial)).Order("id"), certificateNoun, certificateRow.certificate)
}

// CreateCertificate adds a certificate and seals its key. HasKey is stored as key says, whatever c
// says.
func (t *Tx) CreateCertificate(ctx context.Context, c vpn.Certificate, key vpn.Secret) error {
	c.HasKey = key != ""
	row, err := newCertificateRow(c)
	if err != nil {
		return err
	}
	if err := certificateNoun.wrote(t.on(ctx).Create(&row), row.ID); err != nil {
		return err
	}
	if err := t.beginLogins(ctx, c); err != nil || !c.HasKey {
		return err
	}
	return t.createCertificateKey(ctx, c.ID, key)
}

// DeleteCertificate removes a certificate with its key. Conflict while an endpoint uses it.
func (t *Tx) DeleteCertificate(ctx context.Context, id vpn.CertificateID) error {
	return certificateNoun.deleted(t.on(ctx).Where("id = ?", clean(string(id))).Delete(&certificateRow{}), string(id))
}

// IssuedCounts counts the certificates that each authority issued; authorities without any are
// absent.
func (t *Tx) IssuedCounts(ctx context.Context, ids ...vpn.CertificateID) (map[vpn.CertificateID]int, error) {
	return countRows(t.on(ctx).Model(&certificateRow{}), certificateNoun, "authority_id", ids)
}

// EndpointsUsing lists the endpoints that use each certificate, as server certificate or as client
// authority.
func (t *Tx) EndpointsUsing(ctx context.Context, ids ...vpn.CertificateID) (map[vpn.CertificateID][]vpn.EndpointID, error) {
	using := make(map[vpn.CertificateID][]vpn.EndpointID)
	if len(ids) == 0 {
		return using, nil
	}
	var rows []struct{ ID, Server, Client, Authority, Second, Above string }
	err := t.on(ctx).Table("endpoint").
		Select("endpoint.id, endpoint.certificate_id AS server, COALESCE(endpoint.client_ca_id, '') AS client, "+
			"CASE WHEN clients.use <> ? THEN COALESCE(clients.authority_id, '') ELSE '' END AS authority, "+
			"COALESCE(endpoint.second_ca_id, '') AS second, CASE WHEN others.use <> ? THEN COALESCE(others.authority_id, '') ELSE '' END AS above", string(vpn.UseAuthority), string(vpn.UseAuthority)).
		Joins("LEFT JOIN certificate clients ON clients.id = endpoint.client_ca_id").
		Joins("LEFT JOIN certificate others ON others.id = endpoint.second_ca_id").
		Where("endpoint.certificate_id IN ? OR endpoint.client_ca_id IN ? OR clients.authority_id IN ? OR endpoint.second_ca_id IN ? OR others.authority_id IN ?",
			idStrings(ids), idStrings(ids), idStrings(ids), idStrings(ids), idStrings(ids)).
		Order("endpoint.id").Find(&rows).Error
	if err != nil {
		return nil, endpointNoun.read(err, "")
	}
	wanted := make(map[vpn.CertificateID]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	for _, r := range rows {
		seen := map[vpn.CertificateID]bool{"": true}
		for _, id := range []vpn.CertificateID{vpn.CertificateID(r.Server), vpn.CertificateID(r.Client), vpn.CertificateID(r.Authority), vpn.CertificateID(r.Second), vpn.CertificateID(r.Above)} {
			if wanted[id] && !seen[id] {
				using[id] = append(using[id], vpn.EndpointID(r.ID))
			}
			seen[id] = true
		}
	}
	return using, nil
}
