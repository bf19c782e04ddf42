package control

import (
	"context"
	"sync"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

const (
	loginsWaiting = 1000 // before the stream of logins waits too
	loginsAtOnce  = 32   // in one transaction
	answersAtOnce = 8    // that are on their way to the dataplane
	cannotDecide  = "The VPN server cannot check your login right now. Try again in a moment."
	answerWait    = 30 * time.Second // for the dataplane to carry answers out; a stuck worker takes as long to be replaced
)

// receiveLogins queues the dataplane's waiting logins for decideLogins until the stream breaks. A
// new stream repeats the logins that still wait: this is the one place that drops the repetitions,
// because a second decision would record a second connection.
func (f *follower) receiveLogins(ctx context.Context) error {
	for r, err := range f.dataplane.Logins(ctx) {
		if err != nil {
			return err
		}
		if _, repeated := f.received.LoadOrStore(r.ID, true); repeated {
			continue
		}
		time.AfterFunc(time.Until(r.Deadline)+answerWait, func() { f.received.Delete(r.ID) })
		f.deciding.Add(1)
		select {
		case f.logins <- r:
		case <-ctx.Done():
			f.deciding.Add(-1)
			f.received.Delete(r.ID)
			return ctx.Err()
		}
	}
	return nil
}

// decideLogins decides what is received until ctx ends. Whatever came while the last ones were
// being decided is decided together: alone a login waits for nobody, in a crowd for one transaction
// of many.
func (f *follower) decideLogins(ctx context.Context) {
	var answering sync.WaitGroup
	defer answering.Wait()
	free := make(chan struct{}, answersAtOnce)
	for {
		var batch []vpn.LoginRequest
		select {
		case r := <-f.logins:
			batch = f.with(r)
		case <-ctx.Done():
			return
		}
		decisions := f.decide(ctx, batch)
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		answering.Go(func() {
			defer func() { <-free }()
			f.answer(ctx, decisions)
		})
	}
}

// with takes what else waits.
func (f *follower) with(r vpn.LoginRequest) []vpn.LoginRequest {
	batch := []vpn.LoginRequest{r}
	for len(batch) < loginsAtOnce {
		select {
		case r := <-f.logins:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

// decide gives an answer to each: a decision is in the database before the dataplane hears of it, so
// that an established connection always has its row.
func (f *follower) decide(ctx context.Context, rs []vpn.LoginRequest) []vpn.LoginDecision {
	ctx, cancel := context.WithDeadline(ctx, latest(rs))
	defer cancel()
	ds, err := f.decideAll(ctx, rs)
	if err == nil {
		return ds
	}
	if len(rs) > 1 { // one of them may be the reason, and the others none the worse for it
		ds = ds[:0]
		for _, r := range rs {
			ds = append(ds, f.decide(ctx, []vpn.LoginRequest{r})...)
		}
		return ds
	}
	f.core.Log.ErrorContext(ctx, "a login could not be decided and is denied", "endpoint", rs[0].Endpoint, "common_name", rs[0].CommonName, "err", errorChain(err))
	return []vpn.LoginDecision{{ID: rs[0].ID, Reason: cannotDecide}}
}

func latest(rs []vpn.LoginRequest) time.Time {
	last := rs[0].Deadline
	for _, r := range rs {
		if r.Deadline.After(last) {
			last = r.Deadline
		}
	}
	return last
}

func (f *follower) answer(ctx context.Context, ds []vpn.LoginDecision) {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	defer f.deciding.Add(-int64(len(ds)))
	if err := f.dataplane.Decide(ctx, ds); err != nil && vpn.KindOf(err) != vpn.NotFound {
		f.core.Log.WarnContext(ctx, "answers to logins did not all reach the dataplane", "logins", len(ds), "err", errorChain(err))
	}
}

// decideAll decides logins in one transaction.
func (s *Service) decideAll(ctx context.Context, rs []vpn.LoginRequest) ([]vpn.LoginDecision, error) {
	var ds []vpn.LoginDecision
	err := s.core.Update(ctx, func(tx *store.Tx) error {
		ds = make([]vpn.LoginDecision, 0, len(rs))
		doors := map[vpn.EndpointID]door{}
		var granted []vpn.Connection
		for _, r := range rs {
			at, known := doors[r.Endpoint]
			if !known {
				var err error
				at, err = s.door(ctx, tx, r.Endpoint)
				if vpn.KindOf(err) == vpn.NotFound { // deleted while its client was on the way
					at.gone, err = true, nil
				}
				if err != nil {
					return err
				}
				doors[r.Endpoint] = at
			}
			if at.gone || time.Now().After(r.Deadline) { // nobody waits for a yes any more
				ds = append(ds, vpn.LoginDecision{ID: r.ID, Reason: cannotDecide})
				continue
			}
			d, c, err := s.decideLogin(ctx, tx, at, r)
			if err != nil {
				return err
			}
			ds = append(ds, d)
			if d.Allow {
				granted = append(granted, c)
			}
		}
		if len(granted) == 0 {
			return nil
		}
		return tx.CreateConnection(ctx, granted...)
	})
	return ds, err
}

// door is what logins to one endpoint are decided by.
type door struct {
	endpoint vpn.Endpoint
	state    vpn.EndpointState
	gone     bool
}

func (s *Service) door(ctx context.Context, tx *store.Tx, id vpn.EndpointID) (door, error) {
	e, err := tx.Endpoint(ctx, id)
	if err != nil {
		return door{}, err
	}
	associations, err := tx.AssociationsOf(ctx, e.ID)
	if err != nil {
		return door{}, err
	}
	observed, err := s.observations(ctx, tx, e.ID)
	return door{endpoint: e, state: e.State(associations, observed[e.ID])}, err
}

// decideLogin decides one login; the connection is what a grant begins.
func (s *Service) decideLogin(ctx context.Context, tx *store.Tx, at door, r vpn.LoginRequest) (vpn.LoginDecision, vpn.Connection, error) {
	now := s.core.Now()
	if reason := vpn.DecideLogin(at.endpoint, at.state, r); reason != "" {
		attempt := vpn.RefusedAttempt{Endpoint: at.endpoint.ID, Device: r.Device, CommonName: vpn.PrintableText(r.CommonName), Reason: reason}
		return vpn.LoginDecision{ID: r.ID, Reason: reason}, vpn.Connection{}, tx.CreateAttempt(ctx, attempt, now)
	}
	d := vpn.LoginDecision{
		ID: r.ID, Allow: true, Connection: vpn.NewConnectionID(), Session: vpn.NewSessionID(),
		User: vpn.Identity{Name: r.CommonName}, Ends: now.Add(at.endpoint.SessionTimeout),
	}
	return d, vpn.Connection{
		ID: d.Connection, Endpoint: at.endpoint.ID, Session: d.Session, Node: s.node, Status: vpn.ConnectionConnecting,
		Username: d.User.Name, CommonName: r.CommonName, Serial: r.Serial, Device: r.Device,
		Platform: r.Platform, ClientVersion: r.Version,
	}, nil
}
