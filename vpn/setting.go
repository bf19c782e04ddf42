package vpn

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Deployment is the settings that hold for all endpoints and nodes, as they are in force.
type Deployment struct {
	PublicName         string // the remote of client configuration files; "": a name below VPNDomain
	VPNDomain          string // endpoints are <endpoint-id>.<VPNDomain>
	PublicClientRanges bool   // a client CIDR may have public addresses
	Quotas             Quotas
	Share              Share // of each client certificate
	SignIn             SignInLimit
	// LookUpSeconds is within which time a change of a user in a directory acts on live sessions.
	LookUpSeconds int
	// BrowserSameAddress: a sign-in in a browser at another address than the client's is refused.
	BrowserSameAddress bool
	// Devices is how many devices with a certificate a user may make in the self-service portal; 0: none.
	Devices int
	// DeviceDays is how long such a certificate is valid.
	DeviceDays int
	// InstallerMegabytes is the most of an installer in the self-service portal, in MB of 1,000,000 bytes.
	InstallerMegabytes int
	// BrowserCode: after a sign-in in a browser the person types a code at the client.
	BrowserCode bool
	// RenewCertificates: server certificates of authorities kept here renew themselves.
	RenewCertificates bool
}

// Named tells whether configuration files name something that an administrator chose.
func (d Deployment) Named() bool { return d.PublicName != "" || d.VPNDomain != "" }

// SettingKind is the kind of value that a setting has.
type SettingKind int

// The kinds of settings.
const (
	SettingText   SettingKind = iota
	SettingNumber             // a whole number within two bounds
	SettingSwitch             // "true" or "false"
)

// Setting describes one deployment-wide setting. The configuration file, the Settings page and the docs
// read the same table (DeploymentSettings).
type Setting struct {
	Key         string // in the configuration file, the database and the form
	Label       string
	Section     string // the part of the Settings page
	Preset      string // the value where neither the configuration nor the database has one
	Help        string // what it is
	Acts        string // what it acts on, and from when on
	Kind        SettingKind
	Least, Most int    // of a number
	Unit        string // of a number: what is counted
	read        func(*Deployment, string) string
}

// Sections of the Settings page.
const (
	sectionNames   = "Names"
	sectionRanges  = "Client ranges"
	sectionQuotas  = "Quotas"
	sectionSignIn  = "Sign-ins of VPN users"
	sectionUsers   = "Users of directories"
	sectionBrowser = "Sign-ins in the browser"
	sectionDevices = "Devices of users"
	sectionPortal  = "Self-service portal"
	sectionShares  = "Connections of one user"

	sectionCertificates = "Certificates"
)

// DeploymentSettings lists the settings in the order of the page.
func DeploymentSettings() []Setting {
	return []Setting{
		{Key: "public_name", Label: "Public name", Section: sectionNames,
			Help: "Host name or address at which users reach this host from where they are. Client configuration files name it as remote.",
			Acts: actsOnFiles,
			read: readName(CheckPublicName, func(d *Deployment) *string { return &d.PublicName })},
		{Key: "vpn_domain", Label: "VPN domain", Section: sectionNames,
			Help: "Domain below which each endpoint has a name of its own, <endpoint ID>.<VPN domain>. It counts while no public name is set.",
			Acts: actsOnFiles,
			read: readName(checkDomain, func(d *Deployment) *string { return &d.VPNDomain })},
		{Key: "public_client_ranges", Label: "Allow public client CIDR ranges", Section: sectionRanges, Preset: "false", Kind: SettingSwitch,
			Help: "Allow client CIDR ranges outside of " + strings.Join(privateRangeTexts(), ", ") + ". The host policy has to name such a range in client_ranges as well. The gateway cannot reach hosts on the internet that have its addresses.",
			Acts: "Acts on endpoints that are created from now on. Those that exist keep their range.",
			read: readSwitch(func(d *Deployment) *bool { return &d.PublicClientRanges })},
		quota("endpoint_quota", "Client VPN endpoints", DefaultQuotas.Endpoints, 1, MaxEndpoints, "endpoints", "Client VPN endpoints of this deployment.", actsOnNext,
			func(q *Quotas) *int { return &q.Endpoints }),
		quota("rule_quota", "Authorization rules per Client VPN endpoint", DefaultQuotas.Rules, 1, MaxRules, "rules", "Authorization rules that an endpoint may have.", actsOnNext,
			func(q *Quotas) *int { return &q.Rules }),
		quota("route_quota", "Routes per Client VPN endpoint", DefaultQuotas.Routes, 1, MaxRoutes, "routes", "Routes that an endpoint may have besides those that each target network brings.", actsOnNext,
			func(q *Quotas) *int { return &q.Routes }),
		quota("pending_change_quota", "Pending changes per Client VPN endpoint", DefaultQuotas.PendingChanges, 1, MaxPendingChanges, "changes",
			"Changes of an endpoint that may wait for the dataplane at once. Removals do not count and always work.", "Acts on the next change.",
			func(q *Quotas) *int { return &q.PendingChanges }),
		quota("revocation_entry_quota", "Entries in a client certificate revocation list", DefaultQuotas.RevocationEntries, 1, MaxRevocationEntries, "entries",
			"Revoked certificates that an imported list may have.", "Acts on the next import.",
			func(q *Quotas) *int { return &q.RevocationEntries }),
		quota("connection_quota", "Concurrent client connections per Client VPN endpoint", DefaultQuotas.Connections, 0, MaxConnections, "connections",
			"Client connections that an endpoint may have at once. 0: by the number of its associations: 7,000 with one, 36,500 with two, 66,500 with three, 96,500 with four, 126,000 with five or more.", actsOnLogins,
			func(q *Quotas) *int { return &q.Connections }),
		{Key: "connections_per_certificate", Label: "Connections per user or client certificate", Section: sectionShares, Preset: "5", Kind: SettingNumber, Most: 1000000, Unit: "connections",
			Help: "Connections that one user of an identity provider (directory or SAML), or one client certificate where none is used, may have to one endpoint at a time, those whose clients are out of reach included; 0: no limit. At the limit a connection whose client is out of reach ends first.",
			Acts: actsOnLogins,
			read: readNumber(0, 1000000, func(d *Deployment) *int { return &d.Share.Limit })},
		{Key: "connections_end_oldest", Label: "End the oldest connection at this limit", Section: sectionShares, Preset: "false", Kind: SettingSwitch,
			Help: "At the limit of connections per user or client certificate the oldest connection ends and the new client gets in. While this is off, the new client is refused.",
			Acts: actsOnLogins,
			read: readSwitch(func(d *Deployment) *bool { return &d.Share.EndOldest })},
		{Key: "sign_in_attempts", Label: "Failed sign-ins of a VPN user", Section: sectionSignIn, Preset: strconv.Itoa(DefaultSignInLimit.Attempts), Kind: SettingNumber, Least: 2, Most: 100, Unit: "sign-ins",
			Acts: actsOnSignIns,
			Help: "Wrong passwords and codes, one after the other, after which no more are tried. Set it below the number at which the directory locks an account. The last one is kept for networks and devices that the user has signed in from. A source may fail ten times as often.",
			read: readNumber(2, 100, func(d *Deployment) *int { return &d.SignIn.Attempts })},
		{Key: "sign_in_window", Label: "Failed sign-ins are forgotten after", Section: sectionSignIn, Preset: strconv.Itoa(int(DefaultSignInLimit.Window / time.Minute)), Kind: SettingNumber, Least: 1, Most: 1440, Unit: "minutes",
			Acts: actsOnSignIns,
			Help: "After so many minutes without a failed sign-in, or after one that succeeds. Set it to the time after which the directory forgets wrong passwords, or longer.",
			read: readMinutes(1, 1440, func(d *Deployment) *time.Duration { return &d.SignIn.Window })},
		{Key: "directory_look_up", Label: "Look up users of directories within", Section: sectionUsers, Preset: "60", Kind: SettingNumber, Least: 10, Most: 3600, Unit: "seconds",
			Help: "Time within which a change of a user in a directory acts on live sessions: groups that were added or removed, a disabled or deleted account. Each user with a session is looked up twice in that time.",
			Acts: "Acts on the next look-up.",
			read: readNumber(10, 3600, func(d *Deployment) *int { return &d.LookUpSeconds })},
		{Key: "browser_same_address", Label: "Refuse browsers at another address", Section: sectionBrowser, Preset: "false", Kind: SettingSwitch,
			Help: "A VPN login by SAML is refused where the browser has another network address than the VPN client. While this is off, the page that asks to confirm warns. Leave it off where browsers use a proxy, or an IPv6 address beside the client's IPv4 address.",
			Acts: actsOnSignIns,
			read: readSwitch(func(d *Deployment) *bool { return &d.BrowserSameAddress })},
		{Key: "browser_code", Label: "Ask for a code after the sign-in in the browser", Section: sectionBrowser, Preset: "false", Kind: SettingSwitch,
			Help: "After a VPN login by SAML the page shows a code, which the user types at the VPN client: so the link of another user's client connects no client. Clients that cannot ask for a text (crtext) are refused.",
			Acts: actsOnSignIns,
			read: readSwitch(func(d *Deployment) *bool { return &d.BrowserCode })},
		{Key: "renew_certificates", Label: "Renew server certificates automatically", Section: sectionCertificates, Preset: "true", Kind: SettingSwitch,
			Help: "A server certificate that an endpoint uses and that an authority whose key is stored here issued is renewed 30 days before its end, with its names and its key. The workers of the endpoint restart one after the other: clients reconnect by themselves, without a new sign-in.",
			Acts: "Acts within the next hour.",
			read: readSwitch(func(d *Deployment) *bool { return &d.RenewCertificates })},
		{Key: "device_limit", Label: "Devices per user", Section: sectionDevices, Preset: "5", Kind: SettingNumber, Most: 100, Unit: "devices",
			Help: "Devices for which a user may make a configuration file with a client certificate in the self-service portal, where an endpoint asks for a certificate of an authority whose key is kept here and for a sign-in. 0: none; administrators hand out complete files.",
			Acts: "Acts on files that are made from now on. Devices that there are stay.",
			read: readNumber(0, 100, func(d *Deployment) *int { return &d.Devices })},
		{Key: "device_days", Label: "Validity of device certificates", Section: sectionDevices, Preset: strconv.Itoa(DefaultValidDays[UseClient]), Kind: SettingNumber, Least: 1, Most: maxValidDays, Unit: "days",
			Help: "How long the certificate of a device is valid; never longer than that of the authority that issues it. Users are told in the portal 30 days before its end, and renew it there.",
			Acts: "Acts on files that are made from now on.",
			read: readNumber(1, maxValidDays, func(d *Deployment) *int { return &d.DeviceDays })},
		{Key: "installer_megabytes", Label: "Largest installer", Section: sectionPortal, Preset: "200", Kind: SettingNumber, Least: 1, Most: MaxInstallerMegabytes, Unit: "MB",
			Help: "The largest file of a VPN program that an administrator can upload for the self-service portal. It is stored in the database.",
			Acts: "Acts on the next upload. What is stored stays.",
			read: readNumber(1, MaxInstallerMegabytes, func(d *Deployment) *int { return &d.InstallerMegabytes })},
	}
}

// What settings act on, in the words of the page.
const (
	actsOnFiles   = "Acts on configuration files that are downloaded from now on. Files that were handed out keep the name that they have."
	actsOnNext    = "Acts on what is added from now on. Where there is more than a lowered quota, all of it stays."
	actsOnSignIns = "Acts on sign-ins from now on."
	actsOnLogins  = "Acts on logins from now on. Connections that there are stay."
)

func quota(key, label string, preset, least, most int, unit, help, acts string, field func(*Quotas) *int) Setting {
	return Setting{
		Key: key, Label: label, Section: sectionQuotas, Preset: strconv.Itoa(preset), Kind: SettingNumber, Least: least, Most: most, Unit: unit, Help: help, Acts: acts,
		read: readNumber(least, most, func(d *Deployment) *int { return field(&d.Quotas) }),
	}
}

// Check returns why a value cannot be set, or "".
func (s Setting) Check(value string) string { return s.read(&Deployment{}, strings.TrimSpace(value)) }

// ReadDeployment gives the settings in force. values are by key; a setting without one, or with one that
// this version does not take, has its preset.
func ReadDeployment(values map[string]string) Deployment {
	var d Deployment
	for _, s := range DeploymentSettings() {
		value, set := values[s.Key]
		if !set || s.Check(value) != "" {
			value = s.Preset
		}
		_ = s.read(&d, strings.TrimSpace(value)) // checked; a test checks the presets
	}
	return d
}

// GivenSetting is a setting that the configuration sets, so that the Settings page cannot change it.
type GivenSetting struct {
	Value  string
	Source string // the line, variable or flag
}

// StartSetting is a setting of the configuration alone, which a node needs to start, as it is in force.
type StartSetting struct {
	Key    string
	Help   string
	Value  string // "" where it is not set, or not shown
	Secret bool   // its value is not shown
	Source string // the line, variable or flag; "" where it has its default
}

func readName(check func(string) string, field func(*Deployment) *string) func(*Deployment, string) string {
	return func(d *Deployment, v string) string {
		if v != "" {
			if why := check(v); why != "" {
				return why
			}
		}
		*field(d) = v
		return ""
	}
}

func readSwitch(field func(*Deployment) *bool) func(*Deployment, string) string {
	return func(d *Deployment, v string) string {
		b, err := strconv.ParseBool(v)
		if err != nil {
			return fmt.Sprintf("%q is neither true nor false.", v)
		}
		*field(d) = b
		return ""
	}
}

func readNumber(least, most int, field func(*Deployment) *int) func(*Deployment, string) string {
	return func(d *Deployment, v string) string {
		n, err := strconv.Atoi(v)
		if err != nil || n < least || n > most {
			return fmt.Sprintf("%q is not a whole number from %d to %d.", v, least, most)
		}
		*field(d) = n
		return ""
	}
}

func readMinutes(least, most int, field func(*Deployment) *time.Duration) func(*Deployment, string) string {
	return func(d *Deployment, v string) string {
		n := 0
		fault := readNumber(least, most, func(*Deployment) *int { return &n })(d, v)
		if fault == "" {
			*field(d) = time.Duration(n) * time.Minute
		}
		return fault
	}
}

var domainName = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

// longestDomain leaves room for an endpoint ID and a dot in a public name.
const longestDomain = maxPublicName - 33

func checkDomain(s string) string {
	if len(s) > longestDomain || !domainName.MatchString(s) {
		return fmt.Sprintf("%q is not a domain such as vpn.example.com.", s)
	}
	return ""
}

// SavedSettings is what an administrator saved of the settings, by key. Version counts saves.
type SavedSettings struct {
	Values  map[string]string
	Version int
}

// Edit applies a Settings form: values has every setting that is not given. A value that is the preset is not
// kept. Stale where another administrator saved after the form was filled; fields are the keys.
func (s *SavedSettings) Edit(version int, values map[string]string, given map[string]GivenSetting) error {
	var c Check
	next := map[string]string{}
	for _, k := range DeploymentSettings() {
		if _, fixed := given[k.Key]; fixed { // what was saved counts again when the configuration no longer has it
			if v, kept := s.Values[k.Key]; kept {
				next[k.Key] = v
			}
			continue
		}
		v := strings.TrimSpace(values[k.Key])
		if why := k.Check(v); why != "" {
			c.Bad(k.Key, why)
		} else if v != k.Preset {
			next[k.Key] = v
		}
	}
	if version != s.Version {
		return ErrStale("settings").Beside(c.fields)
	}
	if err := c.Err(); err != nil {
		return err
	}
	s.Values = next
	s.Version++
	return nil
}

// InForce gives the settings in force: those of the configuration, then what was saved, then the presets.
func (s SavedSettings) InForce(given map[string]GivenSetting) map[string]string {
	out := map[string]string{}
	for _, k := range DeploymentSettings() {
		out[k.Key] = k.Preset
		if v, saved := s.Values[k.Key]; saved && k.Check(v) == "" {
			out[k.Key] = v
		}
		if g, fixed := given[k.Key]; fixed {
			out[k.Key] = strings.TrimSpace(g.Value)
		}
	}
	return out
}
