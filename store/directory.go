package store

import (
	"context"

	"sallyport/vpn"
)

var directoryNoun = noun{
	what: "directory", code: vpn.CodeDirectoryNotFound,
	taken: "This directory exists already.",
	used:  "The directory is still in use by an endpoint.",
}

type directoryRow struct {
	ID       string `gorm:"column:id;primaryKey"`
	Name     string `gorm:"column:name"`
	NameKey  string `gorm:"column:name_key"`
	Options  string `gorm:"column:options"`
	Password []byte `gorm:"column:bind_password"` // sealed
	Created  int64  `gorm:"column:created_at"`
	Version  int64  `gorm:"column:version"`
	Search   string `gorm:"column:search"`
}

func (directoryRow) TableName() string { return "directory" }

// directoryPasswordColumn is the place that the service account's password is sealed for.
const directoryPasswordColumn = "directory.bind_password"

func (s *Store) newDirectoryRow(d vpn.Directory, password vpn.Secret) (directoryRow, error) {
	options, err := encodeJSON(d.DirectoryOptions)
	if err != nil {
		return directoryRow{}, err
	}
	sealed, err := s.seal(password, directoryPasswordColumn, string(d.ID))
	return directoryRow{
		ID: string(d.ID), Name: d.Name, NameKey: orderKey(d.Name), Options: options, Password: sealed,
		Created: micros(d.CreatedAt), Version: int64(d.Version), Search: searchable(append([]string{d.Name, string(d.ID), d.BaseDN}, d.URLs...)...),
	}, err
}

func (r directoryRow) directory() (vpn.Directory, error) {
	var c decoder
	d := vpn.Directory{ID: vpn.DirectoryID(r.ID), Name: r.Name, Version: int(r.Version), CreatedAt: instant(r.Created)}
	c.json(r.Options, &d.DirectoryOptions)
	return d, c.err
}

// Directory reads one directory.
func (t *Tx) Directory(ctx context.Context, id vpn.DirectoryID) (vpn.Directory, error) {
	row, err := readOne[directoryRow](t.on(ctx), directoryNoun, "id", string(id))
	if err != nil {
		return vpn.Directory{}, err
	}
	return row.directory()
}

// DirectoryVersion reads the version of a directory, which changes with every save.
func (t *Tx) DirectoryVersion(ctx context.Context, id vpn.DirectoryID) (int, error) {
	row, err := readOne[directoryRow](t.on(ctx).Select("version"), directoryNoun, "id", string(id))
	return int(row.Version), err
}

// DirectoryPassword reads and unseals the password of the service account.
func (t *Tx) DirectoryPassword(ctx context.Context, id vpn.DirectoryID) (vpn.Secret, error) {
	row, err := readOne[directoryRow](t.on(ctx).Select("id", "bind_password"), directoryNoun, "id", string(id))
	if err != nil {
		return "", err
	}
	return t.store.unseal(row.Password, directoryPasswordColumn, row.ID)
}

var directoryList = listing{
	orders: map[string][]string{"name": {"name_key"}, "created_at": {"created_at"}},
	normal: "name", tie: "id",
}

// Directories searches name, ID, base DN and URLs; sorts by name (default) and created_at.
func (t *Tx) Directories(ctx context.Context, l vpn.List) (vpn.Page[vpn.Directory], error) {
	return readPage(t.on(ctx), l, directoryList, directoryNoun, directoryRow.directory)
}

// CreateDirectory adds a directory with the password of its service account.
func (t *Tx) CreateDirectory(ctx context.Context, d vpn.Directory, password vpn.Secret) error {
	row, err := t.store.newDirectoryRow(d, password)
	if err != nil {
		return err
	}
	return directoryNoun.wrote(t.on(ctx).Create(&row), row.ID)
}

// SaveDirectory saves a directory. An empty password keeps the stored one.
func (t *Tx) SaveDirectory(ctx context.Context, d vpn.Directory, password vpn.Secret) error {
	row, err := t.store.newDirectoryRow(d, password)
	if err != nil {
		return err
	}
	keep := []string{"id", "created_at"}
	if row.Password == nil {
		keep = append(keep, "bind_password")
	}
	return directoryNoun.wrote(t.on(ctx).Model(&directoryRow{}).Where("id = ?", row.ID).Select("*").Omit(keep...).Updates(&row), row.ID)
}

// DeleteDirectory removes a directory. Conflict while an endpoint uses it.
func (t *Tx) DeleteDirectory(ctx context.Context, id vpn.DirectoryID) error {
	return directoryNoun.deleted(t.on(ctx).Where("id = ?", clean(string(id))).Delete(&directoryRow{}), string(id))
}

// EndpointsOfProvider lists the endpoints whose users sign in at an identity provider, for a connection or for the self-service
// portal, by name.
func (t *Tx) EndpointsOfProvider(ctx context.Context, id vpn.ProviderID) ([]vpn.EndpointRef, error) {
	provider := clean(string(id))
	q := t.on(ctx).Select("id", "name").Where("directory_id = ? OR saml_provider_id = ? OR portal_saml_provider_id = ?", provider, provider, provider).Order("name_key, id")
	return readAll(q, endpointNoun, func(r endpointRow) (vpn.EndpointRef, error) {
		return vpn.EndpointRef{ID: vpn.EndpointID(r.ID), Name: r.Name}, nil
	})
}

// ProviderNames reads the names of all identity providers.
func (t *Tx) ProviderNames(ctx context.Context) (map[vpn.ProviderID]string, error) {
	var directories []directoryRow
	if err := t.on(ctx).Select("id", "name").Find(&directories).Error; err != nil {
		return nil, directoryNoun.read(err, "")
	}
	var providers []samlProviderRow
	err := t.on(ctx).Select("id", "name").Find(&providers).Error
	out := make(map[vpn.ProviderID]string, len(directories)+len(providers))
	for _, r := range directories {
		out[vpn.ProviderID(r.ID)] = r.Name
	}
	for _, r := range providers {
		out[vpn.ProviderID(r.ID)] = r.Name
	}
	return out, samlProviderNoun.read(err, "")
}
