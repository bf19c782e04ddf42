package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"sallyport/vpn"
)

var vpnSessionNoun = noun{
	what: "VPN session", code: vpn.CodeVPNSessionNotFound,
	taken:    "This VPN session exists already.",
	dangling: "The endpoint of this VPN session no longer exists.",
}

type vpnSessionRow struct {
	ID          string `gorm:"column:id;primaryKey"`
	Endpoint    string `gorm:"column:endpoint_id"`
	Username    string `gorm:"column:username"`
	Provider    string `gorm:"column:provider"`
	UserKey     string `gorm:"column:user_key"`
	Groups      string `gorm:"column:user_groups"`
	MoreGroups  bool   `gorm:"column:more_groups"`
	Revision    int64  `gorm:"column:user_revision"`
	LoginName   string `gorm:"column:login_name"`
	CommonName  string `gorm:"column:common_name"`
	Serial      string `gorm:"column:serial"`
	Fingerprint string `gorm:"column:fingerprint"`
	Issuer      string `gorm:"column:issuer"`
	IssuerKey   string `gorm:"column:issuer_key"`
	IssuerID    string `gorm:"column:issuer_id"`
	Above       string `gorm:"column:above"`
	Token       string `gorm:"column:token"`
	Connection  string `gorm:"column:connection_id"`
	Connections int    `gorm:"column:connections"`
	Started     int64  `gorm:"column:started_at"`
	Ends        int64  `gorm:"column:ends_at"`
	Ended       int64  `gorm:"column:ended_at"`
	EndReason   string `gorm:"column:end_reason"`
}

func (vpnSessionRow) TableName() string { return "vpn_session" }

func newVPNSessionRow(s vpn.Session) (vpnSessionRow, error) {
	groups := make([]string, len(s.Groups))
	for i, g := range s.Groups {
		groups[i] = clean(g)
	}
	encoded, err := encodeJSON(groups)
	return vpnSessionRow{
		ID: string(s.ID), Endpoint: string(s.Endpoint), Username: clean(s.Username), Provider: string(s.Provider), UserKey: clean(s.UserKey),
		Groups: encoded, MoreGroups: s.MoreGroups, Revision: int64(s.Revision), LoginName: clean(s.LoginName), CommonName: clean(s.CommonName),
		Serial: clean(s.Serial), Fingerprint: clean(s.Fingerprint), Issuer: clean(s.Issuer), IssuerKey: s.IssuerKey, IssuerID: clean(s.IssuerID), Above: encodeNumbers(s.Above), Token: clean(s.Token),
		Connection: string(s.Connection), Connections: s.Connections,
		Started: micros(s.StartedAt), Ends: micros(s.EndsAt), Ended: micros(s.EndedAt), EndReason: clean(s.EndReason),
	}, err
}

func (r vpnSessionRow) session() (vpn.Session, error) {
	var d decoder
	s := vpn.Session{
		ID: vpn.SessionID(r.ID), Endpoint: vpn.EndpointID(r.Endpoint), Username: r.Username, Provider: vpn.ProviderID(r.Provider), UserKey: r.UserKey,
		MoreGroups: r.MoreGroups, Revision: uint64(r.Revision), LoginName: r.LoginName, CommonName: r.CommonName,
		Serial: r.Serial, Fingerprint: r.Fingerprint, Issuer: r.Issuer, IssuerKey: r.IssuerKey, IssuerID: r.IssuerID, Above: decodeNumbers(r.Above), Token: r.Token,
		Connection: vpn.ConnectionID(r.Connection), Connections: r.Connections,
		StartedAt: instant(r.Started), EndsAt: instant(r.Ends), EndedAt: instant(r.Ended), EndReason: r.EndReason,
	}
	d.json(r.Groups, &s.Groups)
	if strings.Contains(r.Groups, `\\`) { // of an earlier version
		s.Groups = vpn.CanonicalGroups(s.Groups)
	}
	if len(s.Groups) == 0 {
		s.Groups = nil
	}
	return s, d.err
}

// VPNSession reads one VPN session.
func (t *Tx) VPNSession(ctx context.Context, id vpn.SessionID) (vpn.Session, error) {
	row, err := readOne[vpnSessionRow](t.on(ctx), vpnSessionNoun, "id", string(id))
	if err != nil {
		return vpn.Session{}, err
	}
	return row.session()
}

// VPNSessionsByID reads VPN sessions; unknown ones are absent.
func (t *Tx) VPNSessionsByID(ctx context.Context, ids ...vpn.SessionID) (map[vpn.SessionID]vpn.Session, error) {
	found := make(map[vpn.SessionID]vpn.Session, len(ids))
	for part := range slices.Chunk(ids, batch) {
		list, err := readAll(t.on(ctx).Where("id IN ?", idStrings(part)), vpnSessionNoun, vpnSessionRow.session)
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			found[s.ID] = s
		}
	}
	return found, nil
}

// VPNSessionByToken reads the newest VPN session of an endpoint whose client has a token. NotFound where
// token is empty.
func (t *Tx) VPNSessionByToken(ctx context.Context, e vpn.EndpointID, token string) (vpn.Session, error) {
	if token == "" {
		return vpn.Session{}, vpnSessionNoun.read(errNoRow, "")
	}
	row, err := readOne[vpnSessionRow](t.on(ctx).Where("endpoint_id = ?", string(e)).Order("started_at DESC, id"), vpnSessionNoun, "token", token)
	if err != nil {
		return vpn.Session{}, err
	}
	return row.session()
}

// VPNSessionsWith lists the VPN sessions of every endpoint with a certificate that were not ended.
func (t *Tx) VPNSessionsWith(ctx context.Context, b vpn.CertificateBlock) ([]vpn.Session, error) {
	found, err := readAll(t.on(ctx).Where("ended_at = 0 AND (fingerprint = ? OR serial = ?)", b.Fingerprint, b.Serial), vpnSessionNoun, vpnSessionRow.session)
	return slices.DeleteFunc(found, func(s vpn.Session) bool { return !b.IsOfSession(s) }), err
}

// VPNSessionsListed lists the VPN sessions of every endpoint that have not ended at a time, and that a revocation may be about:
// the serial number of the certificate is among serials or, without serials, in any list, or there are authorities between
// the certificate and its root.
func (t *Tx) VPNSessionsListed(ctx context.Context, at time.Time, serials ...string) ([]vpn.Session, error) {
	q := t.on(ctx).Where("ended_at = 0 AND ends_at > ?", micros(at))
	if len(serials) > 0 {
		q = q.Where("serial IN ? OR above <> ''", serials)
	} else {
		q = q.Where("serial IN (SELECT r.serial FROM revocation r) OR above <> ''")
	}
	return readAll(q.Order("id"), vpnSessionNoun, vpnSessionRow.session)
}

// DirectorySessions lists the VPN sessions whose users a directory proved, and that have not ended at a time.
func (t *Tx) DirectorySessions(ctx context.Context, at time.Time) ([]vpn.Session, error) {
	return readAll(t.on(ctx).Where("provider LIKE 'd-%' AND ended_at = 0 AND ends_at > ?", micros(at)).Order("provider, user_key, id"), vpnSessionNoun, vpnSessionRow.session)
}

// CreateVPNSession adds VPN sessions.
func (t *Tx) CreateVPNSession(ctx context.Context, ss ...vpn.Session) error {
	rows := make([]vpnSessionRow, len(ss))
	for i, s := range ss {
		var err error
		if rows[i], err = newVPNSessionRow(s); err != nil {
			return err
		}
	}
	return vpnSessionNoun.wrote(t.on(ctx).Create(&rows), rows[0].ID)
}

// SaveVPNSession writes every column of a VPN session but its endpoint.
func (t *Tx) SaveVPNSession(ctx context.Context, s vpn.Session) error {
	row, err := newVPNSessionRow(s)
	if err != nil {
		return err
	}
	return vpnSessionNoun.wrote(t.on(ctx).Model(&vpnSessionRow{}).Where("id = ?", row.ID).Select("*").Omit("id", "endpoint_id").Updates(&row), row.ID)
}

// EndVPNSessionsOf ends the VPN sessions of a user at an endpoint that were not ended.
func (t *Tx) EndVPNSessionsOf(ctx context.Context, e vpn.EndpointID, username string, at time.Time, reason string) error {
	g := t.on(ctx).Model(&vpnSessionRow{}).Where("endpoint_id = ? AND username = ? AND ended_at = 0 AND ends_at > ?", string(e), clean(username), micros(at)).
		Updates(map[string]any{"ended_at": micros(at), "end_reason": clean(reason)})
	return vpnSessionNoun.read(g.Error, "")
}

// DeleteVPNSession removes a VPN session.
func (t *Tx) DeleteVPNSession(ctx context.Context, id vpn.SessionID) error {
	return vpnSessionNoun.deleted(t.on(ctx).Where("id = ?", clean(string(id))).Delete(&vpnSessionRow{}), string(id))
}

// PurgeVPNSessions deletes the VPN sessions that reached their maximum duration before a time, at most
// limit, and returns their number.
func (t *Tx) PurgeVPNSessions(ctx context.Context, endedBefore time.Time, limit int) (int, error) {
	old := t.on(ctx).Model(&vpnSessionRow{}).Select("id").Where("ends_at < ?", micros(endedBefore)).Limit(limit)
	g := t.on(ctx).Where("id IN (?)", old).Delete(&vpnSessionRow{})
	return int(g.RowsAffected), vpnSessionNoun.read(g.Error, "")
}
