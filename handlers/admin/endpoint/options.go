package endpoint

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// bannerClients says which clients show the banner (OpenVPN's gui-notes.txt), and when.
const (
	bannerClients = "OpenVPN GUI for Windows shows it, from version 11.22 (OpenVPN 2.5.1); other clients connect without showing it."
	bannerWhen    = "It is shown when a VPN session is established or re-established; running sessions are not interrupted."
)

// endpointOptions lists the fields of vpn.ClientOptions in the order of the pages.
var endpointOptions = optionList{
	checkbox(parts.Field{Section: sectionConnection, Name: "dns_enabled", Label: "Enable DNS servers",
		Help: "Clients use the DNS servers below, for example the resolver of the network. Verify that the DNS servers can be reached by clients. Without an address, clients keep their own. The addresses are kept while it is off."},
		func(o *vpn.ClientOptions) *bool { return &o.DNSEnabled },
		func(o vpn.ClientOptions) parts.Pair {
			fact := parts.Fact("DNS servers", parts.YesNo(o.DNSEnabled, "Enabled", "Disabled"))
			if o.DNSEnabled && !o.DNS1.IsValid() && !o.DNS2.IsValid() {
				fact.Value, fact.Help = "None set", "Clients keep their own DNS servers."
			}
			return fact
		}),
	dnsServer("dns1", "DNS Server 1 IP address", func(o *vpn.ClientOptions) *netip.Addr { return &o.DNS1 }),
	dnsServer("dns2", "DNS Server 2 IP address", func(o *vpn.ClientOptions) *netip.Addr { return &o.DNS2 }),
	checkbox(parts.Field{Section: sectionOther, Name: "split_tunnel", Label: "Enable split-tunnel",
		Help: "Only traffic for the endpoint's routes goes into the tunnel; all else leaves clients as before. Clients that are connected learn a change of this, and under split-tunnel a change of the routes, with their next connection."},
		func(o *vpn.ClientOptions) *bool { return &o.SplitTunnel },
		func(o vpn.ClientOptions) parts.Pair {
			return parts.Pair{Label: "Split-tunnel", Value: parts.YesNo(o.SplitTunnel, "Enabled", "Disabled"), Help: parts.YesNo(o.SplitTunnel,
				"Clients send only what the routes name into the tunnel.", "Clients send all their traffic into the tunnel.")}
		}),
	checkbox(parts.Field{Section: sectionOther, Name: "ipv6_outside", Label: "Leave IPv6 outside the tunnel",
		Help: "The VPN carries IPv4. While this is off, a connected client reaches nothing over IPv6. Switch it on only if your clients' IPv6 is protected in another way: " +
			"what is reached over IPv6 then passes beside the VPN, past its rules. Clients that are connected get it with their next connection."},
		func(o *vpn.ClientOptions) *bool { return &o.IPv6Outside },
		func(o vpn.ClientOptions) parts.Pair {
			if o.SplitTunnel && !o.IPv6Outside {
				return parts.Fact("IPv6 of clients", "Left to the client (split tunnel)")
			}
			return parts.Pair{Label: "IPv6 of clients", Value: parts.YesNo(o.IPv6Outside, "Outside the tunnel", "Stopped"), Help: parts.YesNo(o.IPv6Outside,
				"What clients reach over IPv6 passes beside the VPN, past its rules.", "Connected clients reach nothing over IPv6.")}
		}),
	checkbox(parts.Field{Section: sectionOther, Name: "source_nat", Label: "Enable source NAT",
		Help: "Traffic to the target networks carries an address of this host, so that answers find their way back. Switch it off only where the target networks have a route to the client CIDR by way of this host: " +
			"their servers then see the address of each client."},
		func(o *vpn.ClientOptions) *bool { return &o.SourceNAT },
		func(o vpn.ClientOptions) parts.Pair {
			return parts.Pair{Label: "Source NAT", Value: parts.YesNo(o.SourceNAT, "Enabled", "Disabled"), Help: parts.YesNo(o.SourceNAT,
				"Target networks see the address of this host.", "Target networks see the addresses of the clients, and need a route to them by way of this host.")}
		}),
	{
		field: parts.Field{Section: sectionOther, Name: "session_timeout", Label: "Session timeout hours", InputMode: "numeric", Autocomplete: "off", Suggestions: []string{"8", "10", "12", "24"},
			Help: fmt.Sprintf("The maximum VPN session duration: 8, 10, 12, 24 or any whole number from 1 to %d. It counts from the login, over reconnects. When it is decreased, sessions that are older end at once.", vpn.MaxSessionHours)},
		value: func(o vpn.ClientOptions) string { return strconv.Itoa(int(o.SessionTimeout / time.Hour)) },
		set: func(o *vpn.ClientOptions, typed string, c *vpn.Check) {
			switch timeout, err := vpn.ParseSessionTimeout(typed); {
			case strings.TrimSpace(typed) == "": // the stored one, or the default of a new endpoint, stays
			case err != nil:
				c.Bad("session_timeout", err.Error())
			default:
				o.SessionTimeout = timeout
			}
		},
		fact: func(o vpn.ClientOptions) parts.Pair {
			return parts.Fact("Session timeout hours", strconv.Itoa(int(o.SessionTimeout/time.Hour)))
		},
	},
	{
		field: parts.Field{Section: sectionOther, Name: "sign_in_again", Label: "Disconnect on session timeout", Type: "checkbox",
			Help: "A client whose session has reached its maximum duration is disconnected, and its user connects again. While this is off, the client is let sign in again by itself: with a certificate, or a password that the program keeps, that takes a moment and no user."},
		value: func(o vpn.ClientOptions) string { return parts.YesNo(o.SignInAgain, "", "on") },
		set:   func(o *vpn.ClientOptions, typed string, _ *vpn.Check) { o.SignInAgain = typed != "on" },
		fact: func(o vpn.ClientOptions) parts.Pair {
			return parts.Pair{Label: "Disconnect on session timeout", Value: parts.YesNo(o.SignInAgain, "Disabled", "Enabled"), Help: parts.YesNo(o.SignInAgain,
				"Clients sign in again by themselves.", "Users connect again.")}
		},
	},
	checkbox(parts.Field{Section: sectionOther, Name: "banner_enabled", Label: "Enable client login banner",
		Help: "Clients show the text below. " + bannerWhen + " " + bannerClients},
		func(o *vpn.ClientOptions) *bool { return &o.BannerEnabled },
		func(o vpn.ClientOptions) parts.Pair {
			return parts.Pair{Label: "Client login banner", Value: parts.YesNo(o.BannerEnabled, "Enabled", "Disabled"), Help: parts.YesNo(o.BannerEnabled, bannerWhen+" "+bannerClients, "")}
		}),
	{
		field: parts.Field{Section: sectionOther, Name: "banner", Label: "Client login banner text", Type: "textarea", Rows: 5, Count: vpn.MaxBanner,
			Help: fmt.Sprintf("Plain text in UTF-8, up to %s characters. It is kept while the banner is off.", parts.Number(vpn.MaxBanner))},
		value: func(o vpn.ClientOptions) string { return o.Banner },
		set: func(o *vpn.ClientOptions, typed string, _ *vpn.Check) {
			o.Banner = strings.TrimSpace(strings.ReplaceAll(typed, "\r\n", "\n")) // as browsers send line breaks
		},
		fact: func(o vpn.ClientOptions) parts.Pair {
			p := parts.Fact("Client login banner text", o.Banner)
			if o.Banner != "" {
				p.Body = views.BannerText(o.Banner)
			}
			return p
		},
	},
}

// option is one field of vpn.ClientOptions in the console.
type option struct {
	// field is the control of the endpoint form, without a value. Its name is the JSON key of the option, because
	// vpn.ClientOptions.Check reports under that key. Without a name the form does not offer the option.
	field parts.Field
	// value gives what the control shows; "on" is a ticked checkbox.
	value func(vpn.ClientOptions) string
	// set stores what the control sent. Text that cannot be read is reported to the Check.
	set func(o *vpn.ClientOptions, typed string, c *vpn.Check)
	// fact is the line of the Details tab.
	fact func(vpn.ClientOptions) parts.Pair
}

type optionList []option

// dnsServer is the address of a DNS server; blank is none.
func dnsServer(name, label string, at func(*vpn.ClientOptions) *netip.Addr) option {
	text := func(o vpn.ClientOptions) string {
		if a := *at(&o); a.IsValid() {
			return a.String()
		}
		return ""
	}
	return option{
		field: parts.Field{Section: sectionConnection, Name: name, Label: label, Mono: true, Autocomplete: "off"},
		value: text,
		set: func(o *vpn.ClientOptions, typed string, c *vpn.Check) {
			a, err := vpn.ParseDNSServer(typed)
			if err != nil {
				c.Bad(name, err.Error())
			}
			*at(o) = a
		},
		fact: func(o vpn.ClientOptions) parts.Pair { return parts.Fact(label, text(o)) },
	}
}

// checkbox is an option that is on or off.
func checkbox(field parts.Field, at func(*vpn.ClientOptions) *bool, fact func(vpn.ClientOptions) parts.Pair) option {
	field.Type = "checkbox"
	return option{
		field: field, fact: fact,
		value: func(o vpn.ClientOptions) string { return parts.YesNo(*at(&o), "on", "") },
		set:   func(o *vpn.ClientOptions, typed string, _ *vpn.Check) { *at(o) = typed == "on" },
	}
}

// values gives what the controls show, by field name.
func (l optionList) values(o vpn.ClientOptions) map[string]string {
	out := map[string]string{}
	for _, opt := range l {
		if opt.field.Name != "" {
			out[opt.field.Name] = opt.value(o)
		}
	}
	return out
}

// fields are the controls, filled with what was typed.
func (l optionList) fields(typed map[string]string) []parts.Field {
	var out []parts.Field
	for _, opt := range l {
		if opt.field.Name == "" {
			continue
		}
		f := opt.field
		f.Value = typed[f.Name]
		f.Checked = f.Type == "checkbox" && f.Value == "on"
		out = append(out, f)
	}
	return out
}

// read puts what was typed over base, which supplies the options that the form does not offer.
func (l optionList) read(typed func(field string) string, base vpn.ClientOptions) (vpn.ClientOptions, error) {
	var c vpn.Check
	for _, opt := range l {
		if opt.field.Name != "" {
			opt.set(&base, typed(opt.field.Name), &c)
		}
	}
	return base, c.Err()
}

// otherSummary says what the options of the folded section are.
var otherSummary = []parts.Says{
	{{If: []string{"split_tunnel"}, Text: "Split-tunnel on"}, {Text: "Split-tunnel off"}},
	{{If: []string{"ipv6_outside"}, Text: "IPv6 of clients outside the tunnel"}, {If: []string{"split_tunnel"}, Text: "IPv6 of clients left to them"}, {Text: "IPv6 of clients stopped"}},
	{{If: []string{"source_nat"}, Text: "source NAT on"}, {Text: "source NAT off"}},
	{{If: []string{"sign_in_again"}, Text: sessionSummary + ", then disconnected"}, {Text: sessionSummary + ", then signed in again"}},
	{{If: []string{"banner_enabled"}, Text: "login banner on"}, {Text: "no login banner"}},
}

var sessionSummary = fmt.Sprintf("sessions of {session_timeout|%d} h", vpn.DefaultSessionTimeout/time.Hour)

func (l optionList) facts(o vpn.ClientOptions) []parts.Pair {
	var out []parts.Pair
	for _, opt := range l {
		out = append(out, opt.fact(o))
	}
	return out
}
