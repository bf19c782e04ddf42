package host

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"sallyport/vpn"
)

// Reservation binds a public port, so that no other program can bind it and an existing use is
// detected. Its socket is never read: the packet filter redirects the packets to workers before.
type Reservation struct {
	fd int
}

// Reserve binds the transport's port on addr (unspecified for every address). The error is a
// *vpn.Error; for a port in use it names the program that holds it, where /proc shows that.
func Reserve(transport vpn.Transport, addr netip.AddrPort) (*Reservation, error) {
	kind := unix.SOCK_DGRAM
	if transport == vpn.TCP {
		kind = unix.SOCK_STREAM // bound without listening, which is enough to hold the port
	}
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, Unavailable(err, "A port cannot be reserved.")
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1) // packets that arrive before the rules are discarded
	err = unix.Bind(fd, &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()})
	if err == nil {
		return &Reservation{fd: fd}, nil
	}
	_ = unix.Close(fd)
	name := strings.ToUpper(string(transport))
	where := "address " + addr.Addr().String()
	if addr.Addr().IsUnspecified() {
		where = "this host"
	}
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		by := ""
		if program, pid := findPortHolder(transport, addr); pid != 0 {
			by = fmt.Sprintf(" by %s (process %d)", program, pid)
		}
		return nil, vpn.Refuse(vpn.Conflict, vpn.CodePortTaken,
			fmt.Sprintf("%s port %d on %s is in use%s.", name, addr.Port(), where, by)).Because(err)
	case errors.Is(err, unix.EADDRNOTAVAIL):
		return nil, vpn.Refuse(vpn.Conflict, vpn.CodeAddressNotLocal, fmt.Sprintf("This host has no address %s to listen on.", addr.Addr())).Because(err)
	case errors.Is(err, unix.EACCES):
		return nil, vpn.Refuse(vpn.Unavailable, vpn.CodePortForbidden,
			fmt.Sprintf("%s port %d needs root or CAP_NET_BIND_SERVICE.", name, addr.Port())).Because(err)
	}
	return nil, Unavailable(err, "%s port %d on %s cannot be reserved.", name, addr.Port(), where)
}

// Close releases the port.
func (r *Reservation) Close() error { return unix.Close(r.fd) }

// PortTaken says which other program has a port, in a sentence; "" where none has. What this process itself holds is an endpoint's
// reservation, which the console knows better. The port is bound for a moment and released.
func PortTaken(transport vpn.Transport, addr netip.AddrPort) string {
	r, err := Reserve(transport, addr)
	if err == nil {
		_ = r.Close()
		return ""
	}
	refused, ok := errors.AsType[*vpn.Error](err)
	if !ok || refused.Code != vpn.CodePortTaken {
		return ""
	}
	if _, pid := findPortHolder(transport, addr); pid == os.Getpid() {
		return ""
	}
	return refused.Msg
}

// findPortHolder returns the program that holds a port and its process; 0 where /proc does not show it.
func findPortHolder(transport vpn.Transport, addr netip.AddrPort) (program string, pid int) {
	inodes := map[string]bool{}
	for _, table := range []string{"", "6"} {
		raw, err := os.ReadFile("/proc/net/" + string(transport) + table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(raw)) {
			f := strings.Fields(line)
			if len(f) > 9 && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", addr.Port())) && f[9] != "0" {
				inodes["socket:["+f[9]+"]"] = true
			}
		}
	}
	fds, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, fd := range fds {
		if target, err := os.Readlink(fd); err == nil && inodes[target] {
			holder := strings.Split(fd, "/")[2]
			comm, _ := os.ReadFile("/proc/" + holder + "/comm")
			pid, _ = strconv.Atoi(holder)
			return strings.TrimSpace(string(comm)), pid
		}
	}
	return "", 0
}
