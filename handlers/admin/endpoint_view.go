package admin

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// Endpoint shows the Details tab.
func (h *Console) Endpoint(c echo.Context) error {
	f, view, err := h.endpointFrame(c, "")
	if err != nil {
		return err
	}
	v := views.EndpointDetails{Frame: f, Facts: endpointFacts(view, h.now())}
	for _, t := range view.Troubles {
		v.Troubles = append(v.Troubles, views.Trouble{Subject: t.Subject, Sentence: t.Sentence, Since: parts.At(h.now(), t.Since)})
	}
	for _, r := range view.Repairs {
		v.Repairs = append(v.Repairs, views.Trouble{Sentence: r.Sentence, Since: parts.At(h.now(), r.Since)})
	}
	if v.Map, err = h.endpointMap(c, f, view); err != nil {
		return err
	}
	if v.Frame.Live, err = live(c, "details", f.State, f.Why, f.Tabs, v.Troubles, v.Repairs, v.Map, view.Connections, view.Version, view.Remote, view.RemoteWarning); err != nil {
		return err
	}
	return renderLive(c, v.Frame.Live, views.EndpointDetailsPage(v))
}

func endpointFacts(v control.EndpointView, now time.Time) []parts.Pair {
	network := parts.Pair{Label: "VPC (network)", Value: "none yet"}
	if v.Network != "" {
		network = parts.Pair{Label: "VPC (network)", Value: nameOr(v.NetworkName, string(v.Network)), Href: networkPath(v.Network)}
	}
	n := int(vpn.ClientCapacity(v.ClientCIDR))
	return []parts.Pair{
		{Label: "Client VPN endpoint ID", Value: string(v.ID), Copy: true},
		views.RemoteName(v.Remote, v.RemoteWarning),
		{Label: "Description", Value: v.Description},
		{Label: "Client IPv4 CIDR", Value: v.ClientCIDR.String(), Help: fmt.Sprintf("%s addresses for clients", parts.Number(n))},
		certificateFact("Server certificate", v.Server, now),
		parts.Fact("Authentication", "Use mutual authentication"),
		clientCertificateFact(v, now),
		{Label: "Transport Protocol", Value: strings.ToUpper(string(v.Listen.Transport))},
		{Label: "Listen address", Value: listenAddress(v.Listen)},
		{Label: "VPN port", Value: strconv.Itoa(int(v.Listen.Port))},
		network,
		{Label: "Split-tunnel", Value: parts.YesNo(v.SplitTunnel, "Enabled", "Disabled"), Help: parts.YesNo(v.SplitTunnel, "Clients send only what the routes name into the tunnel.", "Clients send all their traffic into the tunnel.")},
		{Label: "Session timeout hours", Value: strconv.Itoa(int(v.SessionTimeout / time.Hour))},
		{Label: "Connections", Value: parts.Number(v.Connections), Href: endpointPath(v.ID, "connections")},
		parts.FactTime("Created", parts.At(now, v.CreatedAt)),
	}
}

func listenAddress(l vpn.Listen) string {
	if l.Addr.IsUnspecified() {
		return "Every address of this host"
	}
	return l.Addr.String()
}

func certificateFact(label string, cert vpn.Certificate, now time.Time) parts.Pair {
	p := parts.Pair{Label: label, Value: nameOr(cert.Name, string(cert.ID)), Href: certificatePath(cert.ID)}
	if expiryState(cert, now) != "valid" {
		p.Help = "Valid until " + cert.NotAfter.UTC().Format("2 January 2006") + ": " + expiryState(cert, now) + "."
	}
	return p
}

func clientCertificateFact(v control.EndpointView, now time.Time) parts.Pair {
	if v.ClientCA == v.Certificate {
		return parts.Pair{Label: "Client certificate", Value: "The server certificate's own authority", Help: "Clients need a certificate of the authority that issued the server certificate."}
	}
	return certificateFact("Client certificate", v.ClientAuthority, now)
}
