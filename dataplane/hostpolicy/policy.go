// Package hostpolicy reads the host policy file: what root allows endpoints of this host to do at
// all. No message from web can widen it.
package hostpolicy

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"sallyport/vpn"
)

// Policy is the content of the host policy file. Web answers requests from the network, so no
// message from web can widen the policy. The zero value allows everything.
type Policy struct {
	Listen       []netip.Prefix `json:"listen"`                 // addresses that endpoints may listen on; empty: any
	Ports        []PortRange    `json:"ports"`                  // empty: any
	Egress       []string       `json:"egress_interfaces"`      // that client traffic may leave by; empty: any
	Forbidden    []netip.Prefix `json:"forbidden_destinations"` // that no rule can open
	ClientRanges []netip.Prefix `json:"client_ranges"`          // that client CIDRs must lie in; empty: the private ones
	MaxEndpoints int            `json:"max_endpoints"`          // 0: 64
	MaxWorkers   int            `json:"max_workers"`            // of one endpoint; 0: no limit
	MaxSessions  int            `json:"max_sessions"`           // of this host; 0: no limit
}

// PortRange is a range of ports, both ends included: "443" or "1194-1210" in the file.
type PortRange struct{ first, last uint16 }

// UnmarshalText reads one port or a range.
func (r *PortRange) UnmarshalText(b []byte) error {
	from, to, ranged := strings.Cut(string(b), "-")
	if !ranged {
		to = from
	}
	first, err1 := strconv.ParseUint(strings.TrimSpace(from), 10, 16)
	last, err2 := strconv.ParseUint(strings.TrimSpace(to), 10, 16)
	if err := errors.Join(err1, err2); err != nil || first == 0 || last < first {
		return fmt.Errorf("%q is neither a port nor a range such as 1194-1210", b)
	}
	r.first, r.last = uint16(first), uint16(last)
	return nil
}

// File is the policy file of this host. It is read again whenever it changes on disk. A File is
// safe for concurrent use.
type File struct {
	path string

	mu      sync.Mutex // guards the fields below; held while the file is read
	stamp   stamp
	policy  Policy
	problem string
}

// stamp tells one version of a file from another. The time of the inode's last change covers the
// owner and the mode, and no program can set it.
type stamp struct {
	inode   uint64
	size    int64
	changed syscall.Timespec
}

// NewFile gives the policy file at path; "" stands for no file, which allows everything.
func NewFile(path string) *File { return &File{path: path} }

// Current gives the policy in force, or a sentence why nothing is allowed. An absent file allows
// everything; a file that cannot be read, or that an account other than root could have written,
// allows nothing.
func (f *File) Current() (Policy, string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.path == "" {
		return Policy{}, ""
	}
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		f.stamp = stamp{}
		return Policy{}, ""
	}
	if err == nil {
		defer file.Close()
		err = f.read(file)
	}
	if err != nil {
		f.stamp = stamp{}
		return Policy{}, "The host policy file " + f.path + " cannot be read, so nothing is allowed: " + err.Error()
	}
	return f.policy, f.problem
}

func (f *File) read(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	st := info.Sys().(*syscall.Stat_t)
	now := stamp{inode: st.Ino, size: st.Size, changed: st.Ctim}
	if now == f.stamp {
		return nil
	}
	f.policy, f.problem = Policy{}, ""
	if st.Uid != 0 || info.Mode().Perm()&0o022 != 0 {
		f.problem = "The host policy file " + f.path + " could have been written by others than root, so nothing is allowed. Make it root's own, mode 0644."
	} else if err := f.policy.decode(file); err != nil {
		f.policy = Policy{}
		f.problem = "The host policy file " + f.path + " is malformed, so nothing is allowed: " + err.Error()
	}
	f.stamp = now
	return nil
}

// AllowsAddress gives the sentence why an endpoint may not listen on an address, or "".
func (p Policy) AllowsAddress(a netip.Addr) string {
	// "Every address" is allowed only where every address is.
	inside := func(q netip.Prefix) bool { return q.Contains(a) && (!a.IsUnspecified() || q.Bits() == 0) }
	if len(p.Listen) > 0 && !slices.ContainsFunc(p.Listen, inside) {
		return fmt.Sprintf("The host policy does not allow listening on %s.", a)
	}
	return ""
}

// AllowsListen gives the sentence why an endpoint may not listen there, or "".
func (p Policy) AllowsListen(l vpn.Listen) string {
	if why := p.AllowsAddress(l.Addr); why != "" {
		return why
	}
	if len(p.Ports) > 0 && !slices.ContainsFunc(p.Ports, func(r PortRange) bool { return r.first <= l.Port && l.Port <= r.last }) {
		return fmt.Sprintf("The host policy does not allow VPN port %d.", l.Port)
	}
	return ""
}

// AllowsClients gives the sentence why clients may not have the addresses of a client CIDR, or "". Public
// addresses cut this host off from the hosts that have them, so root must have named their range.
func (p Policy) AllowsClients(client netip.Prefix) string {
	inside := func(q netip.Prefix) bool { return q.Bits() <= client.Bits() && q.Contains(client.Addr()) }
	switch {
	case slices.ContainsFunc(p.ClientRanges, inside), len(p.ClientRanges) == 0 && vpn.IsPrivateRange(client):
		return ""
	case len(p.ClientRanges) == 0:
		return fmt.Sprintf("The client CIDR %s has public addresses, and the host policy does not allow them: name the range in its client_ranges.", client)
	}
	return fmt.Sprintf("The host policy does not allow the client CIDR %s: it lies in none of its client_ranges.", client)
}

// Allows gives the sentence why the policy allows no such endpoint at all, or "".
func (p Policy) Allows(d vpn.Desired) string {
	if why := p.AllowsListen(d.Listen); why != "" {
		return why
	}
	return p.AllowsClients(d.ClientCIDR)
}

// AllowsEgress gives the sentence why client traffic may not leave by the interface, or "".
func (p Policy) AllowsEgress(name string) string {
	if len(p.Egress) == 0 || slices.Contains(p.Egress, name) {
		return ""
	}
	return fmt.Sprintf("The host policy does not allow client traffic on interface %s.", name)
}

// Forbids gives the sentence why no address of a destination can be reached, or "".
func (p Policy) Forbids(destination netip.Prefix) string {
	for _, f := range p.Forbidden {
		if f.Bits() <= destination.Bits() && f.Contains(destination.Addr()) {
			return fmt.Sprintf("The host policy forbids %s, so this rule opens nothing.", f)
		}
	}
	return ""
}

// ForbidsRoute gives the sentence why no route leads to an address of a destination, or "".
func (p Policy) ForbidsRoute(destination netip.Prefix) string {
	if p.Forbids(destination) == "" {
		return ""
	}
	return fmt.Sprintf("The host policy forbids %s.", destination)
}

// Narrow gives routes without the destinations that the policy forbids.
func (p Policy) Narrow(routes []netip.Prefix) []netip.Prefix {
	var out []netip.Prefix
	for _, r := range routes {
		out = append(out, vpn.Subtract(r, p.Forbidden)...)
	}
	return out
}
