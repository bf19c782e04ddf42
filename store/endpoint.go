package store

import (
	"context"
	"math"
	"net/netip"
	"slices"

	"gorm.io/gorm/clause"

	"sallyport/vpn"
)

var endpointNoun = noun{
	what: "Client VPN endpoint", code: vpn.CodeEndpointNotFound,
	taken:    "Another endpoint already has this client CIDR or this address, transport and port.",
	dangling: "The endpoint's certificate, directory or network no longer exists.",
	used:     "The endpoint is still in use.",
}

type endpointRow struct {
	ID          string  `gorm:"column:id;primaryKey"`
	Name        string  `gorm:"column:name"`
	NameKey     string  `gorm:"column:name_key"`
	Description string  `gorm:"column:description"`
	ClientCIDR  string  `gorm:"column:client_cidr"`
	ClientFirst int64   `gorm:"column:client_cidr_first"`
	ClientBits  int64   `gorm:"column:client_cidr_bits"`
	ListenAddr  string  `gorm:"column:listen_addr"`
	Transport   string  `gorm:"column:transport"`
	Port        int64   `gorm:"column:port"`
	Certificate string  `gorm:"column:certificate_id"`
	ClientCA    *string `gorm:"column:client_ca_id"`
	SecondCA    *string `gorm:"column:second_ca_id"`
	Directory   *string `gorm:"column:directory_id"`
	SAML        *string `gorm:"column:saml_provider_id"`
	PortalSAML  *string `gorm:"column:portal_saml_provider_id"`
	Portal      bool    `gorm:"column:self_service_portal"`
	Options     string  `gorm:"column:options"`
	Network     *string `gorm:"column:network_id"`
	Chosen      bool    `gorm:"column:network_chosen"`
	Tags        string  `gorm:"column:tags"`
	Generation  int64   `gorm:"column:generation"`
	Push        int64   `gorm:"column:push_generation"`
	Deleting    bool    `gorm:"column:deleting"`
	Created     int64   `gorm:"column:created_at"`
	Version     int64   `gorm:"column:version"`
	Search      string  `gorm:"column:search"`
	TLSCrypt    []byte  `gorm:"column:tls_crypt"`
	TokenSecret []byte  `gorm:"column:token_secret"`
}

func (endpointRow) TableName() string { return "endpoint" }

// The places that the endpoint's secrets are sealed for.
const (
	tlsCryptColumn    = "endpoint.tls_crypt"
	tokenSecretColumn = "endpoint.token_secret"
)

func (s *Store) newEndpointRow(e vpn.Endpoint) (r endpointRow, err error) {
	r = endpointRow{
		ID: string(e.ID), Name: e.Name, NameKey: orderKey(e.Name), Description: e.Description,
		ClientCIDR: marshalText(e.ClientCIDR), ClientFirst: sortNumber(e.ClientCIDR.Addr()), ClientBits: int64(e.ClientCIDR.Bits()),
		ListenAddr: marshalText(e.Listen.Addr), Transport: string(e.Listen.Transport), Port: int64(e.Listen.Port),
		Certificate: string(e.Certificate), ClientCA: nullableID(e.ClientCA), SecondCA: nullableID(e.SecondCA), Directory: nullableID(e.Directory), SAML: nullableID(e.SAML), PortalSAML: nullableID(e.PortalSAML),
		Portal:  e.SelfServicePortal,
		Network: nullableID(e.Network), Chosen: e.NetworkChosen, Generation: int64(e.Generation), Push: int64(e.PushGeneration),
		Deleting: e.Deleting, Created: micros(e.CreatedAt), Version: int64(e.Version),
		Search: searchable(e.Name, string(e.ID), marshalText(e.ClientCIDR), e.Description, tagWords(e.Tags)),
	}
	if r.Tags, err = encodeJSON(e.Tags); err != nil {
		return r, err
	}
	if r.Options, err = encodeJSON(e.ClientOptions); err != nil {
		return r, err
	}
	if r.TLSCrypt, err = s.seal(e.TLSCrypt, tlsCryptColumn, r.ID); err != nil {
		return r, err
	}
	r.TokenSecret, err = s.seal(e.TokenSecret, tokenSecretColumn, r.ID)
	return r, err
}

// endpoint gives everything but the secrets.
func (r endpointRow) endpoint() (vpn.Endpoint, error) {
	var d decoder
	e := vpn.Endpoint{
		ID: vpn.EndpointID(r.ID), Name: r.Name, Description: r.Description, ClientCIDR: d.prefix(r.ClientCIDR),
		Listen:      vpn.Listen{Addr: d.addr(r.ListenAddr), Transport: vpn.Transport(r.Transport), Port: uint16(r.Port)},
		Certificate: vpn.CertificateID(r.Certificate), ClientCA: idOrEmpty[vpn.CertificateID](r.ClientCA), SecondCA: idOrEmpty[vpn.CertificateID](r.SecondCA), Directory: idOrEmpty[vpn.DirectoryID](r.Directory),
		SAML: idOrEmpty[vpn.SAMLProviderID](r.SAML), PortalSAML: idOrEmpty[vpn.SAMLProviderID](r.PortalSAML), SelfServicePortal: r.Portal,
		Network: idOrEmpty[vpn.NetworkID](r.Network), NetworkChosen: r.Chosen, Generation: uint64(r.Generation), PushGeneration: uint64(r.Push), Deleting: r.Deleting,
		CreatedAt: instant(r.Created), Version: int(r.Version),
	}
	d.json(r.Tags, &e.Tags)
	d.json(r.Options, &e.ClientOptions)
	return e, d.err
}

func (s *Store) endpointWithSecrets(r endpointRow) (e vpn.Endpoint, err error) {
	if e, err = r.endpoint(); err != nil {
		return e, err
	}
	if e.TLSCrypt, err = s.unseal(r.TLSCrypt, tlsCryptColumn, r.ID); err != nil {
		return e, err
	}
	e.TokenSecret, err = s.unseal(r.TokenSecret, tokenSecretColumn, r.ID)
	return e, err
}

// Endpoint reads one endpoint with its secrets.
func (t *Tx) Endpoint(ctx context.Context, id vpn.EndpointID) (vpn.Endpoint, error) {
	row, err := readOne[endpointRow](t.on(ctx), endpointNoun, "id", string(id))
	if err != nil {
		return vpn.Endpoint{}, err
	}
	return t.store.endpointWithSecrets(row)
}

// LockEndpoint reads an endpoint for change: no other transaction changes it, its associations,
// rules or routes until this one ends. Every change of them calls it first. On PostgreSQL it locks
// the row; on SQLite the transaction has the whole database.
func (t *Tx) LockEndpoint(ctx context.Context, id vpn.EndpointID) (vpn.Endpoint, error) {
	locking := t.on(ctx).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
	row, err := readOne[endpointRow](locking, endpointNoun, "id", string(id))
	if err != nil {
		return vpn.Endpoint{}, err
	}
	return t.store.endpointWithSecrets(row)
}

var endpointList = listing{
	orders: map[string][]string{
		"name": {"name_key"}, "client_cidr": {"client_cidr_first", "client_cidr_bits"}, "created_at": {"created_at"},
		"transport": {"transport", "port"},
	},
	normal: "name", tie: "id", tags: true, filters: map[string]string{"network": "network_id"},
}

// Endpoints searches name, ID, client CIDR and description; sorts by name (default), client_cidr,
// transport and created_at; filters by network and tag. The secrets are left out.
func (t *Tx) Endpoints(ctx context.Context, l vpn.List) (vpn.Page[vpn.Endpoint], error) {
	return readPage(t.on(ctx), l, endpointList, endpointNoun, endpointRow.endpoint)
}

// EndpointOutlines lists the endpoints that the search and the stored filters of a list find, each with its ID, its name
// and whether it is being deleted: what states are computed from and lists are ordered by. Reading whole ones takes
// several times as long.
func (t *Tx) EndpointOutlines(ctx context.Context, l vpn.List) ([]vpn.Endpoint, error) {
	var rows []struct {
		ID       string `gorm:"column:id"`
		Name     string `gorm:"column:name"`
		Deleting bool   `gorm:"column:deleting"`
	}
	if err := endpointList.narrow(t.on(ctx).Model(&endpointRow{}), l.Bounded()).Find(&rows).Error; err != nil {
		return nil, endpointNoun.read(err, "")
	}
	out := make([]vpn.Endpoint, len(rows))
	for i, r := range rows {
		out[i] = vpn.Endpoint{ID: vpn.EndpointID(r.ID), Name: r.Name, Deleting: r.Deleting}
	}
	return out, nil
}

// AllEndpoints lists all endpoints without their secrets, for checks and for the reconciler.
func (t *Tx) AllEndpoints(ctx context.Context) ([]vpn.Endpoint, error) {
	q := t.on(ctx).Omit("tls_crypt", "token_secret").Order("name_key, id")
	return readAll(q, endpointNoun, endpointRow.endpoint)
}

// PortalEndpoints lists the endpoints with the self-service portal, without their secrets, by name.
func (t *Tx) PortalEndpoints(ctx context.Context) ([]vpn.Endpoint, error) {
	q := t.on(ctx).Omit("tls_crypt", "token_secret").Where("self_service_portal = ? AND deleting = ?", true, false).Order("name_key, id")
	return readAll(q, endpointNoun, endpointRow.endpoint)
}

// EndpointsByID reads endpoints without their secrets; unknown ones are absent.
func (t *Tx) EndpointsByID(ctx context.Context, ids ...vpn.EndpointID) (map[vpn.EndpointID]vpn.Endpoint, error) {
	found := make(map[vpn.EndpointID]vpn.Endpoint, len(ids))
	for part := range slices.Chunk(ids, batch) {
		list, err := readAll(t.on(ctx).Omit("tls_crypt", "token_secret").Where("id IN ?", idStrings(part)), endpointNoun, endpointRow.endpoint)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			found[e.ID] = e
		}
	}
	return found, nil
}

// UsedNetworks are the networks whose subnets are target networks of endpoints, with their names.
func (t *Tx) UsedNetworks(ctx context.Context) (map[vpn.NetworkID]string, error) {
	var ids []vpn.NetworkID
	if err := t.on(ctx).Model(&associationRow{}).Distinct("network_id").Pluck("network_id", &ids).Error; err != nil {
		return nil, endpointNoun.read(err, "")
	}
	return namesOf(t.on(ctx).Model(&networkRow{}), networkNoun, ids)
}

// UsedZones are the availability zones of all target networks.
func (t *Tx) UsedZones(ctx context.Context) ([]string, error) {
	var zones []string
	err := t.on(ctx).Model(&associationRow{}).Distinct("zone").Order("zone").Pluck("zone", &zones).Error
	return zones, endpointNoun.read(err, "")
}

// CountParts counts the rules and routes of an endpoint, with those that are being removed.
func (t *Tx) CountParts(ctx context.Context, id vpn.EndpointID) (rules, routes int, err error) {
	ofRules, err := countRows(t.on(ctx).Model(&ruleRow{}), ruleNoun, "endpoint_id", []vpn.EndpointID{id})
	if err != nil {
		return 0, 0, err
	}
	ofRoutes, err := countRows(t.on(ctx).Model(&routeRow{}), routeNoun, "endpoint_id", []vpn.EndpointID{id})
	return ofRules[id], ofRoutes[id], err
}

// EndpointNames reads the names of endpoints; unknown ones are absent.
func (t *Tx) EndpointNames(ctx context.Context, ids ...vpn.EndpointID) (map[vpn.EndpointID]string, error) {
	return namesOf(t.on(ctx).Model(&endpointRow{}), endpointNoun, ids)
}

// CreateEndpoint adds an endpoint.
func (t *Tx) CreateEndpoint(ctx context.Context, e vpn.Endpoint) error {
	row, err := t.store.newEndpointRow(e)
	if err != nil {
		return err
	}
	return endpointNoun.wrote(t.on(ctx).Create(&row), row.ID)
}

// SaveEndpoint writes every column that may change. A secret that e does not have stays as it is,
// so that an endpoint read from a list can be saved.
func (t *Tx) SaveEndpoint(ctx context.Context, e vpn.Endpoint) error {
	// The search text has the client CIDR, which is immutable: use the stored one.
	stored, err := readOne[endpointRow](t.on(ctx).Select("client_cidr"), endpointNoun, "id", string(e.ID))
	if err != nil {
		return err
	}
	if e.ClientCIDR, err = netip.ParsePrefix(stored.ClientCIDR); err != nil {
		return err
	}
	row, err := t.store.newEndpointRow(e)
	if err != nil {
		return err
	}
	keep := []string{"id", "client_cidr", "client_cidr_first", "client_cidr_bits", "transport", "created_at"}
	if row.TLSCrypt == nil {
		keep = append(keep, "tls_crypt")
	}
	if row.TokenSecret == nil {
		keep = append(keep, "token_secret")
	}
	return endpointNoun.wrote(t.on(ctx).Model(&endpointRow{}).Where("id = ?", row.ID).Select("*").Omit(keep...).Updates(&row), row.ID)
}

// DeleteEndpoint removes an endpoint with its associations, rules, routes and observations; its
// connections stay.
func (t *Tx) DeleteEndpoint(ctx context.Context, id vpn.EndpointID) error {
	return endpointNoun.deleted(t.on(ctx).Where("id = ?", clean(string(id))).Delete(&endpointRow{}), string(id))
}

// DropRemoved deletes the associations, rules and routes of an endpoint whose removal is part of
// the applied generation, and returns the number of rows. Routes and rules go first: an association
// takes its routes with it, and they would not be counted then.
func (t *Tx) DropRemoved(ctx context.Context, id vpn.EndpointID, applied uint64) (int, error) {
	upTo := int64(min(applied, math.MaxInt64))
	gone := 0
	for _, part := range []struct {
		row  any
		noun noun
	}{{&routeRow{}, routeNoun}, {&ruleRow{}, ruleNoun}, {&associationRow{}, associationNoun}} {
		g := t.on(ctx).Where("endpoint_id = ? AND removed <> 0 AND removed <= ?", clean(string(id)), upTo).Delete(part.row)
		if g.Error != nil {
			return gone, part.noun.read(g.Error, string(id))
		}
		gone += int(g.RowsAffected)
	}
	return gone, nil
}
