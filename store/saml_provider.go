package store

import (
	"context"

	"sallyport/vpn"
)

var samlProviderNoun = noun{
	what: "SAML provider", code: vpn.CodeSAMLProviderNotFound,
	taken: "This SAML provider exists already.",
	used:  "The SAML provider is still in use by an endpoint.",
}

type samlProviderRow struct {
	ID         string `gorm:"column:id;primaryKey"`
	Name       string `gorm:"column:name"`
	NameKey    string `gorm:"column:name_key"`
	Options    string `gorm:"column:options"`
	Document   string `gorm:"column:document"`
	Metadata   string `gorm:"column:metadata"`
	Look       string `gorm:"column:look"`
	SigningKey []byte `gorm:"column:signing_key"` // sealed
	Created    int64  `gorm:"column:created_at"`
	Version    int64  `gorm:"column:version"`
	Search     string `gorm:"column:search"`
	KnownURL   string `gorm:"column:known_url"`
}

func (samlProviderRow) TableName() string { return "saml_provider" }

// samlKeyColumn is the place that the key is sealed for which signs requests.
const samlKeyColumn = "saml_provider.signing_key"

// SAMLProviderSecrets are what only a sign-in needs.
type SAMLProviderSecrets struct {
	Document   string     // the metadata of the IdP, XML
	SigningKey vpn.Secret // empty: requests were never signed
}

func (s *Store) newSAMLProviderRow(p vpn.SAMLProvider, secrets SAMLProviderSecrets) (samlProviderRow, error) {
	options, err := encodeJSON(p.SAMLProviderOptions)
	if err != nil {
		return samlProviderRow{}, err
	}
	metadata, err := encodeJSON(p.Metadata)
	if err != nil {
		return samlProviderRow{}, err
	}
	sealed, err := s.seal(secrets.SigningKey, samlKeyColumn, string(p.ID))
	return samlProviderRow{
		ID: string(p.ID), Name: p.Name, NameKey: orderKey(p.Name), Options: clean(options), Document: clean(secrets.Document), Metadata: clean(metadata), Look: "{}", SigningKey: sealed,
		Created: micros(p.CreatedAt), Version: int64(p.Version), Search: searchable(p.Name, string(p.ID), p.Metadata.EntityID, p.Metadata.SignInURL),
		KnownURL: clean(p.KnownURL),
	}, err
}

func (r samlProviderRow) provider() (vpn.SAMLProvider, error) {
	var c decoder
	p := vpn.SAMLProvider{ID: vpn.SAMLProviderID(r.ID), Name: r.Name, Version: int(r.Version), CreatedAt: instant(r.Created), KnownURL: r.KnownURL}
	c.json(r.Options, &p.SAMLProviderOptions)
	c.json(r.Metadata, &p.Metadata)
	return p, c.err
}

// samlProviderFacts are the columns of vpn.SAMLProvider: the document is large.
var samlProviderFacts = []string{"id", "name", "options", "metadata", "created_at", "version", "known_url"}

// SAMLProvider reads one provider.
func (t *Tx) SAMLProvider(ctx context.Context, id vpn.SAMLProviderID) (vpn.SAMLProvider, error) {
	row, err := readOne[samlProviderRow](t.on(ctx).Select(samlProviderFacts), samlProviderNoun, "id", string(id))
	if err != nil {
		return vpn.SAMLProvider{}, err
	}
	return row.provider()
}

// SAMLProviderSecrets reads and unseals what a sign-in at a provider needs.
func (t *Tx) SAMLProviderSecrets(ctx context.Context, id vpn.SAMLProviderID) (SAMLProviderSecrets, error) {
	row, err := readOne[samlProviderRow](t.on(ctx).Select("id", "document", "signing_key"), samlProviderNoun, "id", string(id))
	if err != nil {
		return SAMLProviderSecrets{}, err
	}
	key, err := t.store.unseal(row.SigningKey, samlKeyColumn, row.ID)
	return SAMLProviderSecrets{Document: row.Document, SigningKey: key}, err
}

var samlProviderList = listing{
	orders: map[string][]string{"name": {"name_key"}, "created_at": {"created_at"}},
	normal: "name", tie: "id",
}

// SAMLProviders searches name, ID, entity ID and sign-in URL; sorts by name (default) and created_at.
func (t *Tx) SAMLProviders(ctx context.Context, l vpn.List) (vpn.Page[vpn.SAMLProvider], error) {
	return readPage(t.on(ctx).Select(samlProviderFacts), l, samlProviderList, samlProviderNoun, samlProviderRow.provider)
}

// AllSAMLProviders reads all providers, by ID.
func (t *Tx) AllSAMLProviders(ctx context.Context) ([]vpn.SAMLProvider, error) {
	return readAll(t.on(ctx).Select(samlProviderFacts).Order("id"), samlProviderNoun, samlProviderRow.provider)
}

// CreateSAMLProvider adds a provider with its document and key.
func (t *Tx) CreateSAMLProvider(ctx context.Context, p vpn.SAMLProvider, secrets SAMLProviderSecrets) error {
	row, err := t.store.newSAMLProviderRow(p, secrets)
	if err != nil {
		return err
	}
	return samlProviderNoun.wrote(t.on(ctx).Create(&row), row.ID)
}

// SaveSAMLProvider saves a provider, without KnownURL. Secrets that are empty keep what is stored, an empty document the
// metadata too.
func (t *Tx) SaveSAMLProvider(ctx context.Context, p vpn.SAMLProvider, secrets SAMLProviderSecrets) error {
	row, err := t.store.newSAMLProviderRow(p, secrets)
	if err != nil {
		return err
	}
	keep := []string{"id", "created_at", "look", "known_url"}
	if row.Document == "" {
		keep = append(keep, "document", "metadata")
	}
	if row.SigningKey == nil {
		keep = append(keep, "signing_key")
	}
	return samlProviderNoun.wrote(t.on(ctx).Model(&samlProviderRow{}).Where("id = ?", row.ID).Select("*").Omit(keep...).Updates(&row), row.ID)
}

// SaveSAMLKnownURL stores the base of the public pages with which a provider has our values. Without a provider it does nothing.
func (t *Tx) SaveSAMLKnownURL(ctx context.Context, id vpn.SAMLProviderID, publicURL string) error {
	err := t.on(ctx).Model(&samlProviderRow{}).Where("id = ?", clean(string(id))).Update("known_url", clean(publicURL)).Error
	return samlProviderNoun.read(err, string(id))
}

// DeleteSAMLProvider removes a provider. Conflict while an endpoint uses it.
func (t *Tx) DeleteSAMLProvider(ctx context.Context, id vpn.SAMLProviderID) error {
	return samlProviderNoun.deleted(t.on(ctx).Where("id = ?", clean(string(id))).Delete(&samlProviderRow{}), string(id))
}

// SAMLLook reads the last look at the metadata URL of a provider.
func (t *Tx) SAMLLook(ctx context.Context, id vpn.SAMLProviderID) (vpn.SAMLLook, error) {
	row, err := readOne[samlProviderRow](t.on(ctx).Select("id", "look"), samlProviderNoun, "id", string(id))
	var look vpn.SAMLLook
	if err != nil {
		return look, err
	}
	var c decoder
	c.json(row.Look, &look)
	return look, c.err
}

// SaveSAMLLook stores a look at the metadata URL of a provider of a version. Another version, or none, is left as it is.
func (t *Tx) SaveSAMLLook(ctx context.Context, id vpn.SAMLProviderID, version int, look vpn.SAMLLook) error {
	text, err := encodeJSON(look)
	if err != nil {
		return err
	}
	err = t.on(ctx).Model(&samlProviderRow{}).Where("id = ? AND version = ?", clean(string(id)), version).Update("look", clean(text)).Error
	return samlProviderNoun.read(err, string(id))
}
