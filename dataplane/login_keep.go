package dataplane

import (
	"time"

	"sallyport/dataplane/journal"
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// A login whose user signs in in the browser outlives this process: the page that the person is on still has its client.

// pendedLogin is what the journal has of such a login, without password and answer. Its field names are read by other
// versions of the program.
type pendedLogin struct {
	Request     vpn.LoginRequest `json:"request"`
	Pending     vpn.LoginPending `json:"pending"`
	Told        bool             `json:"told"` // the worker has said that it told the client
	Certificate string           `json:"certificate,omitempty"`
	Named       bool             `json:"named,omitempty"`
	Waits       bool             `json:"waits,omitempty"`
	Instance    string           `json:"instance"`
	Device      string           `json:"device"`
	CID         ovpn.CID         `json:"cid"`
	KID         ovpn.KID         `json:"kid"`
	Began       time.Duration    `json:"began"` // in session.Uptime
	Until       time.Duration    `json:"until"` // likewise
}

func (l pendedLogin) client() session.Client { return session.Client{Instance: l.Instance, CID: l.CID} }

// journalLogin writes a pended login. Where that fails the next process has its client begin anew.
func (ep *endpoint) journalLogin(p *pending) {
	err := ep.journal.Put(journal.Logins, p.request.ID, pendedLogin{
		Request: p.request, Pending: *p.pend, Told: p.told, Certificate: p.certificate, Named: p.named, Waits: p.waits,
		Instance: p.client.Instance, Device: p.device, CID: p.client.CID, KID: p.kid, Began: p.began, Until: p.until,
	})
	if err != nil {
		ep.log.Error("a login that waits for its user was not journalled", "err", err)
	}
}

func (ep *endpoint) unjournalLogin(id string) {
	if err := ep.journal.Remove(journal.Logins, id); err != nil {
		ep.log.Error("a login that no longer waits stays in the journal", "err", err)
	}
}

// adoptLogins takes the logins over that waited for their users at a worker that still runs. They wait again when the
// worker says that it has their clients. own does not run yet.
func (e *Engine) adoptLogins(logins []pendedLogin) {
	for _, l := range logins {
		ep := e.endpoint(l.Request.Endpoint)
		if l.Request.ID == "" || ep == nil || l.Pending.Validate() != nil || !ep.runs(l.Device, l.Instance) {
			_ = e.journal.Remove(journal.Logins, l.Request.ID)
			continue
		}
		ep.state.left[l.client()] = l
		e.logins.Expect(l.Request.ID)
	}
}

// runs tells whether a run of the worker on a device goes on. It runs in the owner goroutine, or before it.
func (ep *endpoint) runs(device, instance string) bool {
	for _, w := range ep.state.workers {
		if w.Device == device && w.Runs(instance) {
			return true
		}
	}
	return false
}

// comparePended compares the logins of a worker's process with the clients that it has and that no session is known of.
// Those that wait for a person go on, and are taken out of clients; all others are to be made again. It runs in the owner
// goroutine.
func (ep *endpoint) comparePended(n worker.Event, clients map[ovpn.CID]ovpn.StatusClient) {
	waits := func(cid ovpn.CID) bool {
		c, has := clients[cid]
		return has && !c.Addr.IsValid()
	}
	for _, p := range ep.state.pending {
		switch {
		case p.client.Instance != n.Instance:
		case p.pend != nil && waits(p.client.CID):
			p.conn = n.Conn
			delete(clients, p.client.CID)
			ep.tellAgain(p)
		default:
			ep.forgetLogin(p)
		}
	}
	for c, l := range ep.state.left {
		if c.Instance != n.Instance {
			continue
		}
		delete(ep.state.left, c)
		if !waits(c.CID) {
			ep.dropLogin(l.Request.ID)
			continue
		}
		delete(clients, c.CID)
		ep.waitAgain(n, l)
	}
}

// waitAgain has a login of an earlier process wait for its user and for web's decision. It runs in the owner goroutine.
func (ep *endpoint) waitAgain(n worker.Event, l pendedLogin) {
	now := session.Uptime()
	p := &pending{
		request: l.Request, certificate: l.Certificate, named: l.Named, waits: l.Waits, client: l.client(), device: l.Device, conn: n.Conn, kid: l.KID,
		began: min(l.Began, now), pend: &l.Pending, told: l.Told,
	}
	left := max(0, min(l.Until, p.began+vpn.SignInTime)-now)
	p.request.Deadline = ep.now().Add(left)
	ep.state.pending[p.request.ID], ep.state.waiting[p.client] = p, p
	ep.waitFor(p, left)
	ep.logins.Add(p.request)
	ep.tellAgain(p)
}

// tellAgain tells the client of a login how its user signs in, unless it is known to have been told: each time opens the
// browser. It runs in the owner goroutine.
func (ep *endpoint) tellAgain(p *pending) {
	if p.told {
		return
	}
	conn, text := p.conn, p.pend.Text()
	go func() {
		if err := ep.tellSignIn(ep.ctx, conn, p, text); err != nil && ep.ctx.Err() == nil {
			ep.log.Warn("a client was not told how its user signs in", "err", err)
		}
	}()
}

// dropLeft forgets the logins of an earlier process at a run that has ended. It runs in the owner goroutine.
func (ep *endpoint) dropLeft(instance string) {
	for c, l := range ep.state.left {
		if c.Instance == instance {
			delete(ep.state.left, c)
			ep.dropLogin(l.Request.ID)
		}
	}
}

// dropLogin forgets a login of an earlier process that does not wait again.
func (ep *endpoint) dropLogin(id string) {
	ep.unjournalLogin(id)
	ep.logins.Remove(id)
}
