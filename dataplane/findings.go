package dataplane

import (
	"slices"
	"sync"

	"sallyport/dataplane/host/firewall"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// findings is what was found out about the host that concerns every endpoint.
type findings struct {
	mu        sync.Mutex          // guards the fields below; no other lock is taken under it
	openvpn   string              // the version that runs
	missing   string              // the first prerequisite of tunnels that the host lacks, as a sentence
	obstacles []firewall.Obstacle // other firewalls that drop tunnel packets, or may

	examine chan struct{} // holds a signal where other firewalls are to be examined at once
}

func newFindings() *findings { return &findings{examine: make(chan struct{}, 1)} }

// examineFirewalls has other firewalls examined at once: there are packets that they have not been
// asked about.
func (f *findings) examineFirewalls() {
	select {
	case f.examine <- struct{}{}:
	default:
	}
}

func (f *findings) setPrerequisites(openvpn, missing string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.openvpn, f.missing = openvpn, missing
}

// prerequisites gives the version of OpenVPN, and the sentence about what the host lacks, or "".
func (f *findings) prerequisites() (openvpn, missing string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.openvpn, f.missing
}

// setObstacles tells whether the obstacles changed.
func (f *findings) setObstacles(found []firewall.Obstacle) (changed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	changed = !slices.Equal(found, f.obstacles)
	f.obstacles = found
	return changed
}

// obstacle gives the first firewall that drops an endpoint's packets and the first one that may, each
// as sentences with the remedy, or "".
func (f *findings) obstacle(id vpn.EndpointID) (drops, mayDrop string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, o := range f.obstacles {
		switch {
		case o.Endpoint != id:
		case o.Certain && drops == "":
			drops = o.Message + " To let them pass, run as root: " + o.Remedy
		case !o.Certain && mayDrop == "":
			mayDrop = o.Message + " The endpoint stays in service. To be sure that they pass, run as root: " + o.Remedy
		}
	}
	return drops, mayDrop
}

// slots are the workers that the host can run: a worker's uid and port follow from its slot.
type slots struct {
	mu    sync.Mutex // guards inUse; no other lock is taken under it
	inUse map[int]bool
}

// reserve takes a free slot; ok is false where none is free.
func (s *slots) reserve() (slot int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range worker.MaxSlots {
		if !s.inUse[n] {
			s.inUse[n] = true
			return n, true
		}
	}
	return 0, false
}

// hold takes the slot of an adopted worker; it is false where the slot is in use or does not exist.
func (s *slots) hold(slot int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slot < 0 || slot >= worker.MaxSlots || s.inUse[slot] {
		return false
	}
	s.inUse[slot] = true
	return true
}

func (s *slots) release(slot int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.inUse, slot)
}
