package runner

import (
	"context"
	"slices"
	"sync"
	"time"

	"sallyport/control/identity"
	"sallyport/store"
	"sallyport/vpn"
)

// Directories are where users with sessions are looked up again.
type Directories interface {
	// LookUp reads a user. Errors: Denied where there is no such user any more; Unavailable where the directory cannot say.
	LookUp(ctx context.Context, id vpn.DirectoryID, key string) (vpn.ProviderUser, error)
	// NotePass keeps the result of a pass and gives the one before; Confirmed tells whether an administrator lets a held
	// one go on.
	NotePass(id vpn.DirectoryID, p identity.Pass) identity.Pass
	Confirmed(id vpn.DirectoryID) bool
}

const (
	lookUpsAtOnce  = 4   // at one directory
	usersStored    = 100 // in one transaction, which logins wait for
	identitiesSent = 500 // in one message
)

// LookUp reads the users of directories with sessions again, until ctx ends, so that a change in a directory acts on live
// sessions within Deployment.LookUpTime: a pass begins each half of it, and is given up after the other half.
func (s *Runner) LookUp(ctx context.Context) {
	for {
		half := s.lookUpTime(ctx) / 2
		next := time.NewTimer(half)
		select {
		case <-ctx.Done():
			next.Stop()
			return
		case <-next.C:
		}
		err := s.LookUpOnce(ctx, half)
		if err != nil && vpn.KindOf(err) != vpn.Unavailable && ctx.Err() == nil {
			s.core.Log.ErrorContext(ctx, "users of directories were not looked up", "err", errorChain(err))
		}
	}
}

func (s *Runner) lookUpTime(ctx context.Context) time.Duration {
	d := vpn.ReadDeployment(nil)
	_ = s.core.View(ctx, func(tx *store.Tx) error {
		now, err := s.core.Deployment(ctx, tx)
		if err == nil {
			d = now
		}
		return err
	})
	return time.Duration(d.LookUpSeconds) * time.Second
}

// LookUpOnce is one pass, in which the directories are asked for a limited time. A directory that does not answer changes
// nothing for its users, and holds up no other directory.
func (s *Runner) LookUpOnce(ctx context.Context, limit time.Duration) error {
	users, err := s.usersWithSessions(ctx)
	if err != nil {
		return err
	}
	s.forgetPasses(users)
	var passes sync.WaitGroup
	for id, of := range users {
		passes.Go(func() { s.lookUpDirectory(ctx, limit, id, of) })
	}
	passes.Wait()
	return s.sendIdentities(ctx)
}

// sessionsOf are the sessions of one user: of the VPN, and of the self-service portal.
type sessionsOf struct {
	user   vpn.UserRef
	vpn    []vpn.Session
	portal []vpn.PortalSession
}

// usersWithSessions are the users of each directory who have sessions, by their key.
func (s *Runner) usersWithSessions(ctx context.Context) (map[vpn.DirectoryID]map[string]*sessionsOf, error) {
	users := map[vpn.DirectoryID]map[string]*sessionsOf{}
	of := func(u vpn.UserRef) *sessionsOf {
		directory, ok := u.Provider.Directory()
		if !ok {
			return &sessionsOf{}
		}
		if users[directory] == nil {
			users[directory] = map[string]*sessionsOf{}
		}
		if users[directory][u.Key] == nil {
			users[directory][u.Key] = &sessionsOf{user: u}
		}
		return users[directory][u.Key]
	}
	return users, s.core.View(ctx, func(tx *store.Tx) error {
		now := s.core.Now()
		sessions, err := tx.DirectorySessions(ctx, now)
		if err != nil {
			return err
		}
		for _, x := range sessions {
			o := of(vpn.UserRef{Provider: x.Provider, Key: x.UserKey})
			o.vpn = append(o.vpn, x)
		}
		portal, err := tx.DirectoryPortalSessions(ctx, now.Add(-vpn.PortalIdle), now)
		for _, x := range portal {
			o := of(x.UserRef)
			o.portal = append(o.portal, x)
		}
		return err
	})
}

// forgetPasses forgets what was noted of directories whose users have no more sessions.
func (s *Runner) forgetPasses(users map[vpn.DirectoryID]map[string]*sessionsOf) {
	for id := range s.lookedUp {
		if users[id] == nil {
			delete(s.lookedUp, id)
			s.directories.NotePass(id, identity.Pass{})
		}
	}
	for id := range users {
		s.lookedUp[id] = true
	}
}

// Why the connections of a user who is gone end.
const (
	userDeleted  = "The directory no longer has the user."
	userDisabled = "The directory has disabled the user."
)

var errLookUpSlow = vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, "The directory did not tell of all users in time.")

// found is what a directory says of one user now.
type found struct {
	user     vpn.ProviderUser
	gone     string // why the user has no access any more; empty: has
	sessions sessionsOf
	err      error // nothing is known
}

// loses tells whether the user loses all access.
func (f found) loses() bool {
	had := slices.ContainsFunc(f.sessions.vpn, func(x vpn.Session) bool { return len(x.Groups) > 0 }) ||
		slices.ContainsFunc(f.sessions.portal, func(x vpn.PortalSession) bool { return len(x.Groups) > 0 })
	return f.gone != "" || had && len(f.user.Groups) == 0
}

func (s *Runner) lookUpDirectory(ctx context.Context, limit time.Duration, id vpn.DirectoryID, users map[string]*sessionsOf) {
	asking, cancel := context.WithTimeout(ctx, limit)
	all, failed := s.findUsers(asking, id, users)
	cancel()
	pass := identity.Pass{At: s.core.Now(), Users: len(users)}
	for _, f := range all {
		if f.loses() {
			pass.Lost++
		}
	}
	switch {
	case vpn.MassLoss(pass.Lost, len(all)) && !s.directories.Confirmed(id):
		pass.Held = true
		s.core.Log.WarnContext(ctx, "a look-up of users is held: too many would lose their access at once", "directory", id, "lost", pass.Lost, "users", pass.Users)
	}
	if failed != nil && !pass.Held {
		pass.Failed = failed.Error()
	}
	before := s.directories.NotePass(id, pass)
	switch {
	case pass.Held:
		return
	case pass.Failed != "" && before.Failed == "":
		s.core.Log.WarnContext(ctx, "users of a directory cannot be looked up; their sessions go on", "directory", id, "users", pass.Users, "err", errorChain(failed))
	case pass.Failed == "" && before.Failed != "":
		s.core.Log.InfoContext(ctx, "users of a directory are looked up again", "directory", id, "users", pass.Users)
	}
	if err := s.takeOver(ctx, all); err != nil && ctx.Err() == nil {
		s.core.Log.ErrorContext(ctx, "what a directory says about users with sessions was not stored", "directory", id, "err", errorChain(err))
	}
}

// findUsers asks about each user, a few at once. Where the time is over it gives those that were found, and the next pass,
// in another order, finds others. Where the directory does not answer it gives none, because one that fails halfway may
// have failed before.
func (s *Runner) findUsers(ctx context.Context, id vpn.DirectoryID, users map[string]*sessionsOf) ([]found, error) {
	asked, stop := context.WithCancel(ctx)
	defer stop()
	var (
		mu     sync.Mutex // guards all and failed
		all    []found
		failed error
		asking sync.WaitGroup
	)
	free := make(chan struct{}, lookUpsAtOnce)
	for key, sessions := range users {
		select {
		case free <- struct{}{}:
		case <-asked.Done():
		}
		if asked.Err() != nil {
			break
		}
		asking.Go(func() {
			defer func() { <-free }()
			f := s.find(asked, id, key, *sessions)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case f.err == nil:
				all = append(all, f)
			case asked.Err() == nil:
				failed = f.err
				stop()
			}
		})
	}
	asking.Wait()
	switch {
	case failed != nil:
		return nil, failed
	case ctx.Err() != nil:
		return all, errLookUpSlow.Because(ctx.Err())
	}
	return all, nil
}

func (s *Runner) find(ctx context.Context, id vpn.DirectoryID, key string, sessions sessionsOf) found {
	u, err := s.directories.LookUp(ctx, id, key)
	f := found{user: u, sessions: sessions}
	switch {
	case vpn.KindOf(err) == vpn.Denied && vpn.CodeOf(err) == vpn.CodeUserUnknown:
		f.gone = userDeleted
	case vpn.KindOf(err) == vpn.Denied: // there is a user, who cannot be read: what was known goes on
		f.sessions = sessionsOf{}
		s.core.Log.WarnContext(ctx, "a user with sessions cannot be read in the directory", "directory", id, "user_key", vpn.PrintableText(key), "err", errorChain(err))
	case err != nil:
		f.err = err
	case u.Disabled:
		f.gone = userDisabled
	}
	return f
}

// takeOver ends the sessions of users who are gone, and notes the groups of the others.
func (s *Runner) takeOver(ctx context.Context, all []found) error {
	all = slices.DeleteFunc(all, func(f found) bool {
		return f.gone == "" && !slices.ContainsFunc(f.sessions.vpn, func(x vpn.Session) bool { return x.Identify(f.user) }) && !f.changesPortal()
	})
	if len(all) == 0 {
		return nil
	}
	defer s.core.Nudge() // to terminate connections
	for part := range slices.Chunk(all, usersStored) {
		err := s.core.Update(store.Urgent(ctx), func(tx *store.Tx) error { // it takes access away, on a full disk too
			for _, f := range part {
				change := identifySessions
				if f.gone != "" {
					change = endUser
				}
				if err := change(ctx, tx, f, s.core.Now()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// endUser ends the sessions of a user on every endpoint and in the self-service portal, and has the connections terminated.
func endUser(ctx context.Context, tx *store.Tx, f found, at time.Time) error {
	ref := f.sessions.user
	connections, err := tx.LiveConnectionsOf(ctx, ref)
	if err != nil {
		return err
	}
	for _, c := range connections {
		c.Status, c.EndReason = vpn.ConnectionTerminating, f.gone
		if err := tx.SaveConnection(ctx, c); err != nil {
			return err
		}
	}
	if err := tx.EndPortalSessionsOf(ctx, at, f.gone, "", ref); err != nil {
		return err
	}
	return tx.EndVPNSessionsOfUsers(ctx, at, f.gone, ref)
}

// changesPortal tells whether a session of the self-service portal has other groups than the user has now.
func (f found) changesPortal() bool {
	now := vpn.GroupsDigest(f.portalGroups())
	return slices.ContainsFunc(f.sessions.portal, func(x vpn.PortalSession) bool { return vpn.GroupsDigest(x.Groups) != now })
}

// portalGroups are the user's groups that count, as a session of the portal has them.
func (f found) portalGroups() []vpn.Group {
	return f.user.Groups[:min(len(f.user.Groups), vpn.MaxGroups)]
}

// identifySessions reads the sessions again, because they may have changed since the directory was asked.
func identifySessions(ctx context.Context, tx *store.Tx, f found, at time.Time) error {
	now, err := tx.VPNSessionsByID(ctx, vpn.IDsOf(f.sessions.vpn, func(x vpn.Session) vpn.SessionID { return x.ID })...)
	if err != nil {
		return err
	}
	for _, x := range now {
		if !x.Identify(f.user) {
			continue
		}
		if err := tx.SaveVPNSession(ctx, x); err != nil {
			return err
		}
	}
	if f.changesPortal() {
		if err := tx.SavePortalGroups(ctx, f.sessions.user, f.portalGroups()); err != nil {
			return err
		}
	}
	identity := f.user.Identity(f.sessions.user.Provider)
	return tx.SeeUser(ctx, vpn.Sighting{
		UserRef: identity.Ref(), Name: identity.Name, Groups: f.user.Groups[:len(identity.Groups)], More: identity.More, At: at, LookedUp: true,
	})
}

// sendIdentities tells the dataplane each user whom it has in an older revision: after a change, after a message that was
// lost, and for a login that was being granted meanwhile.
func (s *Runner) sendIdentities(ctx context.Context) error {
	live, err := s.dataplane.Connections(ctx)
	if err != nil || len(live) == 0 {
		return err
	}
	ids := vpn.IDsOf(live, func(c vpn.LiveConnection) vpn.SessionID { return c.Session })
	var sessions map[vpn.SessionID]vpn.Session
	err = s.core.View(ctx, func(tx *store.Tx) (err error) { sessions, err = tx.VPNSessionsByID(ctx, ids...); return err })
	if err != nil {
		return err
	}
	var outdated []vpn.SessionIdentity
	for _, c := range live {
		if x, ok := sessions[c.Session]; ok && x.Provider != "" && x.Revision > c.Revision {
			outdated = append(outdated, vpn.SessionIdentity{Session: x.ID, User: x.User()})
		}
	}
	for part := range slices.Chunk(outdated, identitiesSent) {
		if err := s.dataplane.Identify(ctx, part); err != nil {
			return err
		}
	}
	return nil
}
