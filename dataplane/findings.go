package dataplane

import (
	"sync"

	"sallyport/dataplane/host/firewall"
	"sallyport/dataplane/worker"
)

// findings is what was found out about the host that concerns every endpoint.
type findings struct {
	mu        sync.Mutex          // guards the fields below; no other lock is taken under it
	openvpn   string              // the version that runs
	missing   string              // the first prerequisite of tunnels that the host lacks, as a sentence
	obstacles []firewall.Obstacle // other firewalls that drop tunnel packets
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

// setObstacles tells whether the number of obstacles changed.
func (f *findings) setObstacles(found []firewall.Obstacle) (changed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	changed = len(found) != len(f.obstacles)
	f.obstacles = found
	return changed
}

// obstacle is the first obstacle as a sentence with its remedy, or "".
func (f *findings) obstacle() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.obstacles) == 0 {
		return ""
	}
	return f.obstacles[0].Message + " " + f.obstacles[0].Remedy
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
