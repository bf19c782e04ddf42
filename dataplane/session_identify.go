package dataplane

import (
	"context"
	"errors"

	"sallyport/dataplane/journal"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// Identify gives sessions their users as web has read them again in the directories: groups that a user lost no longer open
// anything when it returns, for running flows too. What is older than what a session has is ignored, and so is an unknown
// session. Unavailable where a session has kept its former user: web asks again.
func (e *Engine) Identify(ctx context.Context, users []vpn.SessionIdentity) error {
	byID := make(map[vpn.SessionID]vpn.Identity, len(users))
	for _, u := range users {
		if !u.Session.Valid() || !carriable(u.User) {
			return vpn.Refuse(vpn.Invalid, vpn.CodeInvalidParameterValue, "The user of a session is malformed.")
		}
		byID[u.Session] = u.User
	}
	var failures []error
	for _, ep := range e.all() {
		var err error
		if !ep.doWithin(ctx, func() { err = ep.identify(byID) }) && ctx.Err() != nil {
			err = errBusy
		}
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

// identify changes the users of sessions: journal first, then the packet filter, then the table, so that a crash in between
// leaves a newer journal and never an older one, and what failed is still the former user's when web asks again. It runs in
// the owner goroutine.
func (ep *endpoint) identify(users map[vpn.SessionID]vpn.Identity) error {
	outdated := ep.sessions.Select(func(s *session.Session) bool {
		u, asked := users[s.Session]
		return asked && !s.Ended && s.User.Provider == u.Provider && s.User.Key == u.Key && s.User.Revision < u.Revision
	})
	present := ep.filter.table.Sessions()
	var failures []error
	for _, s := range outdated {
		s.User = users[s.Session]
		err := ep.journal.Put(journal.Sessions, string(s.Connection), s)
		if _, there := present[s.Addr]; err == nil && there {
			err = ep.filter.table.Put(inTable(s))
		}
		if err != nil {
			ep.log.Error("a session keeps the groups that its user had", "connection", s.Connection, "user", s.User.Name, "err", errorChain(err))
			failures = append(failures, err)
			continue
		}
		ep.sessions.Identify(s.Connection, s.User)
		ep.log.Info("the directory changed the user of a session", "connection", s.Connection, "user", s.User.Name, "groups", len(s.User.Groups), "revision", s.User.Revision)
	}
	return errors.Join(failures...)
}
