package access

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"sallyport/control/portal"
	"sallyport/handlers/portal/page"
	views "sallyport/views/portal"
	"sallyport/vpn"
)

// lookUp is in words how soon a change of groups is seen; empty: at the next sign-in.
func lookUp(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < 2*time.Minute:
		return fmt.Sprintf("%d seconds", int(d.Seconds()))
	default:
		return fmt.Sprintf("%d minutes", int((d + time.Minute - 1).Minutes()))
	}
}

func reached(e portal.EndpointAccess) views.AccessEndpoint {
	v := views.AccessEndpoint{Anchor: "reach-" + string(e.Endpoint.ID), Name: cmp.Or(e.Endpoint.Name, string(e.Endpoint.ID)), Elsewhere: e.Elsewhere, Associated: e.Associated}
	for _, p := range e.Places {
		place := views.AccessPlace{
			CIDR: p.Destination.String(), Title: title(p), Names: strings.Join(append(p.Networks, p.Descriptions...), " · "),
			Why: why(p, e.Associated), Limits: limits(p),
		}
		if p.Verdict == vpn.Allow {
			v.Open = append(v.Open, place)
		} else {
			v.Closed = append(v.Closed, place)
		}
	}
	return v
}

// title is what a destination is called where its range alone says little.
func title(p portal.ReachedPlace) string {
	switch {
	case vpn.IsAny(p.Destination) && p.Whole:
		return "Everywhere, the Internet included"
	case vpn.IsAny(p.Destination):
		return "Everywhere else, the Internet included"
	case p.Clients:
		return "Other users of this VPN"
	}
	return ""
}

// why says why a destination is reached or not.
func why(p portal.ReachedPlace, associated bool) string {
	switch p.Verdict {
	case vpn.Allow:
		return ""
	case vpn.DenyNoRoute:
		if !associated {
			return "This VPN is connected to no network yet."
		}
		return "No route of this VPN leads there."
	case vpn.DenyNoRule:
		return "No authorization rule allows it."
	case vpn.DenyGroup:
		return "It is for groups that you are not in."
	case vpn.DenyOtherClient:
		return "Users of this VPN do not reach each other."
	default:
		return "No VPN client reaches it."
	}
}

func limits(p portal.ReachedPlace) string {
	var out []string
	if p.Partly {
		out = append(out, "Only some connections reach it: that depends on the target network that the connection gets.")
	}
	if !p.Whole && !vpn.IsAny(p.Destination) {
		out = append(out, "Parts of it have a line of their own.")
	}
	return strings.Join(out, " ")
}

func (h *Pages) at(t time.Time) views.Time { return views.At(h.now(), t) }

func (h *Pages) session(s portal.OwnSession) views.AccessSession {
	v := views.AccessSession{
		ID: string(s.ID), Endpoint: s.EndpointName, Since: h.at(s.StartedAt), Until: h.at(s.Ends),
		End: page.AccessPath + "/sessions/" + string(s.ID) + "/end", NotMe: page.AccessPath + "/sign-ins/" + string(s.ID) + "/not-me",
	}
	c := s.Connection
	if !s.Connected() {
		v.State, v.Tone = "Not connected", ""
		v.Note = "The device may come back without a sign-in until then."
		return v
	}
	v.Device, v.From, v.Address = device(s.Device, c.Platform, c.ClientVersion), address(c.Device.Addr()), address(c.ClientIP)
	switch c.Status {
	case vpn.ConnectionAway:
		v.State, v.Tone, v.Away = "Away", "warn", h.at(c.AwaySince)
	case vpn.ConnectionTerminating, vpn.ConnectionFailedToTerminate:
		v.State, v.Tone = "Ending", "warn"
	default:
		v.State, v.Tone = "Connected", "good"
	}
	return v
}

func (h *Pages) signIn(s portal.OwnSignIn) views.AccessSignIn {
	v := views.AccessSignIn{
		ID: s.ID(), At: h.at(s.At()), From: address(s.From), NotMe: page.AccessPath + "/sign-ins/" + s.ID() + "/not-me",
		Current: s.Current, Open: s.Open, Reported: s.Reported,
	}
	switch s.Kind {
	case vpn.SignInVPN:
		v.What = "VPN"
		if s.Platform != "" || s.Client != "" {
			v.Device = device(s.Device, s.Platform, s.Client)
		}
	case vpn.SignInPortal:
		v.What = "This portal"
	default:
		v.What, v.Refused = "VPN", true
		if s.Refused.Portal {
			v.What = "This portal"
		} else {
			v.Reference = s.Refused.Reference
		}
		v.Reason, v.Code, v.Advice = vpn.PrintableText(s.Reason), string(s.Code), s.Code.Advice()
		if s.Refused.Count > 1 {
			v.Times, v.First = fmt.Sprintf("%d times", s.Refused.Count), h.at(s.Refused.First)
		}
	}
	if s.EndpointName != "" {
		v.What += ", " + s.EndpointName
	}
	return v
}

// device is what the user calls a device, if anything, and what its client says of itself.
func device(name, platform, client string) string {
	said := page.PlatformName(platform) + ", " + page.ClientName(client)
	if name == "" {
		return said
	}
	return vpn.PrintableText(name) + " (" + said + ")"
}

func address(a netip.Addr) string {
	if !a.IsValid() {
		return "unknown"
	}
	return a.Unmap().String()
}
