package store

import (
	"context"

	"sallyport/vpn"
)

var subnetNoun = noun{
	what: "subnet", code: vpn.CodeSubnetNotFound,
	taken:    "The network already has a subnet with this range.",
	dangling: "The subnet's network no longer exists.",
	used:     "The subnet is still a target network of an endpoint: disassociate it first.",
}

type subnetRow struct {
	ID          string `gorm:"column:id;primaryKey"`
	Network     string `gorm:"column:network_id"`
	Name        string `gorm:"column:name"`
	NameKey     string `gorm:"column:name_key"`
	Description string `gorm:"column:description"`
	CIDR        string `gorm:"column:cidr"`
	First       int64  `gorm:"column:cidr_first"`
	Bits        int64  `gorm:"column:cidr_bits"`
	Zone        string `gorm:"column:zone"`
	Tags        string `gorm:"column:tags"`
	Created     int64  `gorm:"column:created_at"`
	Version     int64  `gorm:"column:version"`
	Search      string `gorm:"column:search"`
}

func (subnetRow) TableName() string { return "subnet" }

func newSubnetRow(s vpn.Subnet) (subnetRow, error) {
	tags, err := encodeJSON(s.Tags)
	return subnetRow{
		ID: string(s.ID), Network: string(s.Network), Name: s.Name, NameKey: orderKey(s.Name), Description: s.Description,
		CIDR: marshalText(s.CIDR), First: sortNumber(s.CIDR.Addr()), Bits: int64(s.CIDR.Bits()), Zone: s.Zone, Tags: tags,
		Created: micros(s.CreatedAt), Version: int64(s.Version),
		Search: searchable(s.Name, string(s.ID), s.Description, marshalText(s.CIDR), s.Zone, tagWords(s.Tags)),
	}, err
}

func (r subnetRow) subnet() (vpn.Subnet, error) {
	var d decoder
	s := vpn.Subnet{
		ID: vpn.SubnetID(r.ID), Network: vpn.NetworkID(r.Network), Name: r.Name, Description: r.Description,
		CIDR: d.prefix(r.CIDR), Zone: r.Zone, CreatedAt: instant(r.Created), Version: int(r.Version),
	}
	d.json(r.Tags, &s.Tags)
	return s, d.err
}

// Subnet reads one subnet.
func (t *Tx) Subnet(ctx context.Context, id vpn.SubnetID) (vpn.Subnet, error) {
	row, err := readOne[subnetRow](t.on(ctx), subnetNoun, "id", string(id))
	if err != nil {
		return vpn.Subnet{}, err
	}
	return row.subnet()
}

// SubnetsOf lists the subnets of networks, by network, zone and CIDR.
func (t *Tx) SubnetsOf(ctx context.Context, ids ...vpn.NetworkID) ([]vpn.Subnet, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	q := t.on(ctx).Where("network_id IN ?", idStrings(ids)).Order("network_id, zone, cidr_first, cidr_bits")
	return readAll(q, subnetNoun, subnetRow.subnet)
}

// SubnetNames reads the names of subnets; unknown ones are absent.
func (t *Tx) SubnetNames(ctx context.Context, ids ...vpn.SubnetID) (map[vpn.SubnetID]string, error) {
	return namesOf(t.on(ctx).Model(&subnetRow{}), subnetNoun, ids)
}

var subnetList = listing{
	orders: map[string][]string{"name": {"name_key"}, "cidr": {"cidr_first", "cidr_bits"}, "zone": {"zone", "cidr_first"}},
	normal: "cidr", tie: "id", tags: true, filters: map[string]string{"zone": "zone"},
}

// Zones are the availability zones of a network's subnets.
func (t *Tx) Zones(ctx context.Context, n vpn.NetworkID) ([]string, error) {
	var zones []string
	err := t.on(ctx).Model(&subnetRow{}).Where("network_id = ?", clean(string(n))).Distinct("zone").Order("zone").Pluck("zone", &zones).Error
	return zones, subnetNoun.read(err, "")
}

// Subnets lists the subnets of one network; searches name, ID, description, CIDR and zone; sorts by name, cidr
// (default) and zone; filters by zone and tag.
func (t *Tx) Subnets(ctx context.Context, n vpn.NetworkID, l vpn.List) (vpn.Page[vpn.Subnet], error) {
	q := t.on(ctx).Where("network_id = ?", clean(string(n)))
	return readPage(q, l, subnetList, subnetNoun, subnetRow.subnet)
}

// SubnetCounts counts the subnets of each network; networks without any are absent.
func (t *Tx) SubnetCounts(ctx context.Context, ids ...vpn.NetworkID) (map[vpn.NetworkID]int, error) {
	return countRows(t.on(ctx).Model(&subnetRow{}), subnetNoun, "network_id", ids)
}

// CountSubnets counts the subnets of all networks.
func (t *Tx) CountSubnets(ctx context.Context) (int, error) {
	var n int64
	err := t.on(ctx).Model(&subnetRow{}).Count(&n).Error
	return int(n), subnetNoun.read(err, "")
}

// CreateSubnet adds a subnet.
func (t *Tx) CreateSubnet(ctx context.Context, s vpn.Subnet) error {
	row, err := newSubnetRow(s)
	if err != nil {
		return err
	}
	return subnetNoun.wrote(t.on(ctx).Create(&row), row.ID)
}

// SaveSubnet writes name, description, tags and version.
func (t *Tx) SaveSubnet(ctx context.Context, s vpn.Subnet) error {
	row, err := newSubnetRow(s)
	if err != nil {
		return err
	}
	columns := t.on(ctx).Model(&subnetRow{}).Where("id = ?", row.ID).Select("name", "name_key", "description", "tags", "version", "search")
	return subnetNoun.wrote(columns.Updates(&row), row.ID)
}

// DeleteSubnet removes a subnet. Conflict while an association uses it.
func (t *Tx) DeleteSubnet(ctx context.Context, id vpn.SubnetID) error {
	return subnetNoun.deleted(t.on(ctx).Where("id = ?", clean(string(id))).Delete(&subnetRow{}), string(id))
}
