package host

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/vpn"
)

const (
	// DevicePrefix begins the name of every tun device of ours. It lets an administrator write
	// one rule for all of them into a firewall of his own.
	DevicePrefix = "sp"
	// deviceAlias is how a device is known to be ours, whatever its name.
	deviceAlias = "sallyport"
)

// Tun is one worker's device. It is persistent: it stays, with address and routes, when the
// worker that has it open dies.
type Tun struct {
	Name     string
	UID, GID uint32     // who may open it without any capability
	MTU      int        // 0 means 1500
	Queue    int        // packets; 0 means 1000: bursts towards a client wait here, not in the worker
	Address  netip.Addr // the gateway's address inside the tunnel, set as /32; may be on several devices
}

// DeviceName is the name of an endpoint's n-th device: 15 bytes at most, so ten digits of the
// identifier and n below 100.
func DeviceName(id vpn.EndpointID, n int) string {
	s := string(id)
	return fmt.Sprintf("%s%s-%d", DevicePrefix, s[strings.LastIndexByte(s, '-')+1:][:10], n)
}

// EnsureTun creates the device or adopts the one that is there, and sets all that Tun says. A
// device that a running worker holds open is adopted without disturbing it.
func EnsureTun(t Tun) error {
	if t.MTU == 0 {
		t.MTU = 1500
	}
	if t.Queue == 0 {
		t.Queue = 1000
	}
	link, err := netlink.LinkByName(t.Name)
	var absent netlink.LinkNotFoundError
	switch {
	case errors.As(err, &absent):
		if err := open(t); err != nil {
			return err
		}
		if link, err = netlink.LinkByName(t.Name); err != nil {
			return Unavailable(err, "The network device %s vanished while it was created.", t.Name)
		}
	case err != nil:
		return Unavailable(err, "The network devices of this host cannot be read.")
	case !ours(link):
		return refuseConflict("A network device named %s exists and was not made by this program; remove or rename it.", t.Name)
	default:
		if dev, ok := link.(*netlink.Tuntap); ok && (dev.Owner != t.UID || dev.Group != t.GID) {
			if err := open(t); err != nil {
				return err
			}
		}
	}
	return t.configure(link)
}

// open makes the device, or opens the existing one, and hands it to its owner.
func open(t Tun) error {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return Unavailable(err, "/dev/net/tun cannot be opened, so no tunnel device can be made.")
	}
	defer func() { _ = unix.Close(fd) }()
	req, err := unix.NewIfreq(t.Name)
	if err != nil {
		return refuseConflict("%q is not a name for a network device.", t.Name)
	}
	req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, req); err != nil {
		return Unavailable(err, "The tunnel device %s cannot be made or is held open by another program.", t.Name)
	}
	err = errors.Join(
		unix.IoctlSetInt(fd, unix.TUNSETOWNER, int(t.UID)),
		unix.IoctlSetInt(fd, unix.TUNSETGROUP, int(t.GID)),
	)
	if err != nil {
		return Unavailable(err, "The tunnel device %s cannot be given to its worker.", t.Name)
	}
	// What makes it stay comes last: if we die before, it goes with us, and a device without our
	// mark would be nobody's to remove.
	link, err := netlink.LinkByName(t.Name)
	if err == nil {
		err = netlink.LinkSetAlias(link, deviceAlias)
	}
	if err != nil {
		return Unavailable(err, "The network device %s cannot be marked as ours.", t.Name)
	}
	if err := unix.IoctlSetInt(fd, unix.TUNSETPERSIST, 1); err != nil {
		return Unavailable(err, "The tunnel device %s cannot be made to stay.", t.Name)
	}
	return nil
}

func (t Tun) configure(link netlink.Link) error {
	steps := []func() error{
		func() error { return netlink.LinkSetMTU(link, t.MTU) },
		func() error { return netlink.LinkSetTxQLen(link, t.Queue) },
		func() error { return settle(t.Name) },
		func() error { return onlyAddress(link, t.Address) },
		func() error { return netlink.LinkSetUp(link) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return Unavailable(err, "The tunnel device %s cannot be set up.", t.Name)
		}
	}
	return nil
}

// settle writes the settings of a device that is ours alone; they end with it.
func settle(name string) error {
	for key, value := range map[string]string{
		"ipv4/conf/%s/forwarding":       "1",
		"ipv4/conf/%s/rp_filter":        "0", // OpenVPN and the packet filter know which address comes from whom; a third look would cost every packet a route
		"ipv4/conf/%s/send_redirects":   "0", // two clients on one device must not be told to talk directly
		"ipv4/conf/%s/accept_redirects": "0",
		"ipv6/conf/%s/disable_ipv6":     "1",
	} {
		path := fmt.Sprintf("/proc/sys/net/"+key, name)
		err := os.WriteFile(path, []byte(value), 0)
		if err != nil && !(errors.Is(err, os.ErrNotExist) && strings.Contains(key, "ipv6")) {
			return err
		}
	}
	return nil
}

// onlyAddress leaves exactly addr on the device.
func onlyAddress(link netlink.Link, addr netip.Addr) error {
	have, err := netlink.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	want := hostNet(addr)
	present := false
	for _, a := range have {
		if a.IPNet.String() == want.String() {
			present = true
			continue
		}
		if err := netlink.AddrDel(link, &a); err != nil {
			return err
		}
	}
	if present { // writing it again would be news to Watch, whose listener would come here again
		return nil
	}
	return netlink.AddrReplace(link, &netlink.Addr{IPNet: want})
}

// DeleteTun removes a device of ours with its routes; one that is not there is no error.
func DeleteTun(name string) error {
	link, err := netlink.LinkByName(name)
	var absent netlink.LinkNotFoundError
	switch {
	case errors.As(err, &absent):
		return nil
	case err != nil:
		return Unavailable(err, "The network devices of this host cannot be read.")
	case !ours(link):
		return refuseConflict("The network device %s was not made by this program.", name)
	}
	if err := netlink.LinkDel(link); err != nil && !errors.Is(err, unix.ENODEV) {
		return Unavailable(err, "The tunnel device %s cannot be removed.", name)
	}
	return nil
}

// Tuns lists the names of all devices of ours, in order.
func Tuns() ([]string, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, Unavailable(err, "The network devices of this host cannot be read.")
	}
	var names []string
	for _, l := range links {
		if ours(l) {
			names = append(names, l.Attrs().Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func ours(l netlink.Link) bool {
	dev, ok := l.(*netlink.Tuntap)
	return ok && dev.Mode == netlink.TUNTAP_MODE_TUN && l.Attrs().Alias == deviceAlias
}

func hostNet(a netip.Addr) *net.IPNet {
	return &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(a.BitLen(), a.BitLen())}
}
