package vpn

import "slices"

// Platform is a system on which users connect.
type Platform string

// The platforms, in the order in which pages list them.
const (
	Windows Platform = "windows"
	MacOS   Platform = "macos"
	Linux   Platform = "linux"
	IOS     Platform = "ios"
	Android Platform = "android"
)

// Platforms lists the platforms.
func Platforms() []Platform { return []Platform{Windows, MacOS, Linux, IOS, Android} }

// Label is the platform as its users call it.
func (p Platform) Label() string {
	switch p {
	case Windows:
		return "Windows"
	case MacOS:
		return "macOS"
	case Linux:
		return "Linux"
	case IOS:
		return "iPhone, iPad"
	default:
		return "Android"
	}
}

// ClientNeeds are what the sign-in of an endpoint asks of a program.
type ClientNeeds struct {
	Browser bool // users sign in in the browser, which the program opens
	Code    bool // users type an MFA code besides the password
}

// ClientProgramID identifies a program.
type ClientProgramID string

// The programs.
const (
	OpenVPNConnect    ClientProgramID = "openvpn-connect"
	OpenVPNGUI        ClientProgramID = "openvpn-gui"
	Tunnelblick       ClientProgramID = "tunnelblick"
	Viscosity         ClientProgramID = "viscosity"
	NetworkManager    ClientProgramID = "networkmanager"
	OpenVPNTerminal   ClientProgramID = "openvpn"
	OpenVPNForAndroid ClientProgramID = "openvpn-for-android"
)

// ClientProgram is a program of others with which users connect, on one platform.
type ClientProgram struct {
	ID       ClientProgramID
	Platform Platform
	Name     string
	Site     string // the page of its makers or of the platform's store, where it is downloaded; empty: a package of the system
	can      ClientNeeds
	Terminal bool // it has no window: where users sign in in the browser, it takes the file for the command line
}

// clientPrograms lists the programs in the order in which a platform's users are advised to use them. What a program can is
// what its makers say, but for NetworkManager and the command line, which were tried.
var clientPrograms = []ClientProgram{
	{ID: OpenVPNConnect, Platform: Windows, Name: "OpenVPN Connect", Site: "https://openvpn.net/client/", can: ClientNeeds{true, true}},
	{ID: OpenVPNGUI, Platform: Windows, Name: "OpenVPN GUI", Site: "https://openvpn.net/community-downloads/", can: ClientNeeds{true, true}},
	{ID: Viscosity, Platform: Windows, Name: "Viscosity", Site: "https://www.sparklabs.com/viscosity/", can: ClientNeeds{true, true}},
	{ID: OpenVPNConnect, Platform: MacOS, Name: "OpenVPN Connect", Site: "https://openvpn.net/client/", can: ClientNeeds{true, true}},
	{ID: Tunnelblick, Platform: MacOS, Name: "Tunnelblick", Site: "https://tunnelblick.net/downloads.html", can: ClientNeeds{true, true}},
	{ID: Viscosity, Platform: MacOS, Name: "Viscosity", Site: "https://www.sparklabs.com/viscosity/", can: ClientNeeds{true, true}},
	{ID: NetworkManager, Platform: Linux, Name: "NetworkManager"},
	{ID: OpenVPNTerminal, Platform: Linux, Name: "OpenVPN in a terminal", can: ClientNeeds{true, true}, Terminal: true},
	{ID: OpenVPNConnect, Platform: IOS, Name: "OpenVPN Connect", Site: "https://apps.apple.com/app/openvpn-connect/id590379981", can: ClientNeeds{true, true}},
	{ID: OpenVPNConnect, Platform: Android, Name: "OpenVPN Connect", Site: "https://play.google.com/store/apps/details?id=net.openvpn.openvpn", can: ClientNeeds{true, true}},
	{ID: OpenVPNForAndroid, Platform: Android, Name: "OpenVPN for Android", Site: "https://play.google.com/store/apps/details?id=de.blinkt.openvpn", can: ClientNeeds{true, true}},
}

// Suits tells whether users can sign in with the program.
func (c ClientProgram) Suits(n ClientNeeds) bool {
	return (c.can.Browser || !n.Browser) && (c.can.Code || !n.Code)
}

// ClientPrograms lists the programs of a platform.
func ClientPrograms(p Platform) []ClientProgram {
	return slices.DeleteFunc(slices.Clone(clientPrograms), func(c ClientProgram) bool { return c.Platform != p })
}

// SuitingPrograms lists those with which users can sign in. There is one at least on every platform.
func SuitingPrograms(p Platform, n ClientNeeds) []ClientProgram {
	return slices.DeleteFunc(ClientPrograms(p), func(c ClientProgram) bool { return !c.Suits(n) })
}
