package store

import (
	"context"
	"time"

	"sallyport/vpn"
)

var browserSignInNoun = noun{
	what: "sign-in", code: vpn.CodeBrowserLinkInvalid,
	taken:    "This login has a sign-in already.",
	dangling: "The endpoint of this sign-in no longer exists.",
}

type browserSignInRow struct {
	ID            string `gorm:"column:id;primaryKey"`
	TokenDigest   string `gorm:"column:token_digest"`
	Token         []byte `gorm:"column:token"` // sealed
	Node          string `gorm:"column:node"`
	LoginID       string `gorm:"column:login_id"`
	Login         string `gorm:"column:login"`
	Endpoint      string `gorm:"column:endpoint_id"`
	Provider      string `gorm:"column:provider_id"`
	Method        string `gorm:"column:method"`
	State         string `gorm:"column:state"`
	User          string `gorm:"column:provider_user"`
	Version       int64  `gorm:"column:provider_version"`
	Request       string `gorm:"column:request_id"`
	Browser       string `gorm:"column:browser"`
	BrowserAddr   string `gorm:"column:browser_addr"`
	Code          []byte `gorm:"column:code"` // sealed
	WrongCodes    int64  `gorm:"column:wrong_codes"`
	RefusedCode   string `gorm:"column:refused_code"`
	RefusedReason string `gorm:"column:refused_reason"`
	Told          bool   `gorm:"column:told"`
	Created       int64  `gorm:"column:created_at"`
	Expires       int64  `gorm:"column:expires_at"`
}

func (browserSignInRow) TableName() string { return "browser_sign_in" }

// The places that the secrets of a sign-in are sealed for.
const (
	browserTokenColumn = "browser_sign_in.token"
	browserCodeColumn  = "browser_sign_in.code"
)

func (s *Store) newBrowserSignInRow(v vpn.BrowserSignIn) (browserSignInRow, error) {
	login, err := encodeJSON(v.Login)
	if err != nil {
		return browserSignInRow{}, err
	}
	user, err := encodeJSON(v.User)
	if err != nil {
		return browserSignInRow{}, err
	}
	token, err := s.seal(v.Token, browserTokenColumn, string(v.ID))
	if err != nil {
		return browserSignInRow{}, err
	}
	code, err := s.seal(v.Code, browserCodeColumn, string(v.ID))
	return browserSignInRow{
		ID: string(v.ID), TokenDigest: vpn.TokenDigest(v.Token), Token: token, Node: clean(v.Node), LoginID: clean(v.Login.ID), Login: clean(login),
		Endpoint: string(v.Login.Endpoint), Provider: string(v.Provider), Method: clean(v.Method), State: string(v.State),
		User: clean(user), Version: int64(v.Version), Request: clean(v.Request), Browser: clean(v.Browser), BrowserAddr: marshalText(v.BrowserAddr),
		Code: code, WrongCodes: int64(v.WrongCodes), RefusedCode: clean(string(v.RefusedCode)), RefusedReason: clean(v.RefusedReason), Told: v.Told,
		Created: micros(v.CreatedAt), Expires: micros(v.ExpiresAt),
	}, err
}

func (s *Store) browserSignIn(r browserSignInRow) (vpn.BrowserSignIn, error) {
	var d decoder
	v := vpn.BrowserSignIn{
		ID: vpn.BrowserSignInID(r.ID), Node: r.Node, Provider: vpn.SAMLProviderID(r.Provider), Method: r.Method, State: vpn.BrowserState(r.State),
		Version: int(r.Version), Request: r.Request, Browser: r.Browser, BrowserAddr: d.addr(r.BrowserAddr), WrongCodes: int(r.WrongCodes),
		RefusedCode: vpn.Code(r.RefusedCode), RefusedReason: r.RefusedReason, Told: r.Told, CreatedAt: instant(r.Created), ExpiresAt: instant(r.Expires),
	}
	d.json(r.Login, &v.Login)
	d.json(r.User, &v.User)
	if d.err != nil {
		return v, d.err
	}
	var err error
	if v.Token, err = s.unseal(r.Token, browserTokenColumn, r.ID); err != nil {
		return v, err
	}
	v.Code, err = s.unseal(r.Code, browserCodeColumn, r.ID)
	return v, err
}

// CreateBrowserSignIn adds a sign-in. Conflict where the login has one.
func (t *Tx) CreateBrowserSignIn(ctx context.Context, s vpn.BrowserSignIn) error {
	row, err := t.store.newBrowserSignInRow(s)
	if err != nil {
		return err
	}
	return browserSignInNoun.wrote(t.on(ctx).Create(&row), row.ID)
}

// SaveBrowserSignIn writes what changes of a sign-in.
func (t *Tx) SaveBrowserSignIn(ctx context.Context, s vpn.BrowserSignIn) error {
	row, err := t.store.newBrowserSignInRow(s)
	if err != nil {
		return err
	}
	g := t.on(ctx).Model(&browserSignInRow{}).Where("id = ?", row.ID).
		Select("state", "provider_user", "provider_version", "request_id", "browser", "browser_addr", "wrong_codes", "refused_code", "refused_reason", "told").Updates(&row)
	return browserSignInNoun.wrote(g, row.ID)
}

func (t *Tx) browserSignInBy(ctx context.Context, column, value string) (vpn.BrowserSignIn, error) {
	row, err := readOne[browserSignInRow](t.on(ctx), browserSignInNoun, column, value)
	if err != nil {
		return vpn.BrowserSignIn{}, err
	}
	return t.store.browserSignIn(row)
}

// BrowserSignIn reads a sign-in.
func (t *Tx) BrowserSignIn(ctx context.Context, id vpn.BrowserSignInID) (vpn.BrowserSignIn, error) {
	return t.browserSignInBy(ctx, "id", string(id))
}

// BrowserSignInByToken reads the sign-in of a link.
func (t *Tx) BrowserSignInByToken(ctx context.Context, token vpn.Secret) (vpn.BrowserSignIn, error) {
	return t.browserSignInBy(ctx, "token_digest", vpn.TokenDigest(token))
}

// BrowserSignInOfLogin reads the sign-in of a login that waits at a node.
func (t *Tx) BrowserSignInOfLogin(ctx context.Context, node, login string) (vpn.BrowserSignIn, error) {
	row, err := readOne[browserSignInRow](t.on(ctx).Where("node = ?", clean(node)), browserSignInNoun, "login_id", login)
	if err != nil {
		return vpn.BrowserSignIn{}, err
	}
	return t.store.browserSignIn(row)
}

// DecidedBrowserSignIns lists the logins of a node whose sign-ins were confirmed or refused and expire after a time, and which
// were not told so.
func (t *Tx) DecidedBrowserSignIns(ctx context.Context, node string, now time.Time) ([]string, error) {
	var logins []string
	q := t.on(ctx).Model(&browserSignInRow{}).Where("node = ? AND told = ? AND state IN ? AND expires_at > ?",
		clean(node), false, []string{string(vpn.BrowserConfirmed), string(vpn.BrowserRefused)}, micros(now))
	return logins, browserSignInNoun.read(q.Order("id").Pluck("login_id", &logins).Error, "")
}

// PurgeBrowserSignIns deletes the sign-ins that expired before a time, at most limit, and returns their number.
func (t *Tx) PurgeBrowserSignIns(ctx context.Context, before time.Time, limit int) (int, error) {
	old := t.on(ctx).Model(&browserSignInRow{}).Select("id").Where("expires_at < ?", micros(before)).Limit(limit)
	g := t.on(ctx).Where("id IN (?)", old).Delete(&browserSignInRow{})
	return int(g.RowsAffected), browserSignInNoun.read(g.Error, "")
}
