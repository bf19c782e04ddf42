package signin

import (
	"cmp"
	"fmt"
	"time"

	"sallyport/control/signin"
	"sallyport/handlers/portal/page"
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
		Address: v.Login.Device.Addr().Unmap().String(), Platform: page.PlatformName(v.Login.Platform), Client: page.ClientName(v.Login.Version),
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
