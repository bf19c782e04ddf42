package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"sallyport/vpn"
)

var deviceNoun = noun{what: "device", code: vpn.CodeDeviceNotFound, taken: "This device exists already."}

type deviceRow struct {
	ID          string `gorm:"column:id;primaryKey"`
	Provider    string `gorm:"column:user_provider"`
	UserKey     string `gorm:"column:user_key"`
	UserName    string `gorm:"column:user_name"`
	UserNameKey string `gorm:"column:user_name_key"`
	Endpoint    string `gorm:"column:endpoint_id"`
	Name        string `gorm:"column:name"`
	NameKey     string `gorm:"column:name_key"`
	Authority   string `gorm:"column:authority_id"`
	Serial      string `gorm:"column:serial"`
	Fingerprint string `gorm:"column:fingerprint"`
	IssuerKey   string `gorm:"column:issuer_key"`
	NotBefore   int64  `gorm:"column:not_before"`
	NotAfter    int64  `gorm:"column:not_after"`
	Revision    string `gorm:"column:revision"`
	Replaces    string `gorm:"column:replaces"`
	Created     int64  `gorm:"column:created_at"`
	Used        int64  `gorm:"column:used_at"`
	Revoked     int64  `gorm:"column:revoked_at"`
	RevokedBy   string `gorm:"column:revoked_by"`
	RevokedWhy  string `gorm:"column:revoked_why"`
	Search      string `gorm:"column:search"`
}

func (deviceRow) TableName() string { return "device" }

func (r deviceRow) device() (vpn.Device, error) {
	return vpn.Device{
		ID: vpn.DeviceID(r.ID), UserRef: vpn.UserRef{Provider: vpn.ProviderID(r.Provider), Key: r.UserKey}, UserName: r.UserName,
		Endpoint: vpn.EndpointID(r.Endpoint), Name: r.Name, Authority: vpn.CertificateID(r.Authority),
		Serial: r.Serial, Fingerprint: r.Fingerprint, IssuerKey: r.IssuerKey, NotBefore: instant(r.NotBefore), NotAfter: instant(r.NotAfter),
		Revision: r.Revision, Replaces: vpn.DeviceID(r.Replaces), CreatedAt: instant(r.Created), UsedAt: instant(r.Used),
		RevokedAt: instant(r.Revoked), RevokedBy: r.RevokedBy, RevokedWhy: vpn.DeviceEnd(r.RevokedWhy),
	}, nil
}

// CreateDevice adds a device.
func (t *Tx) CreateDevice(ctx context.Context, d vpn.Device) error {
	row := deviceRow{
		ID: string(d.ID), Provider: clean(string(d.Provider)), UserKey: clean(d.Key), UserName: clean(d.UserName), UserNameKey: fold(d.UserName),
		Endpoint: clean(string(d.Endpoint)), Name: clean(d.Name), NameKey: fold(d.Name), Authority: string(d.Authority),
		Serial: clean(d.Serial), Fingerprint: clean(d.Fingerprint), IssuerKey: d.IssuerKey, NotBefore: micros(d.NotBefore), NotAfter: micros(d.NotAfter),
		Revision: clean(d.Revision), Replaces: string(d.Replaces), Created: micros(d.CreatedAt), Used: micros(d.UsedAt),
		Revoked: micros(d.RevokedAt), RevokedBy: clean(d.RevokedBy), RevokedWhy: clean(string(d.RevokedWhy)),
		Search: searchable(d.Name, d.UserName, string(d.ID), d.Serial, d.Fingerprint),
	}
	return deviceNoun.wrote(t.on(ctx).Create(&row), row.ID)
}

// Device reads one device.
func (t *Tx) Device(ctx context.Context, id vpn.DeviceID) (vpn.Device, error) {
	row, err := readOne[deviceRow](t.on(ctx), deviceNoun, "id", string(id))
	if err != nil {
		return vpn.Device{}, err
	}
	return row.device()
}

// DeviceOf reads a device of a user. NotFound where it is another user's.
func (t *Tx) DeviceOf(ctx context.Context, user vpn.UserRef, id vpn.DeviceID) (vpn.Device, error) {
	row, err := readOne[deviceRow](t.ofUser(ctx, user), deviceNoun, "id", string(id))
	if err != nil {
		return vpn.Device{}, err
	}
	return row.device()
}

func (t *Tx) ofUser(ctx context.Context, user vpn.UserRef) *gorm.DB {
	return t.on(ctx).Where("user_provider = ? AND user_key = ?", clean(string(user.Provider)), clean(user.Key))
}

// shownDevices bounds the devices of a user that are listed together. A user has far fewer that are not revoked.
const shownDevices = 500

// DevicesOf lists the devices of a user: those that are not revoked first, the newest before others.
func (t *Tx) DevicesOf(ctx context.Context, user vpn.UserRef) ([]vpn.Device, error) {
	return readAll(t.ofUser(ctx, user).Order("CASE WHEN revoked_at = 0 THEN 0 ELSE 1 END, created_at DESC, id").Limit(shownDevices), deviceNoun, deviceRow.device)
}

// DevicesByID reads devices; unknown ones are absent.
func (t *Tx) DevicesByID(ctx context.Context, ids ...vpn.DeviceID) (vpn.Devices, error) {
	found := make(vpn.Devices, len(ids))
	for part := range slices.Chunk(ids, batch) {
		list, err := readAll(t.on(ctx).Where("id IN ?", idStrings(part)), deviceNoun, deviceRow.device)
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			found[d.ID] = d
		}
	}
	return found, nil
}

var deviceList = listing{
	orders: map[string][]string{
		"created_at": {"created_at"}, "name": {"name_key"}, "user": {"user_name_key"}, "not_after": {"not_after"}, "used_at": {"used_at"},
	},
	normal: "created_at", newest: true, tie: "id",
	filters: map[string]string{"endpoint": "endpoint_id", "authority": "authority_id"},
}

// DeviceList lists devices; searches name, user, ID, serial number and fingerprint; sorts by created_at (default, newest first), name,
// user, not_after and used_at; filters by endpoint, authority, user (vpn.UserID) and state (vpn.DeviceState).
func (t *Tx) DeviceList(ctx context.Context, l vpn.List) (vpn.Page[vpn.Device], error) {
	q, now := t.on(ctx), t.store.options.Now()
	soon := now.Add(vpn.ExpiryWarning)
	switch vpn.DeviceState(l.Filter["state"]) {
	case vpn.DeviceIsRevoked:
		q = q.Where("revoked_at > 0")
	case vpn.DeviceExpired:
		q = q.Where("revoked_at = 0 AND not_after <= ?", micros(now))
	case vpn.DeviceExpiresSoon:
		q = q.Where("revoked_at = 0 AND not_after > ? AND not_after <= ?", micros(now), micros(soon))
	case vpn.DeviceValid:
		q = q.Where("revoked_at = 0 AND not_after > ?", micros(soon))
	}
	if user := l.Filter["user"]; user != "" {
		q = q.Where("(user_provider, user_key) IN (SELECT provider, user_key FROM vpn_user WHERE id = ?)", clean(user))
	}
	return readPage(q, l, deviceList, deviceNoun, deviceRow.device)
}

// CountDevices counts the devices of endpoints whose certificates are neither revoked nor expired; endpoints without any are absent.
func (t *Tx) CountDevices(ctx context.Context, ids ...vpn.EndpointID) (map[vpn.EndpointID]int, error) {
	return countRows(t.on(ctx).Model(&deviceRow{}).Where("revoked_at = 0 AND not_after > ?", micros(t.store.options.Now())), deviceNoun, "endpoint_id", ids)
}

// DeviceCounts counts the devices with certificates that each authority issued, revoked and expired ones too; authorities without any are
// absent.
func (t *Tx) DeviceCounts(ctx context.Context, ids ...vpn.CertificateID) (map[vpn.CertificateID]int, error) {
	return countRows(t.on(ctx).Model(&deviceRow{}), deviceNoun, "authority_id", ids)
}

// RevokedDevicesOf lists the revoked devices with certificates of an authority that have not ended.
func (t *Tx) RevokedDevicesOf(ctx context.Context, issuerKey string) ([]vpn.Device, error) {
	now := micros(t.store.options.Now())
	return readAll(t.on(ctx).Where("issuer_key = ? AND revoked_at > 0 AND not_after > ?", clean(issuerKey), now).Order("revoked_at, id"), deviceNoun, deviceRow.device)
}

// UseDevices writes when devices last connected.
func (t *Tx) UseDevices(ctx context.Context, at time.Time, ids ...vpn.DeviceID) error {
	if len(ids) == 0 {
		return nil
	}
	return deviceNoun.read(t.on(ctx).Model(&deviceRow{}).Where("id IN ?", idStrings(ids)).Update("used_at", micros(at)).Error, "")
}

// SaveDeviceRevocation writes the revocation of a device.
func (t *Tx) SaveDeviceRevocation(ctx context.Context, d vpn.Device) error {
	g := t.on(ctx).Model(&deviceRow{}).Where("id = ?", clean(string(d.ID))).
		Updates(map[string]any{"revoked_at": micros(d.RevokedAt), "revoked_by": clean(d.RevokedBy), "revoked_why": clean(string(d.RevokedWhy))})
	return deviceNoun.wrote(g, string(d.ID))
}

// PurgeDevices deletes devices whose certificates ended or were revoked before a time, at most limit, and returns their
// number. A login with a certificate of such a device is refused all the same.
func (t *Tx) PurgeDevices(ctx context.Context, before time.Time, limit int) (int, error) {
	old := t.on(ctx).Model(&deviceRow{}).Select("id").Where("not_after < ? OR revoked_at > 0 AND revoked_at < ?", micros(before), micros(before)).Limit(limit)
	g := t.on(ctx).Where("id IN (?)", old).Delete(&deviceRow{})
	return int(g.RowsAffected), deviceNoun.read(g.Error, "")
}
