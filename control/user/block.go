package user

import (
	"context"
	"strings"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// BlockPreview is what a confirmation to block or unblock users is about.
type BlockPreview struct {
	Users       []vpn.UserSummary // those of the chosen ones that are known, by name
	Connections int               // of all of them, on every endpoint
}

// BlockPreview tells what blocking users would do.
func (s *Service) BlockPreview(ctx context.Context, by control.Principal, ids []vpn.UserID) (out BlockPreview, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeVpnUsers, "", func(tx *store.Tx) error {
		users, err := tx.VPNUsersByID(ctx, ids...)
		if err != nil {
			return err
		}
		for _, u := range users {
			out.Users = append(out.Users, vpn.UserSummary{User: u})
		}
		if err := summarize(ctx, tx, out.Users); err != nil {
			return err
		}
		for _, u := range out.Users {
			out.Connections += u.Connections
		}
		return nil
	})
	return out, err
}

// Blocked is the result of a block.
type Blocked struct {
	Users       []vpn.UserID
	Connections int // that are terminated
	Refused     []control.RefusedRow
}

// Block refuses users on every endpoint from now on and ends their sessions and connections. Those that are blocked
// already are refused rows. Fields: reason.
func (s *Service) Block(ctx context.Context, by control.Principal, ids []vpn.UserID, reason string) (out Blocked, err error) {
	err = s.core.Change(ctx, by, vpn.BlockVpnUser, subjectOf(ids), func(tx *store.Tx, a *vpn.AuditRecord) (err error) {
		var before, after []vpn.User
		if before, after, out.Refused, err = changeUsers(ctx, tx, ids, func(u *vpn.User) error { return u.Block(by.Name, reason, s.core.Now()) }); err != nil {
			return err
		}
		out.Users = vpn.IDsOf(after, func(u vpn.User) vpn.UserID { return u.ID })
		a.Before, a.After = control.Describe(before), control.Describe(after)
		out.Connections, err = s.endAll(ctx, tx, by, after)
		return err
	})
	return out, err
}

// Unblock takes blocks back. Users without one are refused rows.
func (s *Service) Unblock(ctx context.Context, by control.Principal, ids []vpn.UserID) (n int, refused []control.RefusedRow, err error) {
	err = s.core.Change(ctx, by, vpn.UnblockVpnUser, subjectOf(ids), func(tx *store.Tx, a *vpn.AuditRecord) error {
		before, after, rows, err := changeUsers(ctx, tx, ids, (*vpn.User).Unblock)
		n, refused = len(after), rows
		a.Before, a.After = control.Describe(before), control.Describe(after)
		return err
	})
	return n, refused, err
}

// subjectOf names the users of a request for the audit trail.
func subjectOf(ids []vpn.UserID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	return strings.Join(texts, " ")
}

// changeUsers changes the block of each user. The error of a value, which all of them have, ends it, and that of a single
// user.
func changeUsers(ctx context.Context, tx *store.Tx, ids []vpn.UserID, change func(*vpn.User) error) (before, after []vpn.User, refused []control.RefusedRow, err error) {
	_, refused, err = control.Several(ids, func(id vpn.UserID) error {
		was, err := tx.VPNUser(ctx, id)
		if err != nil {
			return err
		}
		u := was
		if err := change(&u); err != nil {
			return err
		}
		before, after = append(before, was), append(after, u)
		return tx.SaveVPNUserBlock(ctx, u)
	})
	for _, r := range refused {
		if vpn.KindOf(r.Err) == vpn.Invalid {
			return nil, nil, nil, r.Err
		}
	}
	if err == nil && len(ids) == 1 && len(refused) == 1 {
		err = refused[0].Err
	}
	return before, after, refused, err
}

// endAll ends the sessions of users on every endpoint and in the self-service portal, also those without a connection, and has the connections
// terminated. A login that was granted a moment ago and is not established yet is among them, but not in the number.
func (s *Service) endAll(ctx context.Context, tx *store.Tx, by control.Principal, users []vpn.User) (n int, err error) {
	if len(users) == 0 {
		return 0, nil
	}
	refs := make([]vpn.UserRef, len(users))
	for i, u := range users {
		refs[i] = u.UserRef
	}
	reason := "The user was blocked by administrator " + by.Name + "."
	connections, err := tx.LiveConnectionsOf(ctx, refs...)
	if err != nil {
		return 0, err
	}
	for _, c := range connections {
		if c.Live() || c.Status == vpn.ConnectionAway {
			n++
		}
		c.Status, c.EndReason = vpn.ConnectionTerminating, reason
		if err := tx.SaveConnection(ctx, c); err != nil {
			return 0, err
		}
	}
	if err := tx.EndPortalSessionsOf(ctx, s.core.Now(), reason, "", refs...); err != nil {
		return 0, err
	}
	return n, tx.EndVPNSessionsOfUsers(ctx, s.core.Now(), reason, refs...)
}
