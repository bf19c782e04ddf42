package dataplane

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

// hostPolicy is what the host's owner allows at all. No message from web can widen it: web is
// the process that strangers talk to. An absent file allows everything; one that cannot be read,
// or that others than root could have written, allows nothing.
type hostPolicy struct {
	Listen       []netip.Prefix `json:"listen"`                 // addresses that endpoints may listen on; empty: any
	Ports        []portRange    `json:"ports"`                  // empty: any
	Egress       []string       `json:"egress_interfaces"`      // that client traffic may leave by; empty: any
	Forbidden    []netip.Prefix `json:"forbidden_destinations"` // that no rule can open
	MaxEndpoints int            `json:"max_endpoints"`          // 0: no limit
	MaxWorkers   int            `json:"max_workers"`            // of one endpoint; 0: no limit
	MaxSessions  int            `json:"max_sessions"`           // of this host; 0: no limit
}

// portRange is "443" or "1194-1210".
type portRange struct{ first, last uint16 }

func (r *portRange) UnmarshalText(b []byte) error {
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

// policyFile reads the policy anew whenever its file changes.
type policyFile struct {
	path string

	mu      sync.Mutex
	stamp   stamp
	policy  hostPolicy
	problem string
}

// stamp tells one version of a file from another; its owner and mode are part of it, and the
// time of its last change of any kind, which nobody can set.
type stamp struct {
	inode   uint64
	size    int64
	changed syscall.Timespec
}

// get gives the policy in force, or a sentence why nothing is allowed.
func (f *policyFile) get() (hostPolicy, string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.path == "" {
		return hostPolicy{}, ""
	}
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		f.stamp = stamp{}
		return hostPolicy{}, ""
	}
	if err == nil {
		defer file.Close()
		err = f.read(file)
	}
	if err != nil {
		f.stamp = stamp{}
		return hostPolicy{}, "The host policy file " + f.path + " cannot be read, so nothing is allowed: " + err.Error()
	}
	return f.policy, f.problem
}

func (f *policyFile) read(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	st := info.Sys().(*syscall.Stat_t)
	now := stamp{inode: st.Ino, size: st.Size, changed: st.Ctim}
	if now == f.stamp {
		return nil
	}
	f.policy, f.problem = hostPolicy{}, ""
	if st.Uid != 0 || info.Mode().Perm()&0o022 != 0 {
		f.problem = "The host policy file " + f.path + " could have been written by others than root, so nothing is allowed. Make it root's own, mode 0644."
	} else if err := f.policy.decode(file); err != nil {
		f.policy = hostPolicy{}
		f.problem = "The host policy file " + f.path + " is malformed, so nothing is allowed: " + err.Error()
	}
	f.stamp = now
	return nil
}

// allowsListen tells why an endpoint may not listen there, or "".
func (p hostPolicy) allowsListen(l vpn.Listen) string {
	// "Every address" is allowed only where every address is.
	inside := func(q netip.Prefix) bool { return q.Contains(l.Addr) && (!l.Addr.IsUnspecified() || q.Bits() == 0) }
	if len(p.Listen) > 0 && !slices.ContainsFunc(p.Listen, inside) {
		return fmt.Sprintf("The host policy does not allow listening on %s.", l.Addr)
	}
	if len(p.Ports) > 0 && !slices.ContainsFunc(p.Ports, func(r portRange) bool { return r.first <= l.Port && l.Port <= r.last }) {
		return fmt.Sprintf("The host policy does not allow VPN port %d.", l.Port)
	}
	return ""
}

// allowsEgress tells why client traffic may not leave by the interface, or "".
func (p hostPolicy) allowsEgress(name string) string {
	if len(p.Egress) == 0 || slices.Contains(p.Egress, name) {
		return ""
	}
	return fmt.Sprintf("The host policy does not allow client traffic on interface %s.", name)
}

// forbids tells why nothing of a destination can be reached, or "".
func (p hostPolicy) forbids(destination netip.Prefix) string {
	for _, f := range p.Forbidden {
		if f.Bits() <= destination.Bits() && f.Contains(destination.Addr()) {
			return fmt.Sprintf("The host policy forbids %s, so this rule opens nothing.", f)
		}
	}
	return ""
}

// routes gives routes without what is forbidden.
func (p hostPolicy) routes(routes []netip.Prefix) []netip.Prefix {
	var out []netip.Prefix
	for _, r := range routes {
		out = append(out, vpn.Subtract(r, p.Forbidden)...)
	}
	return out
}
