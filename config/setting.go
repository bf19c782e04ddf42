package config

import (
	"errors"
	"fmt"
	"math/bits"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"sallyport/vpn"
)

// setting describes one key: how it is read, explained and refused.
type setting struct {
	key    string
	preset string // the default
	shown  string // the default as help shows it, where it differs from preset
	help   string
	secret bool // has a _file twin and is not repeated in messages
	set    func(c *Config, value string) error
}

// settings lists every key in the order of the help page.
func settings() []setting { return append(startSettings(), deploymentSettings()...) }

// deploymentSettings are the keys of what the Settings page can set as well. Their presets are not given values.
func deploymentSettings() []setting {
	var out []setting
	for _, s := range vpn.DeploymentSettings() {
		out = append(out, setting{key: s.Key, shown: s.Preset, help: s.Help + " Where it is not set here, it is set on the Settings page.", set: func(c *Config, v string) error {
			if why := s.Check(v); why != "" {
				return errors.New(strings.TrimSuffix(why, "."))
			}
			if c.Given == nil {
				c.Given = map[string]vpn.GivenSetting{}
			}
			c.Given[s.Key] = vpn.GivenSetting{Value: v}
			return nil
		}})
	}
	return out
}

// startSettings are the keys of what a node needs to start.
func startSettings() []setting {
	return []setting{
		{key: "data_dir", preset: "/var/lib/sallyport", help: "Directory of the database, keys and certificates. Created with mode 0700.", set: text(func(c *Config) *string { return &c.DataDir })},
		{key: "run_dir", preset: "/run/sallyport", help: "Directory of sockets and journals, lost at a reboot.", set: text(func(c *Config) *string { return &c.RunDir })},
		{key: "database", shown: "<data_dir>/sallyport.db", secret: true, help: "Path of a SQLite file, or postgres://user:password@host/name.", set: secret(func(c *Config) *vpn.Secret { return &c.Database })}, //nolint:gosec // G101: an example for the help page
		{key: "seal_key", shown: "read from seal_key_file", secret: true, help: "Key that seals private keys in the database: 32 bytes in hex or base64. Every node of a deployment needs the same one.", set: secret(func(c *Config) *vpn.Secret { return &c.Seal.Key })},

		{key: "console_listen", preset: "127.0.0.1:8443", help: "Address and port of the administrators' console.", set: addrPort(func(c *Config) *netip.AddrPort { return &c.Console.Listen })},
		{key: "console_tls_certificate", shown: "self-signed, made at the first start", help: "PEM file: the console's certificate, then its intermediates. Read again when it changes.", set: text(func(c *Config) *string { return &c.Console.TLSCertificate })},
		{key: "console_tls_key", help: "PEM file: the key of console_tls_certificate.", set: text(func(c *Config) *string { return &c.Console.TLSKey })},
		{key: "console_plain_http", preset: "false", help: "Serve the console without TLS. Only on a loopback address, or behind trusted_proxies that speak TLS.", set: boolean(func(c *Config) *bool { return &c.Console.PlainHTTP })},
		{key: "console_names", help: "Host names, separated by commas, that the console answers to besides public_name, this machine's name and every address, but never the host of public_url. Requests under other names are refused, so that no other site can pass itself off as the console (DNS rebinding).", set: words(func(c *Config) *[]string { return &c.Console.Names })},
		{key: "trusted_proxies", help: "Addresses or ranges, separated by commas, of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.", set: prefixes(func(c *Config) *[]netip.Prefix { return &c.Console.TrustedProxies })},
		{key: "session_idle", preset: "1h", help: "A console sign-in ends after so long without a request.", set: duration(func(c *Config) *time.Duration { return &c.Session.Idle })},
		{key: "session_absolute", preset: "12h", help: "A console sign-in ends after so long in any case.", set: duration(func(c *Config) *time.Duration { return &c.Session.Absolute })},
		{key: "audit_keep", preset: "0", help: "How long audit records of changes are kept, for example 17520h (two years); 0: for ever. Records of refusals are kept for 90 days.", set: duration(func(c *Config) *time.Duration { return &c.Audit.Keep })},

		{key: "public_listen", preset: "127.0.0.1:8444", help: "Address and port of the public pages: what VPN clients, their users and identity providers open. Beyond loopback they are served where public_url is set too.", set: addrPort(func(c *Config) *netip.AddrPort { return &c.Public.Listen })},
		{key: "public_url", shown: "https://localhost:8444, with the port of public_listen", help: "Base address of the public pages as users and identity providers open them, for example https://vpn.example.com. Its host name is not one of the console's: beyond loopback the console does not answer to it.", set: setURL},
		{key: "metadata_private_addresses", preset: "false", help: "Let the metadata URL of a SAML provider lead to a private address, or to this host. While this is off, only public addresses are connected to.", set: boolean(func(c *Config) *bool { return &c.Public.PrivateMetadata })},
		{key: "public_tls_certificate", shown: "self-signed, made at the first start", help: "PEM file: the certificate of the public pages, then its intermediates. Read again when it changes.", set: text(func(c *Config) *string { return &c.Public.TLSCertificate })},
		{key: "public_tls_key", help: "PEM file: the key of public_tls_certificate.", set: text(func(c *Config) *string { return &c.Public.TLSKey })},
		{key: "public_plain_http", preset: "false", help: "Serve the public pages without TLS. Only on a loopback address, or behind trusted_proxies that speak TLS.", set: boolean(func(c *Config) *bool { return &c.Public.PlainHTTP })},

		{key: "node_name", shown: "the host's name", help: "Name of this machine among those that share the database.", set: text(func(c *Config) *string { return &c.Node.Name })},
		{key: "zones", preset: "zone-a", help: "Availability zones of this node, separated by commas. Shown in the console; as there is one node, it realizes associations with subnets of every zone.", set: words(func(c *Config) *[]string { return &c.Node.Zones })},
		{key: "log_level", preset: "info", help: "debug, info, warn or error.", set: text(func(c *Config) *string { return &c.Log.Level })},
		{key: "log_format", preset: "text", help: "text or json.", set: text(func(c *Config) *string { return &c.Log.Format })},

		{key: "dataplane_socket", shown: "<run_dir>/socket/dataplane.sock", help: "Unix socket between the two processes.", set: text(func(c *Config) *string { return &c.Data.Socket })},
		{key: "openvpn_binary", preset: "/usr/sbin/openvpn", help: "The OpenVPN program.", set: text(func(c *Config) *string { return &c.Data.OpenVPN })},
		{key: "allow_old_openvpn", preset: "false", help: "Run an OpenVPN older than 2.6.14-0+deb12u2 (Debian) or 2.6.23, which has known security faults.", set: boolean(func(c *Config) *bool { return &c.Data.AllowOldOpenVPN })},
		{key: "web_user", preset: "69999", help: "User, by name or number, that the web process runs as when sallyport serve is started by root. A number needs no account.", set: text(func(c *Config) *string { return &c.Data.WebUser })},
		{key: "workers", shown: "one for each core, at most 4", help: "OpenVPN processes of each endpoint on this host, 1 to 64. One process uses one core.", set: count(func(c *Config) *int { return &c.Data.Workers }, 1, 64)},
		{key: "away_time", preset: "1h", help: "How long the connection and the address of a VPN client are kept that is out of reach. They end sooner where new clients need the addresses.", set: duration(func(c *Config) *time.Duration { return &c.Data.AwayTime })},
		{key: "new_flows_per_source", preset: "5", help: "New flows in a second that one source address may open to the VPN ports; 0: no limit. Flows of connected clients do not count.", set: count(func(c *Config) *int { return &c.Data.Limits.NewFlows }, 0, 100000)},
		{key: "new_flows_burst", preset: "500", help: "New flows that one source address may open at once before new_flows_per_source counts. Let it be as many as the clients behind one address that connect at once.", set: count(func(c *Config) *int { return &c.Data.Limits.NewFlowsBurst }, 1, 1000000)},
		{key: "flows_per_client", preset: "4000", help: "Flows that one VPN client may have in the host's connection tracking; 0: no limit.", set: count(func(c *Config) *int { return &c.Data.Limits.ClientFlows }, 0, 1000000)},
		{key: "packet_mark", preset: "0x40000000", help: "The bit of the packet mark that accepted packets of VPN clients get. Packets without it are dropped by a second packet filter table that other programs cannot flush. Choose another bit where another program uses this one; 0 leaves the second table out.", set: bit(func(c *Config) *uint32 { return &c.Data.PacketMark })},
		{key: "host_policy_file", preset: "/etc/sallyport/host-policy.json", help: "Root-owned file that limits what the dataplane may be told to do on this host. It may be absent.", set: text(func(c *Config) *string { return &c.Data.HostPolicy })},
	}
}

// twins are the _file keys. seal_key_file differs from the others: the file need not exist yet.
func twins() []setting {
	return []setting{
		{key: "database_file", help: "File that holds the value of database.", set: func(c *Config, path string) error {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			c.Database = vpn.Secret(strings.TrimSpace(string(b)))
			return nil
		}},
		{key: "seal_key_file", shown: "<data_dir>/seal.key", help: "File that holds seal_key. Created with a random key where it does not exist. Keep a copy: without it no private key in the database can be read.", set: text(func(c *Config) *string { return &c.Seal.File })},
	}
}

func text(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error { *field(c) = v; return nil }
}

func secret(field func(*Config) *vpn.Secret) func(*Config, string) error {
	return func(c *Config, v string) error { *field(c) = vpn.Secret(v); return nil }
}

// count reads a whole number within two bounds.
func count(field func(*Config) *int, least, most int) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < least || n > most {
			return fmt.Errorf("%q is not a whole number from %d to %d", v, least, most)
		}
		*field(c) = n
		return nil
	}
}

// bit reads a number with one bit set, or 0.
func bit(field func(*Config) *uint32) func(*Config, string) error {
	return func(c *Config, v string) error {
		n, err := strconv.ParseUint(v, 0, 32)
		if err != nil || bits.OnesCount64(n) > 1 {
			return fmt.Errorf("%q is neither 0 nor a single bit such as 0x40000000", v)
		}
		*field(c) = uint32(n)
		return nil
	}
}

func boolean(field func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, v string) error {
		b, err := strconv.ParseBool(v)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", v)
		}
		*field(c) = b
		return nil
	}
}

func duration(field func(*Config) *time.Duration) func(*Config, string) error {
	return func(c *Config, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil {
			return fmt.Errorf("%q is not a length of time such as 30m or 12h", v)
		}
		*field(c) = d
		return nil
	}
}

func addrPort(field func(*Config) *netip.AddrPort) func(*Config, string) error {
	return func(c *Config, v string) error {
		v = strings.Replace(v, "localhost:", "127.0.0.1:", 1)
		if strings.HasPrefix(v, ":") {
			v = "[::]" + v
		}
		a, err := netip.ParseAddrPort(v)
		if err != nil {
			return fmt.Errorf("%q is not an address and port such as 127.0.0.1:8443, or :8443 for every address", v)
		}
		*field(c) = a
		return nil
	}
}

func prefixes(field func(*Config) *[]netip.Prefix) func(*Config, string) error {
	return func(c *Config, v string) error {
		var out []netip.Prefix
		for _, w := range split(v) {
			if a, err := netip.ParseAddr(w); err == nil {
				out = append(out, netip.PrefixFrom(a, a.BitLen()))
				continue
			}
			p, err := netip.ParsePrefix(w)
			if err != nil {
				return fmt.Errorf("%q is neither an address nor a range such as 10.0.0.0/8", w)
			}
			out = append(out, p.Masked())
		}
		*field(c) = out
		return nil
	}
}

func words(field func(*Config) *[]string) func(*Config, string) error {
	return func(c *Config, v string) error { *field(c) = split(v); return nil }
}

func split(v string) []string {
	var out []string
	for w := range strings.SplitSeq(v, ",") {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}
