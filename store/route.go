package store

import (
	"context"

	"sallyport/vpn"
)

var routeNoun = noun{
	what: "route", code: vpn.CodeRouteNotFound,
	taken:    "The endpoint already has a route to this destination with this target.",
	dangling: "The endpoint, association or subnet of this route no longer exists.",
}

type routeRow struct {
	ID          string  `gorm:"column:id;primaryKey"`
	Endpoint    string  `gorm:"column:endpoint_id"`
	Association *string `gorm:"column:association_id"`
	Subnet      *string `gorm:"column:subnet_id"`
	Destination string  `gorm:"column:destination"`
	First       int64   `gorm:"column:destination_first"`
	Bits        int64   `gorm:"column:destination_bits"`
	Origin      string  `gorm:"column:origin"`
	Description string  `gorm:"column:description"`
	Created     int64   `gorm:"column:created_at"`
	Added       int64   `gorm:"column:added"`
	Removed     int64   `gorm:"column:removed"`
	Search      string  `gorm:"column:search"`
}

func (routeRow) TableName() string { return "route" }

func newRouteRow(r vpn.Route) routeRow {
	target := string(r.Subnet)
	if r.Local() {
		target = vpn.LocalTarget
	}
	return routeRow{
		ID: string(r.ID), Endpoint: string(r.Endpoint), Association: nullableID(r.Association), Subnet: nullableID(r.Subnet),
		Destination: marshalText(r.Destination), First: sortNumber(r.Destination.Addr()), Bits: int64(r.Destination.Bits()),
		Origin: string(r.Origin), Description: r.Description, Created: micros(r.CreatedAt),
		Added: int64(r.Added), Removed: int64(r.Removed), Search: searchable(marshalText(r.Destination), target, r.Description),
	}
}

func (r routeRow) route() (vpn.Route, error) {
	var d decoder
	return vpn.Route{
		ID: vpn.RouteID(r.ID), Endpoint: vpn.EndpointID(r.Endpoint), Association: idOrEmpty[vpn.AssociationID](r.Association),
		Subnet: idOrEmpty[vpn.SubnetID](r.Subnet), Destination: d.prefix(r.Destination), Origin: vpn.RouteOrigin(r.Origin),
		Description: r.Description, CreatedAt: instant(r.Created), Generations: generations(r.Added, r.Removed),
	}, d.err
}

// Route reads one route.
func (t *Tx) Route(ctx context.Context, id vpn.RouteID) (vpn.Route, error) {
	row, err := readOne[routeRow](t.on(ctx), routeNoun, "id", string(id))
	if err != nil {
		return vpn.Route{}, err
	}
	return row.route()
}

// RoutesOf lists all routes of endpoints, those of each endpoint by destination.
func (t *Tx) RoutesOf(ctx context.Context, ids ...vpn.EndpointID) ([]vpn.Route, error) {
	return readAllOf(t.on(ctx).Order("endpoint_id, destination_first, destination_bits, id"), "endpoint_id", ids, routeNoun, routeRow.route)
}

// WideRoutesOf lists those of the endpoints' routes whose destination has at most so many bits.
func (t *Tx) WideRoutesOf(ctx context.Context, bits int, ids ...vpn.EndpointID) ([]vpn.Route, error) {
	return readAllOf(t.on(ctx).Where("destination_bits <= ?", bits).Order("endpoint_id, destination_first, destination_bits, id"), "endpoint_id", ids, routeNoun, routeRow.route)
}

var routeList = listing{
	orders: map[string][]string{
		"destination": {"destination_first", "destination_bits"},
		"origin":      {"origin", "destination_first", "destination_bits"},
		"created_at":  {"created_at"},
	},
	normal: "destination", tie: "id",
}

// Routes searches destination, subnet and description; sorts by destination (default), origin and
// created_at.
func (t *Tx) Routes(ctx context.Context, id vpn.EndpointID, l vpn.List) (vpn.Page[vpn.Route], error) {
	return readPage(t.on(ctx).Where("endpoint_id = ?", clean(string(id))), l, routeList, routeNoun, routeRow.route)
}

// CreateRoute adds a route.
func (t *Tx) CreateRoute(ctx context.Context, r vpn.Route) error {
	row := newRouteRow(r)
	return routeNoun.wrote(t.on(ctx).Create(&row), row.ID)
}

// SaveRoute writes the generations of a route.
func (t *Tx) SaveRoute(ctx context.Context, r vpn.Route) error {
	row := newRouteRow(r)
	g := t.on(ctx).Model(&routeRow{}).Where("id = ?", row.ID).Select("*").Omit("id", "endpoint_id", "created_at").Updates(&row)
	return routeNoun.wrote(g, row.ID)
}
