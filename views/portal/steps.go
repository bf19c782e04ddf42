package portal

import (
	"net/url"

	"github.com/a-h/templ"

	"sallyport/vpn"
)

// ClientSteps is how to connect with a program, in four steps.
type ClientSteps struct {
	Program vpn.ClientProgram
	Needs   vpn.ClientNeeds
	File    string // the name of the file; empty: the user has several, or one for each device
	Devices bool   // the file is made for a device, by the button Add a device
	Others  []vpn.ClientProgram
	Unfit   []vpn.ClientProgram // those of the platform with which users cannot sign in
	Install *Installer          // what the administrators offer for the platform; nil: nothing
	// Link tells that the page is that of a one-time link: its visitor has not signed in.
	Link     bool
	Password bool // with Link: users type a user name and a password
	Fetched  bool // likewise: the file was downloaded
	Untold   bool // likewise: the visitor is not told what the sign-in asks for
}

// choice is the address of the same page with another platform or program chosen.
func (s ClientSteps) choice(p vpn.Platform, program vpn.ClientProgramID) templ.SafeURL {
	q := url.Values{"platform": {string(p)}}
	if program != "" {
		q.Set("program", string(program))
	}
	address := "?" + q.Encode() + "#steps"
	if s.Link {
		return templ.URL(address) // the page that shows it, whose address has the secret of the link
	}
	return templ.URL("/portal" + address)
}

// Installer is a program that the administrators offer.
type Installer struct {
	Label    string // what it is
	Href     string
	Size     string // empty: it is a link
	Checksum string // SHA-256 in hex; empty: not known
}

// step is one of the four.
type step struct {
	title   string
	text    string
	lines   []string // to be typed in a terminal
	after   string   // text below the lines
	picture string   // the ID of a symbol in portal.svg
	shows   string   // what it shows, for those who do not see it
}

func (s ClientSteps) signIn() string {
	if s.Link {
		return s.signInOfLink()
	}
	switch {
	case s.Needs.Browser && s.Program.Terminal:
		return " It prints an address after WEB_AUTH::. Open it in your browser, check that the page names your device, sign in as you did here, and confirm."
	case s.Needs.Browser:
		return " A page opens in your browser: check that it names your device, sign in as you did here, and confirm."
	case s.Needs.Code:
		return " Enter the user name and the password with which you signed in here, and the code that your authenticator shows."
	default:
		return " Enter the user name and the password with which you signed in here."
	}
}

// signInOfLink is signIn where the visitor has not signed in here.
func (s ClientSteps) signInOfLink() string {
	switch {
	case s.Untold:
		return " If you are asked to sign in, do so with your work account."
	case s.Needs.Browser && s.Program.Terminal:
		return " It prints an address after WEB_AUTH::. Open it in your browser, check that the page names your device, sign in with your work account, and confirm."
	case s.Needs.Browser:
		return " A page opens in your browser: check that it names your device, sign in with your work account, and confirm."
	case s.Needs.Code:
		return " Enter the user name and the password of your work account, and the code that your authenticator shows."
	case s.Password:
		return " Enter the user name and the password of your work account."
	}
	return ""
}

// ownName says what to type where the line cannot name the file.
func (s ClientSteps) ownName() string {
	if s.File != "" {
		return ""
	}
	return "Type the name of your file in place of " + s.file() + "."
}

func (s ClientSteps) file() string {
	if s.File == "" {
		return "cvpn-endpoint-….ovpn"
	}
	return s.File
}

// steps are always four: install, download, import, connect.
func (s ClientSteps) steps() []step {
	install, fetch, add, connect := s.install(), s.download(), s.add(), s.connect()
	if s.Program.Terminal {
		connect.after = s.ownName() + s.signIn() + " You are connected when it says Initialization Sequence Completed. Ctrl-C disconnects."
	} else {
		connect.text += s.signIn()
	}
	return []step{install, fetch, add, connect}
}

func (s ClientSteps) phone() bool {
	return s.Program.Platform == vpn.IOS || s.Program.Platform == vpn.Android
}

func (s ClientSteps) install() step {
	out := step{title: "Install " + s.Program.Name, picture: "pic-install", shows: "A window with an arrow that points into it"}
	switch {
	case s.Program.ID == vpn.NetworkManager:
		out.title, out.text = "Install the OpenVPN plug-in", "In a terminal: the first line on Debian and Ubuntu, the second one on Fedora. Many systems have it already."
		out.lines = []string{"sudo apt install network-manager-openvpn-gnome", "sudo dnf install NetworkManager-openvpn-gnome"}
		out.picture, out.shows = "pic-terminal", "A terminal with a line that was typed"
	case s.Program.Terminal:
		out.title, out.text = "Install OpenVPN", "In a terminal: the first line on Debian and Ubuntu, the second one on Fedora."
		out.lines = []string{"sudo apt install openvpn", "sudo dnf install openvpn"}
		out.picture, out.shows = "pic-terminal", "A terminal with a line that was typed"
	case s.Program.Platform == vpn.IOS:
		out.text, out.picture, out.shows = "Get it from the App Store. It is free.", "pic-store", "A telephone with an app that is being installed"
	case s.Program.Platform == vpn.Android:
		out.text, out.picture, out.shows = "Get it from Google Play. It is free.", "pic-store", "A telephone with an app that is being installed"
	case s.Program.ID == vpn.OpenVPNGUI:
		out.text = "It is part of the OpenVPN Community edition, version 2.6 or later. " + s.setUp()
	case s.Program.ID == vpn.Viscosity:
		out.text = "It costs money after a trial. " + s.setUp()
	default:
		out.text = s.setUp()
	}
	return out
}

// setUp says where the program comes from, and what to do with it.
func (s ClientSteps) setUp() string {
	if s.Install != nil {
		return "Download the program with this button, open it, and follow its steps."
	}
	return "Download the program from the page of its makers, open it, and follow its steps."
}

func (s ClientSteps) download() step {
	out := step{title: "Download the configuration file", picture: "pic-file", shows: "A document with an arrow that points down",
		text: "Use the button above. The browser puts the file into the folder Downloads."}
	switch {
	case s.Fetched && s.phone():
		out.text = "It was downloaded: it is among the downloads of your browser."
	case s.Fetched:
		out.text = "It was downloaded: it is in the folder Downloads, as a rule. Its name ends in .ovpn."
	case s.Devices && s.phone():
		out.text = "Tap Add a device above. It makes a file for this device."
	case s.Devices:
		out.text = "Use the button Add a device above. It makes a file for this device, and the browser puts it into the folder Downloads."
	case s.Program.Terminal && s.Needs.Browser:
		out.text = "Use the button Download file for the command line above."
	case s.Program.Platform == vpn.IOS:
		out.text = "Tap the button above, and Download if Safari asks."
	case s.Program.Platform == vpn.Android:
		out.text = "Tap the button above."
	}
	return out
}

func (s ClientSteps) add() step {
	out := step{title: "Open it with " + s.Program.Name, picture: "pic-import", shows: "A document that goes into a window"}
	switch s.Program.ID {
	case vpn.OpenVPNGUI:
		out.title, out.text = "Import it", "Start OpenVPN GUI. Right-click its icon beside the clock, choose Import, then Import file, and choose the file."
		out.picture, out.shows = "pic-tray", "A menu that opens from an icon beside the clock"
	case vpn.Tunnelblick:
		out.text, out.picture, out.shows = "Double-click the file, or drag it onto the Tunnelblick icon in the menu bar. Install it for yourself alone when it asks.", "pic-tray", "A menu that opens from an icon"
	case vpn.NetworkManager:
		out.title, out.text = "Import it", "Open the settings of your system, Network, and add a VPN: Import from file. Choose the file."
		if s.Password || !s.Link {
			out.text = "Open the settings of your system, Network, and add a VPN: Import from file. Choose the file and enter your user name."
		}
	case vpn.OpenVPNTerminal:
		out.title, out.text, out.lines = "Go to its folder", "In the terminal:", []string{"cd ~/Downloads"}
		out.picture, out.shows = "pic-terminal", "A terminal with a line that was typed"
	default:
		out.text = "Double-click the file. If another program opens, start " + s.Program.Name + " and drag the file into its window. Confirm the import."
		if s.Program.Platform == vpn.IOS {
			out.text = "Tap the arrow of the downloads in Safari, then the file. Tap Share, choose OpenVPN, and add the profile."
		} else if s.Program.Platform == vpn.Android {
			out.text = "Tap the message of the download, choose " + s.Program.Name + ", and confirm the import. No message? In " + s.Program.Name + " import a file, and choose it in Downloads."
		}
		if s.phone() {
			out.picture, out.shows = "pic-share", "A telephone on which a document goes into an app"
		}
	}
	return out
}

func (s ClientSteps) connect() step {
	out := step{title: "Connect", picture: "pic-connect", shows: "A window with a switch that is on"}
	switch s.Program.ID {
	case vpn.OpenVPNGUI:
		out.text = "Right-click the icon again and choose Connect."
	case vpn.Tunnelblick, vpn.Viscosity:
		out.text = "Click the icon of " + s.Program.Name + " and connect."
	case vpn.NetworkManager:
		out.text = "Turn the VPN on in the menu of your system."
	case vpn.OpenVPNTerminal:
		out.text, out.lines = "In the terminal, where it asks for the password of your computer first:", []string{"sudo openvpn --config " + s.file()}
		out.picture, out.shows = "pic-terminal", "A terminal with a line that was typed"
	default:
		out.text = "Turn the switch beside the profile on."
		if s.Program.Platform == vpn.IOS {
			out.text += " The first time your device asks whether it may add a VPN: allow it."
		} else if s.Program.Platform == vpn.Android {
			out.text += " The first time your device asks whether it may set up a VPN: confirm."
		}
		if s.phone() {
			out.picture, out.shows = "pic-switch", "A telephone with a switch that is on"
		}
	}
	return out
}

// differs lists how the file of the program differs from the plain one; empty: it does not.
func (s ClientSteps) differs() string {
	if s.Program.Terminal && s.Needs.Browser {
		return "The file for the command line has one line more: setenv IV_SSO webauth. It says that OpenVPN prints the address of the sign-in, because it cannot open the browser itself."
	}
	return ""
}
