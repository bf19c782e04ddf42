package runner

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"sallyport/control"
	"sallyport/vpn"
)

// decideLogin decides one login. A client with the token of a running session gets another connection
// under it; every other login that is granted begins a session.
func (b *batch) decideLogin(ctx context.Context, at *loginContext, l login) (vpn.LoginDecision, error) {
	r, proof := at.authorities.Verify(l.LoginRequest), l.proof
	if !at.holds(proof) && (proof.Refused == nil || proof.Refused.Kind != vpn.Unavailable) {
		proof = vpn.Proof{} // the identity provider was changed while it was asked
	}
	if refused := b.devices.Judge(at.endpoint, r); refused != nil {
		return b.refuse(ctx, r, refused, proof)
	}
	if refused := vpn.DecideLogin(at.endpoint, at.state, at.associations, at.issuers, b.barred, r, proof); refused != nil {
		return b.refuse(ctx, r, refused, proof)
	}
	if refused := b.devices.Refuse(at.endpoint, r, proof); refused != nil {
		return b.refuse(ctx, r, refused, proof)
	}
	user := vpn.UserOf(at.endpoint, r, proof)
	if refused := b.users[user.Ref()].Refuse(); refused != nil { // of a client that returns, the block has ended the session
		return b.refuse(ctx, r, refused, proof)
	}
	if r.Continues != "" && !r.Returns {
		decision, ok, err := b.rejoin(ctx, at, r)
		if ok || err != nil {
			return decision, err
		}
	}
	now := b.core.Now()
	session := vpn.NewSession(at.endpoint, r, user, now)
	var former netip.Addr
	if r.Returns {
		var err error
		session, err = b.tx.VPNSessionByToken(ctx, r.Endpoint, r.Token)
		if vpn.KindOf(err) == vpn.NotFound { // it was purged: the empty session takes no client
			err = nil
		}
		if err != nil {
			return vpn.LoginDecision{}, err
		}
		if over := session.Continue(at.endpoint, r, now); over != nil {
			// Not listed among the refused attempts: the client forgets the token and logs in.
			return vpn.Deny(r.ID, over), nil
		}
		if former, err = b.endFormer(ctx, at, session); err != nil {
			return vpn.LoginDecision{}, err
		}
	}
	end, refused := at.places.Take()
	if refused != nil {
		return b.refuse(ctx, r, refused, proof)
	}
	if unused, err := b.tx.UseMFACode(ctx, proof.Code); err != nil || !unused { // last: a login that is refused keeps its code
		if err != nil {
			return vpn.LoginDecision{}, err
		}
		return b.refuse(ctx, r, vpn.ErrMFACodeUsed, proof)
	}
	if err := b.tx.NoteSignIn(ctx, proof.Note, now); err != nil {
		return vpn.LoginDecision{}, err
	}
	if err := b.useDevice(ctx, at, r); err != nil {
		return vpn.LoginDecision{}, err
	}
	granted, err := b.grant(ctx, at, r, session, end, proof)
	granted.Addr = former
	return granted, err
}

// rejoin has a client without a token continue a connection, whose place it has. It is false where the
// client gets a connection and a session of its own.
func (b *batch) rejoin(ctx context.Context, at *loginContext, r vpn.LoginRequest) (vpn.LoginDecision, bool, error) {
	c, err := b.tx.Connection(ctx, r.Continues)
	var session vpn.Session
	if err == nil {
		session, err = b.tx.VPNSession(ctx, c.Session)
	}
	if vpn.KindOf(err) == vpn.NotFound {
		return vpn.LoginDecision{}, false, nil
	}
	if err != nil || !session.Rejoin(c, at.endpoint, r, b.core.Now()) {
		return vpn.LoginDecision{}, false, err
	}
	session.Token = r.Token
	return vpn.LoginDecision{
		ID: r.ID, Allow: true, Connection: c.ID, Session: session.ID, User: session.User(),
		Share: at.share, Ends: session.Ends(at.endpoint), Started: session.StartedAt,
	}, true, b.tx.SaveVPNSession(ctx, session)
}

// grant makes a connection under a session. Of the endpoint's connections whose clients are away, so many end for it.
func (b *batch) grant(ctx context.Context, at *loginContext, r vpn.LoginRequest, session vpn.Session, end int, proof vpn.Proof) (vpn.LoginDecision, error) {
	granted := vpn.LoginDecision{
		ID: r.ID, Allow: true, Connection: vpn.NewConnectionID(), Session: session.ID,
		User: session.User(), Share: at.share, Ends: session.Ends(at.endpoint),
	}
	var err error
	if end > 0 {
		if granted.Replaces, err = b.tx.LongestAway(ctx, at.endpoint.ID, end); err != nil {
			return vpn.LoginDecision{}, err
		}
	}
	at.places.Held++
	b.connections = append(b.connections, vpn.Connection{
		ID: granted.Connection, Endpoint: at.endpoint.ID, Session: session.ID, Node: b.node, Status: vpn.ConnectionConnecting,
		Username: session.Username, Provider: session.Provider, UserKey: session.UserKey, CommonName: r.CommonName, Serial: r.Serial, Fingerprint: vpn.BareFingerprint(r.Fingerprint), Issuer: vpn.BareFingerprint(r.Issuer),
		IssuerKey: r.IssuerKey, IssuerID: r.IssuerID, Above: r.Above, Device: r.Device,
		Platform: r.Platform, ClientVersion: r.Version,
	})
	session.Open(granted.Connection)
	if session.Connections == 1 {
		b.seen = append(b.seen, b.sighting(r, session.User().Ref(), proof))
		b.sessions = append(b.sessions, session)
		return granted, nil
	}
	granted.Started = session.StartedAt
	return granted, b.tx.SaveVPNSession(ctx, session)
}

// endFormer ends the last connection of a session whose client is about to get another one: the
// dataplane does not have it any more, as after a restart of its host. It returns the address of that connection.
func (b *batch) endFormer(ctx context.Context, at *loginContext, session vpn.Session) (netip.Addr, error) {
	c, err := b.tx.Connection(ctx, session.Connection)
	if vpn.KindOf(err) == vpn.NotFound {
		return netip.Addr{}, nil
	}
	if err != nil || c.Status == vpn.ConnectionTerminated {
		return c.ClientIP, err
	}
	if c.Status == vpn.ConnectionAway {
		at.places.Away--
	} else {
		at.places.Held--
	}
	if c.EstablishedAt.IsZero() {
		return c.ClientIP, b.tx.DeleteConnection(ctx, c.ID)
	}
	c.AwaySince, c.EndReason = time.Time{}, "The client came back with another connection."
	c.Status, c.EndedAt = vpn.ConnectionTerminated, control.NotBefore(b.core.Now(), c.EstablishedAt)
	return c.ClientIP, b.tx.SaveConnection(ctx, c)
}

// refuse denies a login, which is listed among the refused attempts. The client is not told all that the list has.
func (b *batch) refuse(ctx context.Context, r vpn.LoginRequest, refused *vpn.Error, proof vpn.Proof) (vpn.LoginDecision, error) {
	if refused.Code == vpn.CodeLoginNotDecided { // the dataplane reports it
		return vpn.Deny(r.ID, refused), nil
	}
	user, err := b.seeRefused(ctx, r, refused, proof)
	if err != nil {
		return vpn.LoginDecision{}, err
	}
	if at := b.contexts[r.Endpoint]; at.endpoint.Federated() { // the name that the client sends says nothing
		if name := vpn.UserOf(at.endpoint, r, proof).Name; name != "" {
			r.Username = name
		}
	}
	if base := b.core.Settings.PublicURL; refused.Code == vpn.CodeMFADeviceMissing && base != "" && b.contexts[r.Endpoint].endpoint.PortalOpen() {
		refused = vpn.ErrMFADeviceMissingAt(strings.TrimSuffix(base, "/"), r.Endpoint)
	}
	told := refused.ToldToClient(b.contexts[r.Endpoint].directory.MFA)
	b.core.Log.InfoContext(ctx, "a login was refused", "endpoint", r.Endpoint, "device", r.Device.String(), "common_name", r.CommonName, "username", vpn.PrintableText(r.Username),
		"code", refused.Code, "reason", refused.Msg, "reference", r.Reference())
	attempt := r.Refused(refused.Code, refused.Listed())
	attempt.User = user
	return r.DenyWithReference(told), b.tx.CreateAttempt(ctx, attempt, b.core.Now())
}
