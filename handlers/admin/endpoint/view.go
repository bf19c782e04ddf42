package endpoint

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// View shows the Details tab.
func (h *Endpoints) View(c echo.Context) error {
	f, view, err := h.frame(c, "")
	if err != nil {
		return err
	}
	v := views.EndpointDetails{Frame: f, Facts: endpointFacts(view, h.pages.Now()), Repairs: view.Repairs}
	lists, err := h.endpoints.ClientLists(page.Context(c), page.Principal(c), view.ID)
	if err != nil {
		return err
	}
	v.Facts = append(v.Facts, clientListFacts(lists, h.pages.Now(), page.Principal(c).Role.MayChange())...)
	if v.Map, err = h.endpointMap(c, view); err != nil {
		return err
	}
	v.Frame.Live = liveTab(c, f, "details", v.Repairs, v.Map, f.Unequal, view.Version, view.Remote, view.RemoteWarning, view.SignInWarning, view.DNSWarning, view.InternetWarning, lists)
	return page.RenderLive(c, v.Frame.Live, views.EndpointDetailsPage(v))
}

func endpointFacts(v endpoint.View, now time.Time) []parts.Pair {
	network := parts.Pair{Label: "Network (VPC)", Value: "none yet", Help: "The first target network decides."}
	if v.Network != "" {
		network = parts.Pair{Label: "Network (VPC)", Value: views.NameOr(v.NetworkName, v.Network), Href: views.NetworkPath(v.Network)}
		if v.NetworkChosen {
			network.Help = "Chosen for the endpoint: its target networks are subnets of it."
		}
	}
	n := int(vpn.ClientCapacity(v.ClientCIDR))
	facts := []parts.Pair{
		{Label: "Client VPN endpoint ID", Value: string(v.ID), Copy: true},
		views.RemoteName(v.Remote, v.RemoteWarning),
		{Label: "Description", Value: v.Description},
		{Label: "Client IPv4 CIDR", Value: v.ClientCIDR.String(), Help: fmt.Sprintf("%s addresses for clients.", parts.Number(n)) + before(v.RangeWarning)},
		certificateFact("Server certificate", v.Server, now),
	}
	facts = append(facts, authenticationFacts(v, now)...)
	facts = append(facts, []parts.Pair{
		{Label: "Transport Protocol", Value: views.TransportName(v.Listen.Transport)},
		{Label: "Listen address", Value: listenAddress(v.Listen)},
		{Label: "VPN port", Value: strconv.Itoa(int(v.Listen.Port))},
		network,
	}...)
	facts = append(facts, endpointOptions.facts(v.ClientOptions)...)
	facts = append(facts, portalFacts(v)...)
	if v.InternetWarning != "" {
		facts = append(facts, parts.Pair{Label: "Access to the internet", Value: v.InternetWarning, Body: views.Warning(v.InternetWarning)})
	}
	if v.DNSWarning != "" {
		facts = append(facts, parts.Pair{Label: "DNS servers that are not reached", Value: v.DNSWarning, Body: views.Warning(v.DNSWarning)})
	}
	return append(facts,
		parts.Pair{Label: "Connections", Value: views.ConnectedText(v.Connections, v.Away), Href: views.EndpointPath(v.ID, "connections")},
		parts.FactTime("Created", parts.At(now, v.CreatedAt)))
}

func listenAddress(l vpn.Listen) string {
	if l.Addr.IsUnspecified() {
		return "Every address of this host"
	}
	return l.Addr.String()
}

func certificateFact(label string, cert vpn.Certificate, now time.Time) parts.Pair {
	p := parts.Pair{Label: label, Value: views.NameOr(cert.Name, cert.ID), Href: views.CertificatePath(cert.ID)}
	if views.ExpiryState(cert, now) != "valid" {
		p.Help = "Valid until " + views.Date(cert.NotAfter) + ": " + views.ExpiryState(cert, now) + "."
	}
	return p
}

func authenticationFacts(v endpoint.View, now time.Time) []parts.Pair {
	facts := []parts.Pair{parts.Fact("Authentication type", v.AuthenticationType(v.UserDirectory))}
	if v.AsksPassword() {
		d := parts.Pair{Label: "Directory ID", Value: v.UserDirectory.Label(), Href: views.DirectoryPath(v.Directory)}
		if v.UserDirectory.MFA {
			d.Help = "Users also enter a code of an authenticator."
		}
		facts = append(facts, d)
	}
	if v.Federated() {
		facts = append(facts, samlFacts(v)...)
	}
	if v.Mutual() {
		facts = append(facts, clientCertificateFact(v, now))
		if v.SecondCA != "" {
			facts = append(facts, parts.Pair{Label: "Second client authority", Value: views.NameOr(v.SecondAuthority.Name, v.SecondCA), Href: views.EndpointPath(v.ID, authoritiesPath), Help: "Clients with certificates of either authority get in."})
		}
	}
	return facts
}

func samlFacts(v endpoint.View) []parts.Pair {
	fact := func(label string, p vpn.SAMLProvider) parts.Pair {
		return parts.Pair{Label: label, Value: p.Label(), Href: views.SAMLProviderPath(p.ID)}
	}
	portal := parts.Pair{Label: "Self-service SAML provider", Value: "The SAML provider"}
	if v.PortalSAML != "" {
		portal = fact(portal.Label, v.PortalProvider)
	}
	facts := []parts.Pair{fact("SAML provider", v.UserSAML), portal}
	if v.SignInWarning != "" {
		facts = append(facts, parts.Pair{Label: "Page of the sign-in", Value: v.SignInWarning, Body: views.Warning(v.SignInWarning)})
	}
	return facts
}

// portalFacts are the self-service portal and its address (guide, "Access the self-service portal").
func portalFacts(v endpoint.View) []parts.Pair {
	if !v.UserBased() {
		return []parts.Pair{{Label: "Self-service portal", Value: "Not possible", Help: "Clients authenticate by certificates alone."}}
	}
	if !v.SelfServicePortal {
		return []parts.Pair{{Label: "Self-service portal", Value: "Disabled"}}
	}
	facts := []parts.Pair{{Label: "Self-service portal", Value: "Enabled", Help: "Configuration files downloaded from it: " + parts.Number(v.PortalDownloads) + "."}}
	if v.Mutual() {
		facts = append(facts, parts.Pair{Label: "Devices", Value: "Show devices of users", Href: views.DevicesAt(v.ID)})
	}
	if v.PortalURL == "" {
		warning := "The public pages are not served, so users cannot reach the self-service portal. Set public_listen and public_url in the configuration file."
		return append(facts, parts.Pair{Label: "Self-service portal URL", Value: warning, Body: views.Warning(warning)})
	}
	url := parts.Pair{Label: "Self-service portal URL", Value: v.PortalURL, Copy: true}
	if vpn.PublicURLWarning(v.PortalURL) != "" {
		url.Help = "It is reached from this host alone. Set public_listen and public_url in the configuration file to where users reach the public pages."
	}
	return append(facts, url,
		parts.Pair{Label: "QR code of the self-service portal", Body: parts.QR(v.PortalURL, "QR code of the self-service portal URL")})
}

func clientCertificateFact(v endpoint.View, now time.Time) parts.Pair {
	if v.OwnAuthority() {
		return parts.Pair{Label: "Client certificate", Value: "The server certificate's own authority", Help: "Clients need a certificate of the authority that issued the server certificate."}
	}
	p := certificateFact("Client certificate", v.ClientAuthority, now)
	if v.ClientAuthority.Use == vpn.UseClient {
		p.Help = strings.TrimSpace("Clients need a certificate of the authority that issued it. " + p.Help)
	}
	return p
}
