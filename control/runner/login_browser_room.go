package runner

import (
	"context"

	"sallyport/vpn"
)

// errManySignIns refuses a login that gives way.
var errManySignIns = vpn.Refuse(vpn.Unavailable, vpn.CodeLoginNotDecided, "Too many sign-ins wait for their users at the moment. Your client tries again.")

// makeRoom notes the sign-in of a login that begins to wait, and has one login of its endpoint give way where too many wait.
func (d *decider) makeRoom(ctx context.Context, e vpn.Endpoint, w *browser, id vpn.BrowserSignInID) error {
	waiting := d.browsers.noted(e.ID, w, id)
	room := vpn.BrowserRoom(e.ClientCIDR)
	if len(waiting) <= room {
		return nil
	}
	ids := make([]vpn.BrowserSignInID, 0, len(waiting))
	all := make([]vpn.BrowserWaiter, 0, len(waiting))
	for login, other := range waiting {
		ids = append(ids, other.signIn)
		all = append(all, vpn.BrowserWaiter{Login: login, From: other.from, Since: other.since})
	}
	opened, err := d.signIns.Opened(ctx, ids...)
	if err != nil {
		return err
	}
	for i := range all {
		all[i].Opened = opened[string(waiting[all[i].Login].signIn)]
	}
	if login, ok := vpn.GivesWay(all, room); ok {
		d.browsers.tellToGiveWay(login)
	}
	return nil
}

// noted notes the sign-in of a login, and gives those of an endpoint that wait and have one, by their logins.
func (b *browsers) noted(endpoint vpn.EndpointID, w *browser, id vpn.BrowserSignInID) map[string]browser {
	b.mu.Lock()
	defer b.mu.Unlock()
	w.signIn = id
	out := map[string]browser{}
	for login, other := range b.waiting {
		if other.endpoint == endpoint && other.signIn != "" && !other.leaves {
			out[login] = *other
		}
	}
	return out
}

// tellToGiveWay has a login wait no longer.
func (b *browsers) tellToGiveWay(login string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if w := b.waiting[login]; w != nil && !w.leaves {
		w.leaves = true
		close(w.giveWay)
	}
}
