package endpoint

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// maxTerminate is the most connections of one request, so that its confirmation stays readable.
const maxTerminate = 1000

// TerminateConnections ends connections of an endpoint and their sessions, and returns their number. Connections that have
// ended are not counted.
func (s *Service) TerminateConnections(ctx context.Context, by control.Principal, id vpn.EndpointID, ids []vpn.ConnectionID) (int, error) {
	return s.terminate(ctx, by, id, func(tx *store.Tx) ([]vpn.Connection, error) {
		return chosenConnections(ctx, tx, id, ids)
	})
}

// TerminateUser ends the connections of one user name to an endpoint and their sessions, and returns their number.
func (s *Service) TerminateUser(ctx context.Context, by control.Principal, id vpn.EndpointID, username string) (int, error) {
	return s.terminate(ctx, by, id, func(tx *store.Tx) ([]vpn.Connection, error) {
		chosen, err := connectionsOfUser(ctx, tx, id, username)
		if err != nil {
			return nil, err
		}
		// A session without a connection has a token too.
		return chosen, tx.EndVPNSessionsOf(ctx, id, username, s.core.Now(), terminatedBy(by))
	})
}

func terminatedBy(by control.Principal) string { return "Terminated by administrator " + by.Name + "." }

func (s *Service) terminate(ctx context.Context, by control.Principal, id vpn.EndpointID, choose func(*store.Tx) ([]vpn.Connection, error)) (int, error) {
	n := 0
	err := s.core.Change(ctx, by, vpn.TerminateClientVpnConnections, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		n = 0
		if _, err := tx.Endpoint(ctx, id); err != nil {
			return err
		}
		chosen, err := choose(tx)
		if err != nil {
			return err
		}
		for _, c := range chosen {
			if !c.CanTerminate() {
				continue
			}
			c.Status = vpn.ConnectionTerminating
			c.EndReason = terminatedBy(by)
			if err := tx.SaveConnection(ctx, c); err != nil {
				return err
			}
			if err := s.endSession(ctx, tx, c); err != nil {
				return err
			}
			n++
		}
		a.Before = control.Describe(vpn.IDsOf(chosen, func(c vpn.Connection) vpn.ConnectionID { return c.ID }))
		return nil
	})
	return n, err
}

// endSession ends the session of a connection that is terminated: its client's token is of no use any more.
// Connections from before the program stored sessions have none.
func (s *Service) endSession(ctx context.Context, tx *store.Tx, c vpn.Connection) error {
	session, err := tx.VPNSession(ctx, c.Session)
	if err != nil && vpn.KindOf(err) == vpn.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	session.End(s.core.Now(), c.EndReason)
	return tx.SaveVPNSession(ctx, session)
}

// ConnectionsPreview lists the connections, live or away, that a confirmation is about: the chosen ones, or all
// of a user name.
func (s *Service) ConnectionsPreview(ctx context.Context, by control.Principal, id vpn.EndpointID, ids []vpn.ConnectionID, username string) ([]vpn.Connection, error) {
	var out []vpn.Connection
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnConnections, string(id), func(tx *store.Tx) (err error) {
		if username != "" {
			out, err = connectionsOfUser(ctx, tx, id, username)
		} else {
			out, err = chosenConnections(ctx, tx, id, ids)
		}
		return err
	})
	return out, err
}

func chosenConnections(ctx context.Context, tx *store.Tx, id vpn.EndpointID, ids []vpn.ConnectionID) ([]vpn.Connection, error) {
	if len(ids) == 0 {
		return nil, vpn.Refuse(vpn.Conflict, vpn.CodeMissingParameter, "Select at least one connection.")
	}
	if len(ids) > maxTerminate {
		return nil, vpn.Refuse(vpn.Conflict, vpn.CodeInvalidParameterValue, "Too many connections were selected at once.")
	}
	wanted := map[vpn.ConnectionID]bool{}
	for _, c := range ids {
		wanted[c] = true
	}
	return liveWhere(ctx, tx, id, func(c vpn.Connection) bool { return wanted[c.ID] })
}

func connectionsOfUser(ctx context.Context, tx *store.Tx, id vpn.EndpointID, username string) ([]vpn.Connection, error) {
	if username == "" {
		return nil, vpn.Refuse(vpn.Conflict, vpn.CodeMissingParameter, "Enter the user name whose connections to terminate.")
	}
	return liveWhere(ctx, tx, id, func(c vpn.Connection) bool { return c.Username == username })
}

func liveWhere(ctx context.Context, tx *store.Tx, id vpn.EndpointID, keep func(vpn.Connection) bool) ([]vpn.Connection, error) {
	all, err := tx.LiveConnections(ctx, id)
	if err != nil {
		return nil, err
	}
	var out []vpn.Connection
	for _, c := range all {
		if (c.Live() || c.CanTerminate()) && keep(c) {
			out = append(out, c)
		}
	}
	return out, nil
}
