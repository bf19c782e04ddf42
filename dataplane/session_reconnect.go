package dataplane

import (
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// reconnectSome asks some clients that were told an outdated state to connect again: they are back in about a second,
// in the same session and without a login, and learn the present one. Which clients these are is known from their
// sessions alone, so it goes on where it stopped when another process takes over. Called every second, it keeps to
// vpn.ReconnectPace. It runs in the owner goroutine.
func (ep *endpoint) reconnectSome() {
	d := ep.state.desired
	if d.PushGeneration == 0 || ep.applied.Load() < d.PushGeneration {
		return // as long as the change is not in effect, it interrupts no client
	}
	outdated := ep.sessions.TakeOutdated(d.PushGeneration, vpn.ReconnectPace)
	if len(outdated) == 0 {
		return
	}
	ep.log.Info("clients are reconnected because settings changed", "number", len(outdated), "generation", d.PushGeneration)
	again := ovpn.Restart("The settings of the VPN changed. Your client connects again.", true)
	ep.notify(ending{message: &again}, outdated)
}

// tell notes that a session's client is told the present state. It runs in the owner goroutine.
func (ep *endpoint) tell(s session.Session) session.Session {
	if told, ok := ep.sessions.Tell(s.Connection, ep.state.desired.Generation); ok {
		return told
	}
	return s
}
