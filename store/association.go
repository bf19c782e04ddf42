package store

import (
	"cmp"
	"context"
	"slices"

	"gorm.io/gorm"

	"sallyport/vpn"
)

var associationNoun = noun{
	what: "target network association", code: vpn.CodeAssociationNotFound,
	taken:    "This subnet, or another one of its availability zone, is already associated with the endpoint.",
	dangling: "The endpoint, network or subnet of this association no longer exists.",
}

type associationRow struct {
	ID       string `gorm:"column:id;primaryKey"`
	Endpoint string `gorm:"column:endpoint_id"`
	Network  string `gorm:"column:network_id"`
	Subnet   string `gorm:"column:subnet_id"`
	CIDR     string `gorm:"column:cidr"`
	Zone     string `gorm:"column:zone"`
	Created  int64  `gorm:"column:created_at"`
	Added    int64  `gorm:"column:added"`
	Removed  int64  `gorm:"column:removed"`
}

func (associationRow) TableName() string { return "association" }

func newAssociationRow(a vpn.Association) associationRow {
	return associationRow{
		ID: string(a.ID), Endpoint: string(a.Endpoint), Network: string(a.Network), Subnet: string(a.Subnet),
		CIDR: marshalText(a.CIDR), Zone: a.Zone, Created: micros(a.CreatedAt), Added: int64(a.Added), Removed: int64(a.Removed),
	}
}

func (r associationRow) association() (vpn.Association, error) {
	var d decoder
	return vpn.Association{
		ID: vpn.AssociationID(r.ID), Endpoint: vpn.EndpointID(r.Endpoint), Network: vpn.NetworkID(r.Network),
		Subnet: vpn.SubnetID(r.Subnet), CIDR: d.prefix(r.CIDR), Zone: r.Zone, CreatedAt: instant(r.Created),
		Generations: generations(r.Added, r.Removed),
	}, d.err
}

func generations(added, removed int64) vpn.Generations {
	return vpn.Generations{Added: uint64(added), Removed: uint64(removed)}
}

// Association reads one association.
func (t *Tx) Association(ctx context.Context, id vpn.AssociationID) (vpn.Association, error) {
	row, err := readOne[associationRow](t.on(ctx), associationNoun, "id", string(id))
	if err != nil {
		return vpn.Association{}, err
	}
	return row.association()
}

// AssociationsOf lists the associations of endpoints, by endpoint and zone.
func (t *Tx) AssociationsOf(ctx context.Context, ids ...vpn.EndpointID) ([]vpn.Association, error) {
	return readAssociations(t.on(ctx), "endpoint_id", ids)
}

// AssociationsOfSubnets lists the associations that have one of the subnets as their target
// network.
func (t *Tx) AssociationsOfSubnets(ctx context.Context, ids ...vpn.SubnetID) ([]vpn.Association, error) {
	return readAssociations(t.on(ctx), "subnet_id", ids)
}

func readAssociations[ID ~string](q *gorm.DB, column string, ids []ID) ([]vpn.Association, error) {
	out, err := readAllOf(q.Order("endpoint_id, zone, id"), column, ids, associationNoun, associationRow.association)
	if len(ids) > batch { // the order of one statement
		slices.SortStableFunc(out, func(a, b vpn.Association) int { return cmp.Compare(a.Endpoint, b.Endpoint) })
	}
	return out, err
}

// CreateAssociation adds an association.
func (t *Tx) CreateAssociation(ctx context.Context, a vpn.Association) error {
	row := newAssociationRow(a)
	return associationNoun.wrote(t.on(ctx).Create(&row), row.ID)
}

// SaveAssociation writes the generations of an association.
func (t *Tx) SaveAssociation(ctx context.Context, a vpn.Association) error {
	row := newAssociationRow(a)
	g := t.on(ctx).Model(&associationRow{}).Where("id = ?", row.ID).Select("*").Omit("id", "endpoint_id", "created_at").Updates(&row)
	return associationNoun.wrote(g, row.ID)
}
