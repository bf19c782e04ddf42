package store

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"sallyport/vpn"
)

var networkNoun = noun{
	what: "network", code: vpn.CodeVpcNotFound,
	taken:    "This network exists already.",
	dangling: "The network refers to something that no longer exists.",
	used:     "The network is still in use: delete its subnets first.",
}

type networkRow struct {
	ID          string `gorm:"column:id;primaryKey"`
	Name        string `gorm:"column:name"`
	NameKey     string `gorm:"column:name_key"`
	Description string `gorm:"column:description"`
	CIDRs       string `gorm:"column:cidrs"`
	Tags        string `gorm:"column:tags"`
	Created     int64  `gorm:"column:created_at"`
	Version     int64  `gorm:"column:version"`
	Search      string `gorm:"column:search"`
}

func (networkRow) TableName() string { return "network" }

func newNetworkRow(n vpn.Network) (networkRow, error) {
	cidrs, err := encodeJSON(n.CIDRs)
	if err != nil {
		return networkRow{}, err
	}
	tags, err := encodeJSON(n.Tags)
	if err != nil {
		return networkRow{}, err
	}
	words := []string{n.Name, string(n.ID), n.Description}
	for _, c := range n.CIDRs {
		words = append(words, marshalText(c))
	}
	return networkRow{
		ID: string(n.ID), Name: n.Name, NameKey: orderKey(n.Name), Description: n.Description, CIDRs: cidrs, Tags: tags,
		Created: micros(n.CreatedAt), Version: int64(n.Version), Search: searchable(append(words, tagWords(n.Tags))...),
	}, nil
}

func (r networkRow) network() (vpn.Network, error) {
	var d decoder
	n := vpn.Network{ID: vpn.NetworkID(r.ID), Name: r.Name, Description: r.Description, CreatedAt: instant(r.Created), Version: int(r.Version)}
	d.json(r.CIDRs, &n.CIDRs)
	d.json(r.Tags, &n.Tags)
	return n, d.err
}

// Network reads one network.
func (t *Tx) Network(ctx context.Context, id vpn.NetworkID) (vpn.Network, error) {
	row, err := readOne[networkRow](t.on(ctx), networkNoun, "id", string(id))
	if err != nil {
		return vpn.Network{}, err
	}
	return row.network()
}

var networkList = listing{
	orders: map[string][]string{"name": {"name_key"}, "created_at": {"created_at"}},
	normal: "name", tie: "id", tags: true,
}

// Networks searches name, ID, description and CIDR, or by an IPv4 address the networks with a range that contains it; sorts by name (default) and created_at; filters by tag.
func (t *Tx) Networks(ctx context.Context, l vpn.List) (vpn.Page[vpn.Network], error) {
	q := t.on(ctx)
	if ranges := rangesOf(strings.TrimSpace(l.Search)); len(ranges) > 0 {
		var err error
		if q, err = t.networksWith(ctx, ranges); err != nil {
			return vpn.Page[vpn.Network]{}, err
		}
		l.Search = ""
	}
	return readPage(q, l, networkList, networkNoun, networkRow.network)
}

// FirstNetworks reads at most limit networks, the first by name.
func (t *Tx) FirstNetworks(ctx context.Context, limit int) ([]vpn.Network, error) {
	return readAll(t.on(ctx).Order("name_key, id").Limit(limit), networkNoun, networkRow.network)
}

// NetworkRanges reads the CIDRs of all networks, each once.
func (t *Tx) NetworkRanges(ctx context.Context) ([]netip.Prefix, error) {
	texts, err := t.networkRanges(ctx)
	if err != nil {
		return nil, err
	}
	seen := make(map[netip.Prefix]bool, len(texts))
	var out []netip.Prefix
	for _, text := range texts {
		row, err := networkRow{CIDRs: text, Tags: "[]"}.network()
		if err != nil {
			return nil, fmt.Errorf("read stored %s: %w", networkNoun.what, err)
		}
		for _, p := range row.CIDRs {
			if !seen[p] {
				seen[p] = true
				out = append(out, p)
			}
		}
	}
	return out, nil
}

// networkRanges reads the lists of CIDRs that networks have, as they are stored, each once.
func (t *Tx) networkRanges(ctx context.Context) (texts []string, err error) {
	err = t.on(ctx).Model(&networkRow{}).Distinct().Pluck("cidrs", &texts).Error
	return texts, networkNoun.read(err, "")
}

// AllNetworks reads every network, by name.
func (t *Tx) AllNetworks(ctx context.Context) ([]vpn.Network, error) {
	return readAll(t.on(ctx).Order("name_key, id"), networkNoun, networkRow.network)
}

// CreateNetwork adds a network.
func (t *Tx) CreateNetwork(ctx context.Context, n vpn.Network) error {
	row, err := newNetworkRow(n)
	if err != nil {
		return err
	}
	return networkNoun.wrote(t.on(ctx).Create(&row), row.ID)
}

// SaveNetwork writes every column that may change.
func (t *Tx) SaveNetwork(ctx context.Context, n vpn.Network) error {
	row, err := newNetworkRow(n)
	if err != nil {
		return err
	}
	return networkNoun.wrote(t.on(ctx).Model(&networkRow{}).Where("id = ?", row.ID).Select("*").Omit("id", "created_at").Updates(&row), row.ID)
}

// DeleteNetwork removes a network. Conflict while it has subnets.
func (t *Tx) DeleteNetwork(ctx context.Context, id vpn.NetworkID) error {
	return networkNoun.deleted(t.on(ctx).Where("id = ?", clean(string(id))).Delete(&networkRow{}), string(id))
}
