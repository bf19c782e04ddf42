package signin

import (
	"cmp"
	"fmt"
	"regexp"
	"time"

	"sallyport/control/signin"
	views "sallyport/views/portal"
	"sallyport/vpn"
)

func cookieDigest(b signin.Browser) string {
	if b.Cookie == "" {
		return ""
	}
	return vpn.TokenDigest(b.Cookie)
}

// shown is a sign-in as its pages draw it.
func (h *SignIns) shown(v signin.View, by signin.Browser) views.SignIn {
	now := h.now()
	s := views.SignIn{
		Path: signin.Path(v.Token), Endpoint: cmp.Or(v.Endpoint.Name, string(v.Endpoint.ID)), Provider: v.Provider, Strict: v.Strict,
		Address: v.Login.Device.Addr().Unmap().String(), Platform: platform(v.Login.Platform), Client: client(v.Login.Version),
		Common: vpn.PrintableText(v.Login.CommonName), Asked: asked(now.Sub(v.CreatedAt)),
		User: vpn.PrintableText(v.User.Name), Request: v.Request, WithCode: v.Code != "",
	}
	if v.AddressDiffers(by.Addr) {
		s.Browser = by.Addr.String()
	}
	if v.User.Mail != v.User.Name {
		s.Mail = vpn.PrintableText(v.User.Mail)
	}
	switch v.StateAt(now) {
	case vpn.BrowserWaiting, vpn.BrowserSignedIn:
	case vpn.BrowserConfirmed:
		s.Code = v.Code.Reveal()
	case vpn.BrowserAnswered:
		s.Connected = true
	case vpn.BrowserExpired:
		s.Expired = true
	case vpn.BrowserRefused:
		s.NotMe, s.Refusal = v.RefusedCode == vpn.CodeBrowserRefused, v.RefusedReason
	}
	return s
}

// platforms are what clients call the systems that they run on (IV_PLAT).
var platforms = map[string]string{"win": "Windows", "mac": "macOS", "linux": "Linux", "android": "Android", "ios": "iOS", "freebsd": "FreeBSD", "openbsd": "OpenBSD"}

// The client chooses what it says of itself, and the person compares it: another person's client must not be able to speak
// to the reader of the page. So it gets words of ours, or one word without spaces.

func platform(said string) string { return cmp.Or(platforms[said], unknown) }

func client(said string) string {
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

func asked(ago time.Duration) string {
	switch seconds := int(ago.Seconds()); {
	case seconds < 2:
		return "a moment ago"
	case seconds < 120:
		return fmt.Sprintf("%d seconds ago", seconds)
	default:
		return fmt.Sprintf("%d minutes ago", seconds/60)
	}
}
