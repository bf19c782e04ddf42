// Package config is every setting of Sallyport: one struct, filled from defaults, a file, the
// environment and the command line, each of which overrides the ones before it. main loads it once and passes
// each room its own part; there is no global.
//
// A setting is one key. console_listen is "console_listen = ..." in the file,
// SALLYPORT_CONSOLE_LISTEN in the environment and --console-listen on the command line. A secret
// has a twin ending in _file, whose value is the path of a file that holds it. Unknown
// keys are refused by name, because a misspelt setting would otherwise be ignored.
package config

import (
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"sallyport/vpn"
)

// Config is the whole of the settings. Paths are absolute after Load.
type Config struct {
	DataDir  string // persistent state; main creates it with mode 0700
	RunDir   string // sockets and journals; gone after a reboot
	Database vpn.Secret
	Seal     Seal
	Node     Node
	Log      Log
	Console  Console
	Session  Session
	Audit    Audit
	Public   Public
	Data     Dataplane
	// Given are the deployment-wide settings (vpn.DeploymentSettings) that are set here, by key: the
	// Settings page cannot change them.
	Given map[string]vpn.GivenSetting
	// Start are all other settings as they are in force, for the console to show.
	Start []vpn.StartSetting

	origin map[string]string // key -> the form that was used, for Validate
}

// Seal is the source of the key that seals secrets at rest: Key where it is set, otherwise File.
type Seal struct {
	Key  vpn.Secret // 32 bytes in hex or base64; "" when File is used
	File string     // contains the same; it is created (0600) when neither exists
}

// Node is this machine among others that share a database.
type Node struct {
	Name  string
	Zones []string // availability zones whose associations this node realizes
}

// Log is what is logged and how.
type Log struct {
	Level  string // debug, info, warn, error
	Format string // text, json
}

// Console is the administrators' listener.
type Console struct {
	Listen         netip.AddrPort
	TLSCertificate string // path of PEM, leaf first; "" makes a self-signed one
	TLSKey         string
	PlainHTTP      bool
	TrustedProxies []netip.Prefix // the peers whose X-Forwarded-* headers are used
	Names          []string       // further host names that the console answers to
}

// Session is how long a console sign-in lasts.
type Session struct {
	Idle, Absolute time.Duration
}

// Audit is how long the audit trail is kept.
type Audit struct {
	Keep time.Duration // records of changes; 0: for ever
}

// Dataplane is what the root process needs, and where web finds it.
type Dataplane struct {
	Socket          string
	OpenVPN         string // path of the program
	AllowOldOpenVPN bool
	WebUser         string // name or number of the user that web runs as
	Workers         int    // of each endpoint; 0: as many as the host has cores, at most 4
	HostPolicy      string // path; the file may be absent
	PacketMark      uint32 // one bit; 0 for none
	Limits          Limits
	AwayTime        time.Duration // how long a connection is kept for a client that is out of reach
}

// Limits bound what one address may take of what all share; 0 is no limit.
type Limits struct {
	NewFlows, NewFlowsBurst int // to VPN ports, of one source address
	ClientFlows             int // in connection tracking, of one VPN client
}

// Postgres reports whether the database is PostgreSQL rather than a SQLite file.
func (c Config) Postgres() bool { return isPostgres(c.Database.Reveal()) }

func isPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// finish sets the defaults that depend on other settings and makes paths absolute.
func (c *Config) finish() error {
	for _, p := range []*string{&c.DataDir, &c.RunDir} {
		if err := absolute(p); err != nil {
			return err
		}
	}
	if c.Database == "" {
		c.Database = vpn.Secret(filepath.Join(c.DataDir, "sallyport.db"))
	}
	if !c.Postgres() {
		path := c.Database.Reveal()
		if err := absolute(&path); err != nil {
			return err
		}
		c.Database = vpn.Secret(path)
	}
	if c.Seal.File == "" {
		c.Seal.File = filepath.Join(c.DataDir, "seal.key")
	}
	if c.Data.Socket == "" {
		c.Data.Socket = filepath.Join(c.RunDir, "socket", "dataplane.sock")
	}
	for _, p := range []*string{&c.Seal.File, &c.Console.TLSCertificate, &c.Console.TLSKey, &c.Public.TLSCertificate, &c.Public.TLSKey, &c.Data.Socket, &c.Data.OpenVPN, &c.Data.HostPolicy} {
		if err := absolute(p); err != nil {
			return err
		}
	}
	c.finishPublic()
	return nil
}

func absolute(p *string) error {
	if *p == "" {
		return nil
	}
	a, err := filepath.Abs(*p)
	*p = a
	return err
}
