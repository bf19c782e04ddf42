package portal

import (
	"cmp"
	"context"
	"net/netip"
	"slices"

	"sallyport/store"
	"sallyport/vpn"
)

// sessionsOf are the VPN sessions of the user that have not ended, at every endpoint: those with a connection first.
func (s *Service) sessionsOf(ctx context.Context, tx *store.Tx, u User) (out []OwnSession, more bool, err error) {
	now := s.core.Now()
	connections, err := tx.LiveConnectionsOf(ctx, u.Session.UserRef)
	if err != nil {
		return nil, false, err
	}
	sessions, err := tx.OpenVPNSessionsOf(ctx, u.Session.UserRef, now, maxSessions+1)
	if err != nil {
		return nil, false, err
	}
	devices, err := deviceNames(ctx, tx, u)
	if err != nil {
		return nil, false, err
	}
	more = len(sessions) > maxSessions
	endpoints, err := tx.EndpointsByID(ctx, vpn.IDsOf(sessions, func(x vpn.Session) vpn.EndpointID { return x.Endpoint })...)
	if err != nil {
		return nil, false, err
	}
	for _, x := range sessions[:min(len(sessions), maxSessions)] {
		e := endpoints[x.Endpoint]
		own := OwnSession{Session: x, Ends: x.Ends(e), EndpointName: cmp.Or(e.Name, string(x.Endpoint))}
		for _, c := range connections {
			if c.Session == x.ID && (c.Live() || c.CanTerminate()) {
				own.Connection, own.Device = c, devices[c.Fingerprint]
			}
		}
		if own.Connected() || now.Before(own.Ends) {
			out = append(out, own)
		}
	}
	slices.SortStableFunc(out, func(a, b OwnSession) int {
		return cmp.Compare(min(len(b.Connection.ID), 1), min(len(a.Connection.ID), 1))
	})
	return out, more, nil
}

// addSignIns adds a page of the sign-ins.
func (s *Service) addSignIns(ctx context.Context, tx *store.Tx, u User, after vpn.SignInPlace, a *Access) error {
	list, err := tx.SignInsOf(ctx, u.Session.UserRef, after, signInsOnPage+1)
	if err != nil {
		return err
	}
	if len(list) > signInsOnPage {
		list = list[:signInsOnPage]
		a.Next = list[signInsOnPage-1].Place()
	}
	names, err := tx.EndpointNames(ctx, vpn.IDsOf(list, vpn.UserSignIn.Endpoint)...)
	if err != nil {
		return err
	}
	var ids []vpn.ConnectionID
	for _, x := range list {
		if x.Kind == vpn.SignInVPN {
			ids = append(ids, x.VPN.Connection)
		}
	}
	connections, err := tx.ConnectionsByID(ctx, ids...)
	if err != nil {
		return err
	}
	devices, err := deviceNames(ctx, tx, u)
	if err != nil {
		return err
	}
	for _, x := range list {
		own := s.own(u, x, connections[x.VPN.Connection])
		own.EndpointName = cmp.Or(names[x.Endpoint()], string(x.Endpoint()))
		own.Device = devices[connections[x.VPN.Connection].Fingerprint]
		own.Reported = slices.ContainsFunc(a.Reported, func(r vpn.UserReport) bool { return r.Subject == x.ID() })
		a.SignIns = append(a.SignIns, own)
	}
	return nil
}

// own is a sign-in as its user reads it. c is the last connection of a VPN session; zero: it is not known any more.
func (s *Service) own(u User, x vpn.UserSignIn, c vpn.Connection) OwnSignIn {
	now := s.core.Now()
	own := OwnSignIn{UserSignIn: x}
	switch x.Kind {
	case vpn.SignInVPN:
		own.From, own.Platform, own.Client = c.Device.Addr().Unmap(), c.Platform, c.ClientVersion
		own.Open = x.VPN.EndedAt.IsZero() && now.Before(x.VPN.EndsAt)
	case vpn.SignInPortal:
		own.From, _ = netip.ParseAddr(x.Portal.Source)
		own.Current, own.Open = x.Portal.Digest == u.Session.Digest, !x.Portal.Ended(now)
	default:
		own.From = x.Refused.Device.Addr().Unmap()
		own.Code, own.Reason = vpn.ToldToOwner(x.Refused.Code, x.Refused.Reason)
	}
	return own
}

// deviceNames are what the user calls the devices that have certificates of their own, by the fingerprint.
func deviceNames(ctx context.Context, tx *store.Tx, u User) (map[string]string, error) {
	devices, err := tx.DevicesOf(ctx, u.Session.UserRef)
	names := make(map[string]string, len(devices))
	for _, d := range devices {
		names[d.Fingerprint] = d.Name
	}
	return names, err
}
