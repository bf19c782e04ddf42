package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

var configurationLinkNoun = noun{
	what: "one-time link", code: vpn.CodeConfigurationLinkNotFound, taken: "This one-time link exists already.", dangling: "The endpoint of this one-time link no longer exists.",
}

type configurationLinkRow struct {
	ID          string `gorm:"column:id;primaryKey"`
	Digest      string `gorm:"column:digest"`
	Endpoint    string `gorm:"column:endpoint_id"`
	Certificate string `gorm:"column:certificate_id"`
	Client      string `gorm:"column:client"`
	Maker       string `gorm:"column:maker_id"`
	MadeBy      string `gorm:"column:made_by"`
	Made        int64  `gorm:"column:made_at"`
	Ends        int64  `gorm:"column:ends_at"`
	Used        int64  `gorm:"column:used_at"`
	UsedFrom    string `gorm:"column:used_from"`
	Withdrawn   int64  `gorm:"column:withdrawn_at"`
}

func (configurationLinkRow) TableName() string { return "configuration_link" }

func (r configurationLinkRow) link() (vpn.ConfigurationLink, error) {
	return vpn.ConfigurationLink{
		ID: vpn.ConfigurationLinkID(r.ID), Digest: r.Digest, Endpoint: vpn.EndpointID(r.Endpoint), Certificate: vpn.CertificateID(r.Certificate), Client: r.Client,
		Maker: vpn.AdministratorID(r.Maker), MadeBy: r.MadeBy, MadeAt: instant(r.Made), EndsAt: instant(r.Ends), UsedAt: instant(r.Used), UsedFrom: r.UsedFrom,
		WithdrawnAt: instant(r.Withdrawn),
	}, nil
}

// CreateConfigurationLink adds a one-time link.
func (t *Tx) CreateConfigurationLink(ctx context.Context, l vpn.ConfigurationLink) error {
	row := configurationLinkRow{
		ID: string(l.ID), Digest: l.Digest, Endpoint: string(l.Endpoint), Certificate: clean(string(l.Certificate)), Client: clean(l.Client), Maker: clean(string(l.Maker)),
		MadeBy: clean(l.MadeBy), Made: micros(l.MadeAt), Ends: micros(l.EndsAt), Used: micros(l.UsedAt), UsedFrom: clean(l.UsedFrom), Withdrawn: micros(l.WithdrawnAt),
	}
	return configurationLinkNoun.wrote(t.on(ctx).Create(&row), string(l.ID))
}

// ConfigurationLink reads the one-time link of an endpoint with this ID.
func (t *Tx) ConfigurationLink(ctx context.Context, endpoint vpn.EndpointID, id vpn.ConfigurationLinkID) (vpn.ConfigurationLink, error) {
	r, err := readOne[configurationLinkRow](t.on(ctx).Where("endpoint_id = ?", clean(string(endpoint))), configurationLinkNoun, "id", string(id))
	if err != nil {
		return vpn.ConfigurationLink{}, err
	}
	return r.link()
}

// ConfigurationLinkOf reads the one-time link with this digest.
func (t *Tx) ConfigurationLinkOf(ctx context.Context, digest string) (vpn.ConfigurationLink, error) {
	r, err := readOne[configurationLinkRow](t.on(ctx), configurationLinkNoun, "digest", digest)
	if err != nil {
		return vpn.ConfigurationLink{}, err
	}
	return r.link()
}

// ConfigurationLinks lists the one-time links of an endpoint: those that are open first, then the newest; at most limit.
func (t *Tx) ConfigurationLinks(ctx context.Context, id vpn.EndpointID, now time.Time, limit int) ([]vpn.ConfigurationLink, error) {
	q := t.on(ctx).Where("endpoint_id = ?", clean(string(id))).
		Order(clause.OrderBy{Expression: clause.Expr{SQL: "CASE WHEN used_at = 0 AND withdrawn_at = 0 AND ends_at > ? THEN 0 ELSE 1 END, made_at DESC, id", Vars: []any{micros(now)}}}).Limit(max(limit, 0))
	return readAll(q, configurationLinkNoun, configurationLinkRow.link)
}

// CountOpenConfigurationLinks counts the one-time links of an endpoint that are open.
func (t *Tx) CountOpenConfigurationLinks(ctx context.Context, id vpn.EndpointID, now time.Time) (int, error) {
	var n int64
	err := t.on(ctx).Model(&configurationLinkRow{}).Where("endpoint_id = ? AND used_at = 0 AND withdrawn_at = 0 AND ends_at > ?", clean(string(id)), micros(now)).Count(&n).Error
	return int(n), configurationLinkNoun.read(err, "")
}

// UseConfigurationLink uses a one-time link up. It is false where the link is not open.
func (t *Tx) UseConfigurationLink(ctx context.Context, id vpn.ConfigurationLinkID, from string, now time.Time) (bool, error) {
	g := t.on(ctx).Model(&configurationLinkRow{}).Where("id = ? AND used_at = 0 AND withdrawn_at = 0 AND ends_at > ?", clean(string(id)), micros(now)).
		Updates(map[string]any{"used_at": micros(now), "used_from": clean(from)})
	return g.RowsAffected == 1, configurationLinkNoun.read(g.Error, string(id))
}

// WithdrawConfigurationLink withdraws a one-time link. It is false where the link is not open.
func (t *Tx) WithdrawConfigurationLink(ctx context.Context, id vpn.ConfigurationLinkID, now time.Time) (bool, error) {
	g := t.on(ctx).Model(&configurationLinkRow{}).Where("id = ? AND used_at = 0 AND withdrawn_at = 0 AND ends_at > ?", clean(string(id)), micros(now)).
		Update("withdrawn_at", micros(now))
	return g.RowsAffected == 1, configurationLinkNoun.read(g.Error, string(id))
}

// PurgeConfigurationLinks deletes one-time links that ended before the given time, at most limit, and returns their number.
func (t *Tx) PurgeConfigurationLinks(ctx context.Context, before time.Time, limit int) (int, error) {
	old := t.on(ctx).Model(&configurationLinkRow{}).Select("id").Where("ends_at < ?", micros(before)).Limit(limit)
	g := t.on(ctx).Where("id IN (?)", old).Delete(&configurationLinkRow{})
	return int(g.RowsAffected), configurationLinkNoun.read(g.Error, "")
}
