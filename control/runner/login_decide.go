package runner

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"sallyport/control"
	"sallyport/control/signin"
	"sallyport/control/turn"
	"sallyport/store"
	"sallyport/vpn"
)

const (
	maxWaitingLogins = 1000 // before the stream of logins waits too
	maxLogins        = 32   // in one transaction
	maxAnswers       = 8    // that are on their way to the dataplane
	// In a crowd a login waits for others: each transaction, and each change of the packet filter that follows it, costs
	// more than the login. A login is in a crowd where another was decided less than crowdTime before.
	crowdTime     = 150 * time.Millisecond
	crowdDelay    = 60 * time.Millisecond
	answerTimeout = 30 * time.Second // for the dataplane to carry answers out; a stuck worker takes as long to be replaced
)

var (
	errCannotDecide = vpn.Refuse(vpn.Unavailable, vpn.CodeLoginNotDecided, "The VPN server cannot check your login right now. Your client tries again.")
	errEndpointGone = vpn.Refuse(vpn.Conflict, vpn.CodeEndpointUnavailable, "This VPN endpoint no longer exists.")
)

// decider decides the logins that wait at the dataplane.
type decider struct {
	core      *control.Core
	dataplane Dataplane
	node      string
	prover    Prover
	signIns   *signin.Service

	turns     turn.Turns[turnKey]
	endpoints sync.Map       // those of logins that were proved, by ID
	proving   sync.WaitGroup // logins that are not queued yet
	queue     chan login
	received  sync.Map     // the loginClient of each login that was received, by its ID, until its deadline
	deciding  atomic.Int64 // how many that were queued are not answered yet
	browsers  *browsers
}

func (s *Runner) newDecider() *decider {
	return &decider{core: s.core, dataplane: s.dataplane, node: s.node, prover: s.prover, signIns: s.signIns, browsers: newBrowsers(), queue: make(chan login, maxWaitingLogins)}
}

// busy tells whether a login is being decided.
func (d *decider) busy() bool { return d.deciding.Load() > 0 }

// receive queues the dataplane's waiting logins until the stream breaks: at once, or when they are proved. A new stream repeats the
// logins that still wait: this is the one place that drops the repetitions, because a second
// decision would record a second connection.
func (d *decider) receive(ctx context.Context) error {
	had := map[string]bool{} // by this stream, until it has had all that wait
	for n, err := range d.dataplane.Logins(ctx) {
		switch {
		case err != nil:
			return err
		case n.Gone:
			d.leave(n.ID)
			continue
		case n.All:
			d.leaveOthers(had)
			had = nil
			continue
		case had != nil:
			had[n.ID] = true
		}
		r := n.LoginRequest
		if d.browsers.waits(r) {
			continue
		}
		client := newLoginClient()
		if _, repeated := d.received.LoadOrStore(r.ID, client); repeated {
			continue
		}
		time.AfterFunc(time.Until(r.Deadline)+answerTimeout, func() { d.received.Delete(r.ID) })
		if needsProof(r) {
			d.proving.Go(func() { d.prove(ctx, r, client) })
			continue
		}
		if err := d.enqueue(ctx, login{LoginRequest: r}); err != nil {
			return err
		}
	}
	return nil
}

// enqueue has a login decided.
func (d *decider) enqueue(ctx context.Context, l login) error {
	d.deciding.Add(1)
	select {
	case d.queue <- l:
		return nil
	case <-ctx.Done():
		d.deciding.Add(-1)
		d.received.Delete(l.ID)
		return ctx.Err()
	}
}

// run decides what is queued until ctx ends. Logins that arrive shortly after others are decided together: a single login
// does not wait, and many need few transactions.
func (d *decider) run(ctx context.Context) {
	var answering sync.WaitGroup
	defer answering.Wait()
	defer d.proving.Wait()
	free := make(chan struct{}, maxAnswers)
	var decided time.Time // the last login
	for {
		var first login
		select {
		case first = <-d.queue:
		case <-ctx.Done():
			return
		}
		if time.Since(decided) < crowdTime {
			waitFor(ctx, crowdDelay)
		}
		decisions := d.decide(ctx, d.drain(first))
		decided = time.Now()
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		answering.Go(func() {
			defer func() { <-free }()
			d.answer(ctx, decisions)
		})
	}
}

// drain takes what is queued behind the first login, up to a batch.
func (d *decider) drain(first login) []login {
	batch := []login{first}
	for len(batch) < maxLogins {
		select {
		case r := <-d.queue:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

// decide gives a decision for each login. It is in the database before the dataplane is told, so
// that an established connection always has its row.
func (d *decider) decide(ctx context.Context, rs []login) []vpn.LoginDecision {
	ctx, cancel := context.WithDeadline(ctx, latestDeadline(rs))
	defer cancel()
	ds, err := d.decideBatch(ctx, rs)
	if err == nil {
		return ds
	}
	if len(rs) > 1 { // one bad login must not fail the batch: decide one by one
		ds = ds[:0]
		for _, r := range rs {
			ds = append(ds, d.decide(ctx, []login{r})...)
		}
		return ds
	}
	d.core.Log.ErrorContext(ctx, "a login could not be decided; its client is told to try again", "endpoint", rs[0].Endpoint, "common_name", rs[0].CommonName, "err", errorChain(err))
	return []vpn.LoginDecision{vpn.Deny(rs[0].ID, errCannotDecide)}
}

func latestDeadline(rs []login) time.Time {
	last := rs[0].Deadline
	for _, r := range rs {
		if r.Deadline.After(last) {
			last = r.Deadline
		}
	}
	return last
}

// answer sends decisions to the dataplane: those to sign-ins in a browser beside each other and all others, so that a worker
// that does not answer delays its own clients only.
func (d *decider) answer(ctx context.Context, ds []vpn.LoginDecision) {
	defer d.deciding.Add(-int64(len(ds)))
	var sent sync.WaitGroup
	defer sent.Wait()
	others := make([]vpn.LoginDecision, 0, len(ds))
	for _, decision := range ds {
		if id, ok := d.browsers.ended.LoadAndDelete(decision.ID); ok {
			sent.Go(func() { d.answerSignIn(ctx, id.(vpn.BrowserSignInID), decision) }) //nolint:forcetypeassert // it has no others
			continue
		}
		others = append(others, decision)
	}
	if len(others) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	if err := d.dataplane.Decide(ctx, others); err != nil && vpn.KindOf(err) != vpn.NotFound {
		d.core.Log.WarnContext(ctx, "answers to logins did not all reach the dataplane", "logins", len(others), "err", errorChain(err))
	}
}

// decideBatch decides logins in one transaction.
func (d *decider) decideBatch(ctx context.Context, rs []login) ([]vpn.LoginDecision, error) {
	var b *batch
	err := d.core.Update(ctx, func(tx *store.Tx) error {
		b = &batch{decider: d, tx: tx, contexts: map[vpn.EndpointID]*loginContext{}}
		var err error
		if b.barred, err = tx.BarredFor(ctx, d.core.Now(), requests(rs)...); err != nil {
			return err
		}
		if b.devices, err = devicesOf(ctx, tx, rs); err != nil {
			return err
		}
		if b.users, err = tx.VPNUsersOf(ctx, refsOf(rs)...); err != nil {
			return err
		}
		for _, r := range rs {
			decision, err := b.decide(ctx, r)
			if err != nil {
				return err
			}
			b.decisions = append(b.decisions, decision)
		}
		return b.save(ctx)
	})
	if err != nil {
		return nil, err
	}
	return b.decisions, nil
}

// batch is the logins that one transaction decides.
type batch struct {
	*decider
	tx          *store.Tx
	barred      vpn.Barred               // that may be about one of the logins
	devices     vpn.Devices              // whose certificates logins have
	used        []vpn.DeviceID           // by the granted logins
	users       map[vpn.UserRef]vpn.User // those that are known
	seen        []vpn.Sighting
	contexts    map[vpn.EndpointID]*loginContext
	decisions   []vpn.LoginDecision
	connections []vpn.Connection    // to be created
	sessions    []vpn.Session       // likewise
	signIns     []vpn.BrowserSignIn // that refusals end
}

func requests(ls []login) []vpn.LoginRequest {
	rs := make([]vpn.LoginRequest, len(ls))
	for i, l := range ls {
		rs[i] = l.LoginRequest
	}
	return rs
}

func (b *batch) decide(ctx context.Context, r login) (vpn.LoginDecision, error) {
	at := b.contexts[r.Endpoint]
	if at == nil {
		found, err := b.loginContext(ctx, b.tx, r.Endpoint)
		if vpn.KindOf(err) == vpn.NotFound { // deleted while its client was on the way
			found.gone, err = true, nil
		}
		if err != nil {
			return vpn.LoginDecision{}, err
		}
		at = &found
		b.contexts[r.Endpoint] = at
	}
	switch {
	case at.gone:
		return vpn.Deny(r.ID, errEndpointGone), nil
	case time.Now().After(r.Deadline): // the dataplane has answered it by now
		return vpn.Deny(r.ID, errCannotDecide), nil
	}
	if r.signIn == "" {
		return b.decideLogin(ctx, at, r)
	}
	return b.decideSignIn(ctx, at, r)
}

// save writes what the granted logins begin, and who was seen.
func (b *batch) save(ctx context.Context) error {
	if err := b.tx.SeeUser(ctx, b.seen...); err != nil {
		return err
	}
	if err := b.tx.UseDevices(ctx, b.core.Now(), b.used...); err != nil {
		return err
	}
	if err := b.noteCertificates(ctx); err != nil {
		return err
	}
	for _, s := range b.signIns {
		if err := b.tx.SaveBrowserSignIn(ctx, s); err != nil {
			return err
		}
	}
	if len(b.sessions) > 0 {
		if err := b.tx.CreateVPNSession(ctx, b.sessions...); err != nil {
			return err
		}
	}
	if len(b.connections) == 0 {
		return nil
	}
	return b.tx.CreateConnection(ctx, b.connections...)
}

// loginContext is what logins to one endpoint are decided by.
type loginContext struct {
	endpoint     vpn.Endpoint
	associations []vpn.Association
	state        vpn.EndpointState
	issuers      vpn.Issuers      // of the client certificates
	authorities  vpn.Authorities  // that OpenVPN verifies them with, and issuers
	places       vpn.Places       // of its connections
	share        vpn.Share        // of each client certificate
	directory    vpn.Directory    // that proves its users; zero where it asks for no passwords
	saml         vpn.SAMLProvider // likewise; zero where its users do not sign in in a browser
	gone         bool
}

// holds tells whether a proof is by the endpoint's identity provider as it is now.
func (at *loginContext) holds(p vpn.Proof) bool {
	if at.endpoint.Federated() {
		return p.HoldsAt(at.saml)
	}
	return p.Holds(at.directory)
}

func (d *decider) loginContext(ctx context.Context, tx *store.Tx, id vpn.EndpointID) (loginContext, error) {
	e, err := tx.Endpoint(ctx, id)
	if err != nil {
		return loginContext{}, err
	}
	associations, err := tx.AssociationsOf(ctx, e.ID)
	if err != nil {
		return loginContext{}, err
	}
	observed, err := d.core.Observations(ctx, tx, e.ID)
	if err != nil {
		return loginContext{}, err
	}
	deployment, err := d.core.Deployment(ctx, tx)
	if err != nil {
		return loginContext{}, err
	}
	places, err := tx.Places(ctx, e.ID)
	if err != nil {
		return loginContext{}, err
	}
	places.Limit = deployment.Quotas.ConnectionLimit(countStaying(associations))
	at := loginContext{
		endpoint: e, places: places, share: deployment.Share,
		associations: associations, state: e.State(associations, observed[e.ID]),
	}
	if e.AsksPassword() {
		if at.directory, err = tx.Directory(ctx, e.Directory); err != nil {
			return loginContext{}, err
		}
	}
	if e.Federated() {
		if at.saml, err = tx.SAMLProvider(ctx, e.SAML); err != nil {
			return loginContext{}, err
		}
	}
	if e.Mutual() {
		var cas []vpn.Certificate
		var anchors []string
		for _, id := range e.ClientAuthorities() {
			ca, err := tx.Certificate(ctx, id)
			if err != nil {
				return loginContext{}, err
			}
			cas, anchors = append(cas, ca), append(anchors, ca.TrustAnchor())
		}
		at.issuers = vpn.RequiredIssuers(cas...)
		at.authorities = vpn.AuthoritiesIn(anchors...).With(at.issuers...)
	}
	return at, nil
}

// countStaying counts the associations that are not being removed.
func countStaying(associations []vpn.Association) int {
	n := 0
	for _, a := range associations {
		if a.Removed == 0 {
			n++
		}
	}
	return n
}
