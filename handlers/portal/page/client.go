package page

import (
	"cmp"
	"regexp"
)

// The client chooses what it says of itself, and a person compares it: another person's client must not be able to speak
// to the reader of the page. So it gets words of ours, or one word without spaces.

// platforms are what clients call the systems that they run on (IV_PLAT).
var platforms = map[string]string{"win": "Windows", "mac": "macOS", "linux": "Linux", "android": "Android", "ios": "iOS", "freebsd": "FreeBSD", "openbsd": "OpenBSD"}

// PlatformName is the system that a client said it runs on.
func PlatformName(said string) string { return cmp.Or(platforms[said], unknown) }

// ClientName is the program that a client said it is.
func ClientName(said string) string {
	if !version.MatchString(said) {
		return unknown
	}
	if said[0] >= '0' && said[0] <= '9' { // openvpn itself sends its version alone
		return "OpenVPN " + said
	}
	return said
}

const unknown = "unknown"

// version is the form of the versions that clients send (IV_GUI_VER, IV_VER), for example OCWindows_3.4.4 and
// OpenVPN3/Linux/v23.
var version = regexp.MustCompile(`^[A-Za-z0-9._+/-]{1,48}$`)
