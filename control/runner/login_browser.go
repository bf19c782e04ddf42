package runner

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"sallyport/control/turn"
	"sallyport/store"
	"sallyport/vpn"
)

// How many logins may wait for a sign-in in a browser: of one address, which may be that of a whole office, and in all. None
// waits for its turn.
var (
	browsersOfSource = turn.Limit{Places: 256, Wanted: 256}
	maxBrowsers      = turn.Limit{Places: 4096, Wanted: 4096}
)

const (
	// lookForDecisions is how often the database is asked for decisions that another process has taken, while logins wait.
	lookForDecisions = time.Second
	// pendMargin is how much longer than the sign-in the client waits, so that it is told the result.
	pendMargin = 8 * time.Second
	// keptCodes is how many codes of a client wait to be judged.
	keptCodes = 4
)

var errClientGone = errors.New("the dataplane does not answer; it repeats the login when it does")

// browsers are the logins that wait for sign-ins in a browser, each in a goroutine of its own. What they wait for is in the
// database.
type browsers struct {
	turns turn.Turns[netip.Addr] // by the source; the zero address: all

	mu      sync.Mutex          // guards waiting; held for no call
	waiting map[string]*browser // by the ID of the login

	ended sync.Map // the sign-ins of logins that are decided or about to be, by the ID of the login
}

// browser is one login that waits.
type browser struct {
	decided chan struct{}   // has room for one: the sign-in may have been decided
	codes   chan vpn.Secret // that were typed at the client
	client  *loginClient

	endpoint vpn.EndpointID
	from     netip.Addr
	since    time.Time
	signIn   vpn.BrowserSignInID // empty: it has none yet; guarded by browsers.mu
	leaves   bool                // it was told to give way; guarded by browsers.mu
	giveWay  chan struct{}       // closed when it is
}

func newBrowsers() *browsers { return &browsers{waiting: map[string]*browser{}} }

// enter adds a login. It is Unavailable where too many wait.
func (b *browsers) enter(ctx context.Context, r login) (w *browser, leave func(), err error) {
	source, err := b.turns.Take(ctx, r.Device.Addr().Unmap(), browsersOfSource)
	if err != nil {
		return nil, nil, errManyLogins.Because(err)
	}
	all, err := b.turns.Take(ctx, netip.Addr{}, maxBrowsers)
	if err != nil {
		source()
		return nil, nil, errManyLogins.Because(err)
	}
	w = &browser{decided: make(chan struct{}, 1), codes: make(chan vpn.Secret, keptCodes), client: r.client,
		endpoint: r.Endpoint, from: r.Device.Addr(), since: time.Now(), giveWay: make(chan struct{})}
	b.mu.Lock()
	b.waiting[r.ID] = w
	b.mu.Unlock()
	return w, func() {
		b.mu.Lock()
		delete(b.waiting, r.ID)
		b.mu.Unlock()
		all()
		source()
	}, nil
}

// waits tells whether a login waits. A code that was typed at its client is handed to it.
func (b *browsers) waits(r vpn.LoginRequest) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := b.waiting[r.ID]
	if w == nil {
		return false
	}
	if r.Answer != "" {
		select {
		case w.codes <- r.Answer:
		default: // it types faster than codes are judged
		}
	}
	return true
}

// wake has logins look at their sign-ins.
func (b *browsers) wake(logins []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range logins {
		if w := b.waiting[id]; w != nil {
			select {
			case w.decided <- struct{}{}:
			default:
			}
		}
	}
}

func (b *browsers) none() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting) == 0
}

// watchBrowsers wakes the logins whose sign-ins were decided, by this process or another, until ctx ends.
func (d *decider) watchBrowsers(ctx context.Context) {
	look := time.NewTicker(lookForDecisions)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		case <-d.signIns.Decided():
		}
		if d.browsers.none() {
			continue
		}
		decided, err := d.signIns.DecidedAt(ctx, d.node)
		if err != nil {
			if ctx.Err() == nil && vpn.KindOf(err) != vpn.Unavailable {
				d.core.Log.ErrorContext(ctx, "the decided sign-ins cannot be read", "err", errorChain(err))
			}
			continue
		}
		d.browsers.wake(decided)
	}
}

// proveInBrowser has the user of a login sign in in a browser, and waits for that. It is false where nothing is to be decided:
// the dataplane repeats the login, or its client waits no longer.
func (d *decider) proveInBrowser(ctx context.Context, e vpn.Endpoint, l *login) bool {
	l.proof = vpn.Proof{Provider: e.Provider()}
	if l.proof.Refused = d.refuseBefore(ctx, e, l.LoginRequest); l.proof.Refused != nil {
		return ctx.Err() == nil
	}
	w, leave, err := d.browsers.enter(ctx, *l)
	if err == nil {
		defer leave()
		err = d.awaitBrowser(ctx, e, l, w)
	}
	switch {
	case ctx.Err() != nil || errors.Is(err, errClientGone):
		d.received.Delete(l.ID)
		return false
	case err != nil:
		l.proof.Refused = d.refusalOf(ctx, e, err)
	}
	if l.signIn != "" {
		d.browsers.ended.Store(l.ID, l.signIn)
	}
	return true
}

// answerSignIn answers a login whose user has signed in in a browser, by itself, so that its page tells whether the client
// heard of it.
func (d *decider) answerSignIn(ctx context.Context, id vpn.BrowserSignInID, decision vpn.LoginDecision) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	err := d.dataplane.Decide(ctx, []vpn.LoginDecision{decision})
	gone := vpn.KindOf(err) == vpn.NotFound
	if err == nil || gone {
		err = d.signIns.End(ctx, id, decision, gone)
	}
	if err != nil {
		d.core.Log.WarnContext(ctx, "the answer to a sign-in in a browser did not reach the dataplane, or was not stored", "err", errorChain(err))
	}
}

// refuseBefore tells why a login is refused for every user, so that no person signs in for nothing. The decision looks at it
// again.
func (d *decider) refuseBefore(ctx context.Context, e vpn.Endpoint, r vpn.LoginRequest) (refused *vpn.Error) {
	err := d.core.Glance(ctx, func(tx *store.Tx) error {
		at, err := d.loginContext(ctx, tx, r.Endpoint)
		if err != nil {
			return err
		}
		barred, err := tx.BarredFor(ctx, d.core.Now(), r)
		if err != nil {
			return err
		}
		devices, err := devicesOf(ctx, tx, []login{{LoginRequest: r}})
		verified := at.authorities.Verify(r)
		if refused = devices.Judge(at.endpoint, verified); refused == nil {
			refused = vpn.DecideBefore(at.endpoint, at.state, at.associations, at.issuers, barred, verified)
		}
		return err
	})
	if err != nil {
		return d.refusalOf(ctx, e, err)
	}
	return refused
}

func (d *decider) awaitBrowser(ctx context.Context, e vpn.Endpoint, l *login, w *browser) (err error) {
	s, err := d.signIns.Begin(ctx, e.SAML, l.LoginRequest, d.node)
	if err != nil {
		return err
	}
	l.signIn = s.ID
	if err := d.makeRoom(ctx, e, w, s.ID); err != nil {
		return err
	}
	defer func() {
		if err != nil { // the refused attempt names the user who had signed in
			l.proof.User, l.proof.Version = s.User, s.Version
		}
	}()
	l.Deadline = time.Now().Add(s.ExpiresAt.Add(pendMargin).Sub(d.core.Now()))
	askedForCode := s.Method == vpn.SSOCRText
	if !l.Pending && s.Open(d.core.Now()) {
		if err := d.pend(ctx, s, d.invitation(s), w); err != nil {
			return err
		}
	}
	code := l.Answer
	for {
		if w.client.hasLeft() { // decideSignIn ends it
			return nil
		}
		now := d.core.Now()
		if waitsForCode := s.Code != "" && s.StateAt(now) == vpn.BrowserConfirmed; !s.Open(now) && !waitsForCode {
			l.proof = s.Proof(now)
			return nil
		} else if waitsForCode && !askedForCode {
			if err := d.pend(ctx, s, codePrompt("Type the code that the browser shows"), w); err != nil {
				return err
			}
			askedForCode = true
		}
		if code != "" {
			typed, right, err := d.signIns.Type(ctx, s.ID, code)
			switch code = ""; {
			case err != nil:
				return err
			case right:
				l.proof = typed.Proof(now)
				return nil
			case typed.StateAt(now) != vpn.BrowserRefused:
				if err := d.pend(ctx, typed, codePrompt("The code is wrong. Type the code that the browser shows after the sign-in"), w); err != nil {
					return err
				}
			}
			s = typed
			continue
		}
		if code, err = d.sleep(ctx, w, s.ExpiresAt.Sub(now)); err != nil {
			return err
		}
		if w.client.hasLeft() {
			continue
		}
		next, err := d.signIns.SignIn(ctx, s.ID)
		switch {
		case err == nil:
			s = next
		case vpn.KindOf(err) != vpn.Unavailable || !s.Open(d.core.Now()):
			return err
		}
	}
}

// sleep waits until a sign-in may have changed, and gives the code that was typed at the client meanwhile.
func (*decider) sleep(ctx context.Context, w *browser, most time.Duration) (code vpn.Secret, err error) {
	t := time.NewTimer(most)
	defer t.Stop()
	select {
	case <-w.decided:
	case code = <-w.codes:
	case <-t.C:
	case <-w.client.left:
	case <-w.giveWay:
		return "", errManySignIns
	case <-ctx.Done():
		return "", ctx.Err()
	}
	return code, nil
}

// invitation is what the client is told first: the link, or the text that has it.
func (d *decider) invitation(s vpn.BrowserSignIn) vpn.LoginPending {
	url := d.signIns.URL(s)
	if s.Method == vpn.SSOCRText {
		return codePrompt("Open " + url + " in a browser, sign in, and type the code that it shows")
	}
	return vpn.LoginPending{Method: s.Method, URL: url}
}

func codePrompt(text string) vpn.LoginPending {
	return vpn.LoginPending{Method: vpn.SSOCRText, Prompt: text}
}

// pend has the dataplane tell the client of a login how to go on. Where the dataplane does not have the login any more, its client
// has left. errClientGone: the dataplane does not answer, and repeats the login when it does again.
func (d *decider) pend(ctx context.Context, s vpn.BrowserSignIn, p vpn.LoginPending, w *browser) error {
	p.ID, p.Until = s.Login.ID, time.Now().Add(s.ExpiresAt.Add(pendMargin).Sub(d.core.Now()))
	err := d.dataplane.Pend(ctx, p)
	switch vpn.KindOf(err) {
	case vpn.NotFound:
		w.client.leave()
		return nil
	case vpn.Unavailable:
		return errClientGone
	}
	return err
}

// decideSignIn decides a login whose user was to sign in in a browser, by the row of the sign-in as it is now, which a refusal
// ends. A login that is repeated after its decision is decided by the same row again.
func (b *batch) decideSignIn(ctx context.Context, at *loginContext, l login) (vpn.LoginDecision, error) {
	s, err := b.tx.BrowserSignIn(ctx, l.signIn)
	if vpn.KindOf(err) == vpn.NotFound {
		return vpn.Deny(l.ID, errCannotDecide), nil
	}
	if err != nil {
		return vpn.LoginDecision{}, err
	}
	if l.client.hasLeft() {
		s.Leave(b.core.Now())
	}
	if l.proof.Refused == nil {
		l.proof = s.Proof(b.core.Now())
	}
	d, err := b.decideLogin(ctx, at, l)
	if err == nil && !d.Allow {
		s.End(d, false)
		b.signIns = append(b.signIns, s)
	}
	return d, err
}
