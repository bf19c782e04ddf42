package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"sallyport/vpn"
)

// VPNSessionOf reads a VPN session of a user, ended or not.
func (t *Tx) VPNSessionOf(ctx context.Context, u vpn.UserRef, id vpn.SessionID) (vpn.Session, error) {
	row, err := readOne[vpnSessionRow](ofUser(t.on(ctx), u), vpnSessionNoun, "id", string(id))
	if err != nil {
		return vpn.Session{}, err
	}
	return row.session()
}

// OpenVPNSessionsOf lists the VPN sessions of a user of an identity provider that have not ended at a time, the newest first, at
// most limit.
func (t *Tx) OpenVPNSessionsOf(ctx context.Context, u vpn.UserRef, at time.Time, limit int) ([]vpn.Session, error) {
	q := ofUser(t.on(ctx), u).Where("ended_at = 0 AND ends_at > ?", micros(at)).Order("started_at DESC, id DESC").Limit(limit)
	return readAll(q, vpnSessionNoun, vpnSessionRow.session)
}

// AttemptOf reads a refused attempt of a user.
func (t *Tx) AttemptOf(ctx context.Context, u vpn.UserRef, number int64) (vpn.Attempt, error) {
	var row attemptRow
	if err := attemptsOf(t.on(ctx), u).Where("number = ?", number).Take(&row).Error; err != nil {
		return vpn.Attempt{}, vpn.NoSuch(vpn.CodeSignInNotFound, "sign-in", "").Because(attemptNoun.read(err, ""))
	}
	return row.attempt()
}

// AttemptsOf lists the refused attempts of a user of an identity provider, the newest first, at most limit.
func (t *Tx) AttemptsOf(ctx context.Context, u vpn.UserRef, limit int) ([]vpn.Attempt, error) {
	return readAll(attemptsOf(t.on(ctx), u).Order("at DESC, number DESC").Limit(limit), attemptNoun, attemptRow.attempt)
}

// attemptsOf narrows a query to the attempts of a user. The provider is not empty, word for word as in the index.
func attemptsOf(q *gorm.DB, u vpn.UserRef) *gorm.DB {
	return q.Where("user_provider = ? AND user_key = ? AND user_provider <> ''", clean(string(u.Provider)), clean(u.Key))
}

// SignInsOf lists the sign-ins of a user of an identity provider, granted and refused, at the VPN and the self-service portal, the
// newest first, at most limit, after a place; the zero place is the beginning.
func (t *Tx) SignInsOf(ctx context.Context, u vpn.UserRef, after vpn.SignInPlace, limit int) ([]vpn.UserSignIn, error) {
	sessions, err := readAll(t.beyond(ofUser(t.on(ctx), u), after, vpn.SignInVPN, "started_at", "id").Limit(limit), vpnSessionNoun, vpnSessionRow.session)
	if err != nil {
		return nil, err
	}
	portals, err := readAll(t.beyond(ofUser(t.on(ctx), u), after, vpn.SignInPortal, "created_at", "id").Limit(limit), portalSessionNoun, portalSessionRow.session)
	if err != nil {
		return nil, err
	}
	attempts, err := readAll(t.beyond(attemptsOf(t.on(ctx), u), after, vpn.SignInRefused, "at", "number").Limit(limit), attemptNoun, attemptRow.attempt)
	if err != nil {
		return nil, err
	}
	return vpn.MergeSignIns(sessions, portals, attempts, limit), nil
}

// beyond orders the rows of one kind of sign-ins as vpn.MergeSignIns does, and takes those after a place.
func (t *Tx) beyond(q *gorm.DB, after vpn.SignInPlace, kind vpn.SignInKind, at, id string) *gorm.DB {
	q = q.Order(at + " DESC, " + id + " DESC")
	switch {
	case after == vpn.SignInPlace{}:
	case kind < after.Kind:
		q = q.Where(at+" < ?", micros(after.At))
	case kind > after.Kind:
		q = q.Where(at+" <= ?", micros(after.At))
	case kind == vpn.SignInRefused:
		q = q.Where("("+at+", "+id+") < (?, ?)", micros(after.At), after.Attempt())
	default:
		q = q.Where("("+at+", "+id+") < (?, ?)", micros(after.At), clean(after.ID))
	}
	return q
}
