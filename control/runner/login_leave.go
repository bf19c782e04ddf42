package runner

import "sync"

// loginClient is the client of a login that the dataplane has sent.
type loginClient struct {
	left chan struct{} // closed when its client waits no longer
	once sync.Once     // closes left
}

func newLoginClient() *loginClient { return &loginClient{left: make(chan struct{})} }

func (c *loginClient) leave() { c.once.Do(func() { close(c.left) }) }

// hasLeft tells whether the client waits no longer.
func (c *loginClient) hasLeft() bool {
	select {
	case <-c.left:
		return true
	default:
		return false
	}
}

// leave has a login wait no longer for a sign-in in a browser.
func (d *decider) leave(id string) {
	if client, ok := d.received.Load(id); ok {
		client.(*loginClient).leave() //nolint:forcetypeassert // it has no others
	}
	d.browsers.leave(func(waiting string) bool { return waiting == id })
}

// leaveOthers has all logins wait no longer that the dataplane does not have any more: it has others only.
func (d *decider) leaveOthers(has map[string]bool) {
	d.received.Range(func(id, client any) bool {
		if !has[id.(string)] { //nolint:forcetypeassert // it has no others
			client.(*loginClient).leave() //nolint:forcetypeassert // likewise
		}
		return true
	})
	d.browsers.leave(func(id string) bool { return !has[id] })
}

// leave has those logins wait no longer.
func (b *browsers) leave(these func(id string) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, w := range b.waiting {
		if these(id) {
			w.client.leave()
		}
	}
}
