package store

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"gorm.io/gorm"

	"sallyport/vpn"
)

var connectionNoun = noun{
	what: "connection", code: vpn.CodeConnectionNotFound,
	taken:    "This connection exists already.",
	dangling: "The connection refers to something that no longer exists.",
}

type connectionRow struct {
	Number        int64  `gorm:"column:number;primaryKey;autoIncrement"`
	ID            string `gorm:"column:id"`
	Endpoint      string `gorm:"column:endpoint_id"`
	Association   string `gorm:"column:association_id"`
	Session       string `gorm:"column:session_id"`
	Node          string `gorm:"column:node"`
	Status        string `gorm:"column:status"`
	Username      string `gorm:"column:username"`
	UsernameKey   string `gorm:"column:username_key"`
	Provider      string `gorm:"column:provider"`
	UserKey       string `gorm:"column:user_key"`
	CommonName    string `gorm:"column:common_name"`
	Serial        string `gorm:"column:serial"`
	Fingerprint   string `gorm:"column:fingerprint"`
	Issuer        string `gorm:"column:issuer"`
	IssuerKey     string `gorm:"column:issuer_key"`
	IssuerID      string `gorm:"column:issuer_id"`
	Above         string `gorm:"column:above"`
	ClientIP      string `gorm:"column:client_ip"`
	ClientNumber  int64  `gorm:"column:client_ip_number"`
	Device        string `gorm:"column:device"`
	Platform      string `gorm:"column:platform"`
	ClientVersion string `gorm:"column:client_version"`
	Created       int64  `gorm:"column:created_at"`
	Established   int64  `gorm:"column:established_at"`
	Away          int64  `gorm:"column:away_at"`
	Ended         int64  `gorm:"column:ended_at"`
	EndReason     string `gorm:"column:end_reason"`
	Search        string `gorm:"column:search"`
}

func (connectionRow) TableName() string { return "connection" }

// newConnectionRow cleans the texts that clients choose.
func newConnectionRow(c vpn.Connection) connectionRow {
	return connectionRow{
		ID: string(c.ID), Endpoint: string(c.Endpoint), Association: string(c.Association), Session: string(c.Session),
		Node: c.Node, Status: string(c.Status), Username: clean(c.Username), UsernameKey: fold(c.Username),
		Provider: string(c.Provider), UserKey: clean(c.UserKey), CommonName: clean(c.CommonName),
		Serial: clean(c.Serial), Fingerprint: clean(c.Fingerprint),
		Issuer: clean(c.Issuer), IssuerKey: c.IssuerKey, IssuerID: clean(c.IssuerID), Above: encodeNumbers(c.Above),
		ClientIP: marshalText(c.ClientIP), ClientNumber: sortNumber(c.ClientIP),
		Device: marshalText(c.Device), Platform: clean(c.Platform), ClientVersion: clean(c.ClientVersion),
		Established: micros(c.EstablishedAt), Away: micros(c.AwaySince), Ended: micros(c.EndedAt), EndReason: clean(c.EndReason),
		Search: searchable(c.Username, marshalText(c.ClientIP), marshalText(c.Device), string(c.ID)),
	}
}

// connection gives everything but the counters, which are in a table of their own.
func (r connectionRow) connection() (vpn.Connection, error) {
	var d decoder
	return vpn.Connection{
		ID: vpn.ConnectionID(r.ID), Endpoint: vpn.EndpointID(r.Endpoint), Association: vpn.AssociationID(r.Association),
		Session: vpn.SessionID(r.Session), Node: r.Node, Status: vpn.ConnectionStatus(r.Status), Username: r.Username,
		Provider: vpn.ProviderID(r.Provider), UserKey: r.UserKey, CommonName: r.CommonName,
		Serial: r.Serial, Fingerprint: r.Fingerprint,
		Issuer: r.Issuer, IssuerKey: r.IssuerKey, IssuerID: r.IssuerID, Above: decodeNumbers(r.Above),
		ClientIP: d.addr(r.ClientIP), Device: d.addrPort(r.Device),
		Platform: r.Platform, ClientVersion: r.ClientVersion, EstablishedAt: instant(r.Established), AwaySince: instant(r.Away),
		EndedAt: instant(r.Ended), EndReason: r.EndReason,
	}, d.err
}

// sameRow maps a row to itself: the counters are read for all rows together afterwards.
func sameRow[R any](r R) (R, error) { return r, nil }

// Connection reads one connection with its counters.
func (t *Tx) Connection(ctx context.Context, id vpn.ConnectionID) (vpn.Connection, error) {
	row, err := readOne[connectionRow](t.on(ctx), connectionNoun, "id", string(id))
	if err != nil {
		return vpn.Connection{}, err
	}
	list, err := t.withCounters(ctx, []connectionRow{row})
	if err != nil {
		return vpn.Connection{}, err
	}
	return list[0], nil
}

var connectionList = listing{
	orders: map[string][]string{
		"established_at": {"established_at"}, "username": {"username_key"}, "client_ip": {"client_ip_number"},
	},
	normal: "established_at", newest: true, tie: "number",
	filters: map[string]string{"status": "status"},
}

// Connections lists the connections of one endpoint that were established and have not ended; searches user,
// client IP, device and ID; sorts by established_at (default, newest first), username and client_ip; filters by
// status. An empty id lists those of every endpoint.
func (t *Tx) Connections(ctx context.Context, id vpn.EndpointID, l vpn.List) (vpn.Page[vpn.Connection], error) {
	rows, err := readPage(t.ofEndpoint(ctx, id).Where(unended), l, connectionList, connectionNoun, sameRow[connectionRow])
	page := vpn.Page[vpn.Connection]{Total: rows.Total, Number: rows.Number, Size: rows.Size}
	if err != nil {
		return page, err
	}
	page.Items, err = t.withCounters(ctx, rows.Items)
	return page, err
}

// CountUnended counts the connections that Connections lists.
func (t *Tx) CountUnended(ctx context.Context, id vpn.EndpointID) (int, error) {
	var n int64
	err := t.ofEndpoint(ctx, id).Model(&connectionRow{}).Where(unended).Count(&n).Error
	return int(n), connectionNoun.read(err, "")
}

// ofEndpoint is a query about the connections of an endpoint, or of every endpoint where id is empty.
func (t *Tx) ofEndpoint(ctx context.Context, id vpn.EndpointID) *gorm.DB {
	if id == "" {
		return t.on(ctx)
	}
	return t.on(ctx).Where("endpoint_id = ?", clean(string(id)))
}

// live is, word for word, the condition of the indexes that have only connections that have not ended.
// Thus queries never read the ended connections, which are a thousand times as many.
const live = "status <> 'terminated'"

// unended are the connections that lists call active.
const unended = live + " AND status <> 'connecting' AND established_at > 0"

var (
	carrying = []string{string(vpn.ConnectionActive), string(vpn.ConnectionTerminating), string(vpn.ConnectionFailedToTerminate)}
	unwanted = []string{string(vpn.ConnectionTerminating), string(vpn.ConnectionFailedToTerminate)}
)

// LiveConnections lists the connections of an endpoint that are connecting, active, away, terminating or
// failed-to-terminate; of every endpoint where id is empty.
func (t *Tx) LiveConnections(ctx context.Context, id vpn.EndpointID) ([]vpn.Connection, error) {
	if id == "" {
		return t.readUnended(ctx, live)
	}
	return t.readUnended(ctx, live+" AND endpoint_id = ?", clean(string(id)))
}

// ConnectionAt finds the connection of an endpoint that carries the traffic of a client address, without its counters; the zero
// Connection where no client has the address.
func (t *Tx) ConnectionAt(ctx context.Context, id vpn.EndpointID, client netip.Addr) (vpn.Connection, error) {
	found, err := readAll(t.on(ctx).Where(live+" AND endpoint_id = ? AND client_ip_number = ? AND status IN ?", clean(string(id)), sortNumber(client), carrying).
		Order("number DESC").Limit(1), connectionNoun, connectionRow.connection)
	if err != nil || len(found) == 0 {
		return vpn.Connection{}, err
	}
	return found[0], nil
}

// ConnectionsToTerminate lists the connections of a node that are terminating.
func (t *Tx) ConnectionsToTerminate(ctx context.Context, node string) ([]vpn.Connection, error) {
	return t.readUnended(ctx, live+" AND node = ? AND status IN ?", node, unwanted)
}

// LiveConnectionsWith lists the connections of every endpoint with a certificate that are connecting,
// active, terminating or failed-to-terminate.
func (t *Tx) LiveConnectionsWith(ctx context.Context, b vpn.CertificateBlock) ([]vpn.Connection, error) {
	found, err := t.readUnended(ctx, live+" AND (fingerprint = ? OR serial = ?)", b.Fingerprint, b.Serial)
	return slices.DeleteFunc(found, func(c vpn.Connection) bool { return !b.IsOfConnection(c) }), err
}

// LiveConnectionsBySerial lists the connections that LiveConnectionsWith lists for any of several certificates with these serial numbers, without
// their counters.
func (t *Tx) LiveConnectionsBySerial(ctx context.Context, serials ...string) ([]vpn.Connection, error) {
	var out []vpn.Connection
	for part := range slices.Chunk(serials, batch) {
		found, err := readAll(t.on(ctx).Where(live+" AND serial IN ?", part).Order("number"), connectionNoun, connectionRow.connection)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// LiveConnectionsListed lists the connections of every endpoint that are connecting, active, away, terminating or failed-to-terminate, and
// that a revocation may be about: see VPNSessionsListed.
func (t *Tx) LiveConnectionsListed(ctx context.Context, serials ...string) ([]vpn.Connection, error) {
	if len(serials) > 0 {
		return t.readUnended(ctx, live+" AND (serial IN ? OR above <> '')", serials)
	}
	return t.readUnended(ctx, live+" AND (serial IN (SELECT r.serial FROM revocation r) OR above <> '')")
}

func (t *Tx) readUnended(ctx context.Context, where string, args ...any) ([]vpn.Connection, error) {
	rows, err := readAll(t.on(ctx).Where(where, args...).Order("number"), connectionNoun, sameRow[connectionRow])
	if err != nil {
		return nil, err
	}
	return t.withCounters(ctx, rows)
}

// CountLive counts the connections of each endpoint that are active, terminating or failed-to-
// terminate; endpoints without any are absent.
func (t *Tx) CountLive(ctx context.Context, ids ...vpn.EndpointID) (map[vpn.EndpointID]int, error) {
	q := t.on(ctx).Model(&connectionRow{}).Where(live+" AND status IN ?", carrying)
	return countRows(q, connectionNoun, "endpoint_id", ids)
}

// CountLiveThrough counts those of CountLive whose sessions lead through an association.
func (t *Tx) CountLiveThrough(ctx context.Context, id vpn.AssociationID) (int, error) {
	var n int64
	err := t.on(ctx).Model(&connectionRow{}).Where(live+" AND status IN ? AND association_id = ?", carrying, clean(string(id))).Count(&n).Error
	return int(n), translate(err, connectionNoun, "", "")
}

// ConnectedOnce tells of which endpoints a connection that was established is known: it is live, or ended and still kept.
func (t *Tx) ConnectedOnce(ctx context.Context, ids ...vpn.EndpointID) (map[vpn.EndpointID]bool, error) {
	out := map[vpn.EndpointID]bool{}
	for _, which := range []string{ended, unended} {
		var found []vpn.EndpointID
		err := t.on(ctx).Model(&endpointRow{}).Where("id IN ?", idStrings(ids)).Where("EXISTS (SELECT 1 FROM connection WHERE connection.endpoint_id = endpoint.id AND "+which+")").Pluck("id", &found).Error
		if err != nil {
			return nil, connectionNoun.read(err, "")
		}
		for _, id := range found {
			out[id] = true
		}
	}
	return out, nil
}

// CountAway counts the connections of each endpoint whose clients are away; endpoints without any are absent.
func (t *Tx) CountAway(ctx context.Context, ids ...vpn.EndpointID) (map[vpn.EndpointID]int, error) {
	q := t.on(ctx).Model(&connectionRow{}).Where(live+" AND status = ?", string(vpn.ConnectionAway))
	return countRows(q, connectionNoun, "endpoint_id", ids)
}

// Places counts the connections of an endpoint that its quota bounds.
func (t *Tx) Places(ctx context.Context, id vpn.EndpointID) (vpn.Places, error) {
	var p vpn.Places
	var rows []struct {
		Status string `gorm:"column:status"`
		N      int    `gorm:"column:n"`
	}
	err := t.on(ctx).Model(&connectionRow{}).Select("status, count(*) AS n").Where(live+" AND endpoint_id = ?", clean(string(id))).Group("status").Find(&rows).Error
	for _, r := range rows {
		if r.Status == string(vpn.ConnectionAway) {
			p.Away += r.N
		} else {
			p.Held += r.N
		}
	}
	return p, connectionNoun.read(err, "")
}

// LongestAway gives the n connections of an endpoint whose clients have been away for the longest time.
func (t *Tx) LongestAway(ctx context.Context, id vpn.EndpointID, n int) ([]vpn.ConnectionID, error) {
	var ids []vpn.ConnectionID
	err := t.on(ctx).Model(&connectionRow{}).Where(live+" AND endpoint_id = ? AND status = ?", clean(string(id)), string(vpn.ConnectionAway)).
		Order("away_at, number").Limit(n).Pluck("id", &ids).Error
	return ids, connectionNoun.read(err, "")
}

// CreateConnection adds connections.
func (t *Tx) CreateConnection(ctx context.Context, cs ...vpn.Connection) error {
	rows := make([]connectionRow, len(cs))
	for i, c := range cs {
		rows[i] = newConnectionRow(c)
		rows[i].Created = rows[i].Established
		if rows[i].Created == 0 {
			rows[i].Created = micros(t.store.options.Now())
		}
	}
	if err := connectionNoun.wrote(t.on(ctx).Create(&rows), rows[0].ID); err != nil {
		return err
	}
	for i, c := range cs {
		if err := t.saveCounter(ctx, rows[i].Number, c); err != nil {
			return err
		}
		if err := t.saveEndedName(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// SaveConnection writes every column of a connection that may change, and its counters.
func (t *Tx) SaveConnection(ctx context.Context, c vpn.Connection) error {
	row := newConnectionRow(c)
	g := t.on(ctx).Model(&connectionRow{}).Where("id = ?", row.ID).Select("*").Omit("number", "id", "created_at").Updates(&row)
	if err := connectionNoun.wrote(g, row.ID); err != nil {
		return err
	}
	if err := t.saveEndedName(ctx, c); err != nil || !hasCounters(c) {
		return err
	}
	stored, err := readOne[connectionRow](t.on(ctx).Select("number"), connectionNoun, "id", string(c.ID))
	if err != nil {
		return err
	}
	return t.saveCounter(ctx, stored.Number, c)
}

// DeleteConnection removes a connection with its counters.
func (t *Tx) DeleteConnection(ctx context.Context, id vpn.ConnectionID) error {
	return connectionNoun.deleted(t.on(ctx).Where("id = ?", clean(string(id))).Delete(&connectionRow{}), string(id))
}

// PurgeConnecting deletes the connections that were granted before the given time and never
// established, and returns their number.
func (t *Tx) PurgeConnecting(ctx context.Context, grantedBefore time.Time) (int, error) {
	g := t.on(ctx).Where("status = 'connecting' AND created_at < ?", micros(grantedBefore)).Delete(&connectionRow{})
	return int(g.RowsAffected), connectionNoun.read(g.Error, "")
}
