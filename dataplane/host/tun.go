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
	// DevicePrefix begins the name of every tun device of ours, so that an administrator can write one
	// rule for all of them in another firewall.
	DevicePrefix = "sp"
	// deviceAlias marks a device as ours, whatever its name.
	deviceAlias = "sallyport"
	// DeviceGroup is the kernel's group of every tun device of ours ("group 1397773651" in ip link):
	// a packet filter rule can match all of them, and no other device, by one number.
	DeviceGroup = 0x53505553
)

// Tun is the device of one worker. It is persistent: it stays, with its address and routes, when the
// worker that has it open ends.
type Tun struct {
	Name     string
	UID, GID uint32     // the user and group that may open it without any capability
	MTU      int        // 0 means 1500
	Queue    int        // length in packets; 0 means 1000. Bursts to clients wait here and not in the worker
	Address  netip.Addr // the gateway's address inside the tunnel, set as /32; may be on several devices
}

// DeviceName is the name of an endpoint's n-th device. The kernel allows 15 bytes, so it has ten digits
// of the identifier, and n must be below 100.
func DeviceName(id vpn.EndpointID, n int) string {
	s := string(id)
	return fmt.Sprintf("%s%s-%d", DevicePrefix, s[strings.LastIndexByte(s, '-')+1:][:10], n)
}

// EnsureTun creates the device, or adopts an existing one of ours, and sets everything in t. It adopts
// a device that a running worker has open without disturbing the worker. The error is a *vpn.Error.
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
		if err := createTun(t); err != nil {
			return err
		}
		if link, err = netlink.LinkByName(t.Name); err != nil {
			return Unavailable(err, "The network device %s was removed while it was created.", t.Name)
		}
	case err != nil:
		return Unavailable(err, "The network devices of this host cannot be read.")
	case !isOurs(link):
		return refuseConflict("A network device named %s exists and was not made by this program; remove or rename it.", t.Name)
	default:
		if dev, ok := link.(*netlink.Tuntap); ok && (dev.Owner != t.UID || dev.Group != t.GID) {
			if err := createTun(t); err != nil {
				return err
			}
		}
	}
	return t.configure(link)
}

// createTun creates the device, or opens the existing one, and sets its owner.
func createTun(t Tun) error {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return Unavailable(err, "/dev/net/tun cannot be opened, so no tunnel device can be created.")
	}
	defer func() { _ = unix.Close(fd) }()
	req, err := unix.NewIfreq(t.Name)
	if err != nil {
		return refuseConflict("%q is not a name for a network device.", t.Name)
	}
	req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, req); err != nil {
		return Unavailable(err, "The tunnel device %s cannot be created or is held open by another program.", t.Name)
	}
	err = errors.Join(
		unix.IoctlSetInt(fd, unix.TUNSETOWNER, int(t.UID)),
		unix.IoctlSetInt(fd, unix.TUNSETGROUP, int(t.GID)),
	)
	if err != nil {
		return Unavailable(err, "The tunnel device %s cannot be given to its worker.", t.Name)
	}
	// Make it persistent last: if this process ends before, the kernel deletes the device. A persistent
	// device without our alias would never be deleted.
	link, err := netlink.LinkByName(t.Name)
	if err == nil {
		err = netlink.LinkSetAlias(link, deviceAlias)
	}
	if err != nil {
		return Unavailable(err, "The network device %s cannot be marked as ours.", t.Name)
	}
	if err := unix.IoctlSetInt(fd, unix.TUNSETPERSIST, 1); err != nil {
		return Unavailable(err, "The tunnel device %s cannot be made persistent.", t.Name)
	}
	return nil
}

func (t Tun) configure(link netlink.Link) error {
	steps := []func() error{
		func() error { return netlink.LinkSetMTU(link, t.MTU) },
		func() error { return netlink.LinkSetTxQLen(link, t.Queue) },
		func() error {
			if link.Attrs().Group == DeviceGroup { // writing it again would be news to Watch, see setOnlyAddress
				return nil
			}
			return netlink.LinkSetGroup(link, DeviceGroup)
		},
		func() error { return setDeviceSettings(t.Name) },
		func() error { return setOnlyAddress(link, t.Address) },
		func() error { return netlink.LinkSetUp(link) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return Unavailable(err, "The tunnel device %s cannot be set up.", t.Name)
		}
	}
	return nil
}

// setDeviceSettings writes the kernel settings of one of our devices. They end with the device.
func setDeviceSettings(name string) error {
	for key, value := range map[string]string{
		"ipv4/conf/%s/forwarding":       "1",
		"ipv4/conf/%s/rp_filter":        "0", // OpenVPN and the packet filter check source addresses; a third check would cost every packet a route lookup
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

// setOnlyAddress makes addr the only address of the device.
func setOnlyAddress(link netlink.Link, addr netip.Addr) error {
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
	if present { // setting it again would signal Watch, whose caller would call EnsureTun again
		return nil
	}
	return netlink.AddrReplace(link, &netlink.Addr{IPNet: want})
}

// DeleteTun deletes a device of ours with its routes; a missing one is no error.
func DeleteTun(name string) error {
	link, err := netlink.LinkByName(name)
	var absent netlink.LinkNotFoundError
	switch {
	case errors.As(err, &absent):
		return nil
	case err != nil:
		return Unavailable(err, "The network devices of this host cannot be read.")
	case !isOurs(link):
		return refuseConflict("The network device %s was not made by this program.", name)
	}
	if err := netlink.LinkDel(link); err != nil && !errors.Is(err, unix.ENODEV) {
		return Unavailable(err, "The tunnel device %s cannot be removed.", name)
	}
	return nil
}

// Tuns lists the names of all our devices, sorted.
func Tuns() ([]string, error) {
	links, err := repeatDump(netlink.LinkList)
	if err != nil {
		return nil, Unavailable(err, "The network devices of this host cannot be read.")
	}
	var names []string
	for _, l := range links {
		if isOurs(l) {
			names = append(names, l.Attrs().Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func isOurs(l netlink.Link) bool {
	dev, ok := l.(*netlink.Tuntap)
	return ok && dev.Mode == netlink.TUNTAP_MODE_TUN && l.Attrs().Alias == deviceAlias
}

func hostNet(a netip.Addr) *net.IPNet {
	return &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(a.BitLen(), a.BitLen())}
}
