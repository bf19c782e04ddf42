package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"sallyport/config"
	"sallyport/control"
	"sallyport/control/access"
	"sallyport/control/certificate"
	"sallyport/control/endpoint"
	"sallyport/control/network"
	"sallyport/control/node"
	"sallyport/control/runner"
	"sallyport/control/tutorial"
	"sallyport/dataplane/client"
	"sallyport/handlers/admin"
	"sallyport/pki"
	"sallyport/static"
	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web"
)

// runWeb serves the console and keeps the dataplane at what the database wants, until ctx ends.
func runWeb(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	if err := static.Check(); err != nil {
		return err
	}
	services, run, db, err := openServices(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer db.Close()
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Console.Listen.String())
	if err != nil {
		return fmt.Errorf("console_listen, where the console is to be: %w", err)
	}
	defer l.Close()
	tlsConfig, err := consoleTLS(cfg, log)
	if err != nil {
		return err
	}
	if err := offerSetup(ctx, cfg, services.Access); err != nil {
		return err
	}
	var background sync.WaitGroup
	for _, job := range []func(context.Context){run.Reconcile, run.Follow, run.Housekeep} {
		background.Go(func() { job(ctx) })
	}
	defer background.Wait()
	h := web.New(web.Config{ //nolint:contextcheck // each request brings its own
		Services: services, Log: log, Now: time.Now, SessionLife: cfg.Session.Absolute,
		PlainHTTP: cfg.Console.PlainHTTP, TrustedProxies: cfg.Console.TrustedProxies, Names: consoleNames(cfg),
	})
	log.InfoContext(ctx, "console is ready", "url", consoleURL(cfg), "version", version)
	return web.Serve(ctx, l, h, tlsConfig, log)
}

// openServices opens the database, brings its schema up to date and connects the rooms.
func openServices(ctx context.Context, cfg config.Config, log *slog.Logger) (admin.Services, *runner.Runner, *store.Store, error) {
	db, err := openDatabase(ctx, cfg, log)
	if err != nil {
		return admin.Services{}, nil, nil, err
	}
	dataplane, maker := client.New(cfg.Data.Socket), pki.Maker{}
	limits := vpn.SessionLimits{Idle: cfg.Session.Idle, Absolute: cfg.Session.Absolute}
	core := control.NewCore(db, log, utc, deploymentSettings(cfg))
	nodes := node.New(core, dataplane, cfg.Node.Name, cfg.Node.Zones)
	services := admin.Services{
		Core: core, Access: access.New(core, limits), Networks: network.New(core), Certificates: certificate.New(core, maker),
		Endpoints: endpoint.New(endpoint.Config{Core: core, Dataplane: dataplane, PKI: maker, Node: nodes, Resolver: hostResolver{}}),
		Nodes:     nodes, Tutorial: tutorial.New(core),
	}
	run := runner.New(runner.Config{Core: core, Dataplane: dataplane, Node: nodes, NodeName: cfg.Node.Name, Limits: limits})
	return services, run, db, nil
}

// openDatabase opens the database and brings its schema up to date.
func openDatabase(ctx context.Context, cfg config.Config, log *slog.Logger) (*store.Store, error) {
	if err := ownDirectory(cfg.DataDir); err != nil {
		return nil, err
	}
	sealer, err := openSealer(cfg.Seal)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, cfg.Database.Reveal(), store.Options{Sealer: sealer, Logger: log, Now: time.Now})
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func deploymentSettings(cfg config.Config) control.Settings {
	settings := control.Settings{
		PublicName: cfg.Public.Name, VPNDomain: cfg.Public.VPNDomain, FallbackAddress: ownAddress(), Version: version,
		Reserved: []vpn.Reservation{{Owner: "the console", Listen: vpn.Listen{
			Addr: cfg.Console.Listen.Addr().Unmap(), Transport: vpn.TCP, Port: cfg.Console.Listen.Port(),
		}}},
	}
	if cfg.Public.URL != nil {
		settings.PublicURL = cfg.Public.URL.String()
	}
	return settings
}

func utc() time.Time { return time.Now().UTC() }

// ownDirectory makes the data directory, or checks that nobody else can look into it.
func ownDirectory(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if info.Mode().Perm() != 0o700 {
		return os.Chmod(dir, 0o700)
	}
	return nil
}

// openSealer reads the key that seals secrets, and makes it at the first start.
func openSealer(s config.Seal) (*pki.Sealer, error) {
	if s.Key != "" {
		key, err := s.Decode()
		if err != nil {
			return nil, err
		}
		return pki.NewSealer(key)
	}
	text, err := os.ReadFile(s.File)
	if errors.Is(err, os.ErrNotExist) {
		key := pki.NewSealKey()
		return newSealer(key, s.File)
	}
	if err != nil {
		return nil, fmt.Errorf("seal_key_file: %w", err)
	}
	key, err := config.DecodeKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("seal_key_file %s: %w", s.File, err)
	}
	return pki.NewSealer(key)
}

func newSealer(key []byte, path string) (*pki.Sealer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("seal_key_file: %w", err)
	}
	_, err = fmt.Fprintf(f, "%x\n", key)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("seal_key_file: %w", err)
	}
	return pki.NewSealer(key)
}

// offerSetup prints a set-up link where no administrator exists, and keeps it in a file that
// only the owner of the data directory can read.
func offerSetup(ctx context.Context, cfg config.Config, accounts *access.Service) error {
	needed, err := accounts.SetupNeeded(ctx)
	if err != nil {
		return err
	}
	if !needed { // a link that was used is of no use to anybody any more
		_ = os.Remove(setupLinkFile(cfg))
		return nil
	}
	return writeSetupLink(ctx, cfg, accounts, os.Stderr)
}

func writeSetupLink(ctx context.Context, cfg config.Config, accounts *access.Service, out io.Writer) error {
	token, expires, err := accounts.NewSetupLink(ctx)
	if err != nil {
		return err
	}
	link := consoleURL(cfg) + "/setup?token=" + token
	path := setupLinkFile(cfg)
	if err := os.WriteFile(path, []byte(link+"\n"), 0o600); err != nil { //nolint:gosec // the path is the administrator's own data_dir
		return fmt.Errorf("set-up link: %w", err)
	}
	fmt.Fprintf(out, "\nCreate the first administrator here, until %s:\n\n  %s\n\n(The link is also in %s.)\n\n",
		expires.Local().Format("15:04 MST"), link, path)
	return nil
}

// consoleNames are the host names that the console answers to.
func consoleNames(cfg config.Config) []string {
	names := append([]string{cfg.Public.Name, cfg.Node.Name}, cfg.Console.Names...)
	if cfg.Public.URL != nil {
		names = append(names, cfg.Public.URL.Hostname())
	}
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	return names
}

func setupLinkFile(cfg config.Config) string { return filepath.Join(cfg.DataDir, "setup-link") }

func consoleURL(cfg config.Config) string {
	scheme := "https"
	if cfg.Console.PlainHTTP {
		scheme = "http"
	}
	host := cfg.Console.Listen
	if host.Addr().IsUnspecified() {
		if a, err := netip.ParseAddr(ownAddress()); err == nil {
			host = netip.AddrPortFrom(a, host.Port())
		}
	}
	return scheme + "://" + host.String()
}

// ownAddress is the host's first address that is not loopback, or "".
func ownAddress() string {
	addrs, err := hostResolver{}.HostAddresses()
	if err != nil {
		return ""
	}
	for _, a := range addrs {
		if a.Is4() && !a.IsLoopback() && !a.IsLinkLocalUnicast() {
			return a.String()
		}
	}
	return ""
}

// hostResolver asks the system's resolver.
type hostResolver struct{}

func (hostResolver) Lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip4", name)
}

func (hostResolver) HostAddresses() ([]netip.Addr, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var out []netip.Addr
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				out = append(out, ip.Unmap())
			}
		}
	}
	return out, nil
}

func migrate(ctx context.Context, cfg config.Config, log *slog.Logger, out io.Writer) error {
	if err := becomeOwner(cfg.DataDir); err != nil {
		return err
	}
	db, err := store.Open(ctx, cfg.Database.Reveal(), store.Options{Logger: log})
	if err != nil {
		return err
	}
	if err := errors.Join(db.Migrate(ctx), db.Close()); err != nil {
		return err
	}
	fmt.Fprintln(out, "The database is up to date.")
	return nil
}

func administer(ctx context.Context, cfg config.Config, log *slog.Logger, args []string, out io.Writer) error {
	link := args[0] == "setup-link" && len(args) == 1
	if reset := args[0] == "reset-password" && len(args) == 2; !link && !reset {
		return errUsage
	}
	if err := databaseExists(cfg); err != nil {
		return err
	}
	if err := becomeOwner(cfg.DataDir); err != nil {
		return err
	}
	services, _, db, err := openServices(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer db.Close()
	if link {
		return writeSetupLink(ctx, cfg, services.Access, out)
	}
	password := vpn.NewPassword()
	if err := services.Access.ResetPasswordByName(ctx, args[1], password); err != nil {
		return err
	}
	fmt.Fprintf(out, "The new password of %s is %s\nChange it after signing in: a click on the name at the top of each page.\n", args[1], password)
	return nil
}

// databaseExists refuses a data directory in which no console ever ran. A new database made there
// would give out set-up links that the running console, with its own database, refuses.
func databaseExists(cfg config.Config) error {
	if cfg.Postgres() {
		return nil
	}
	path := cfg.Database.Reveal()
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database %s: start the console once, or give this command the settings that the console runs with, for example --data-dir", path)
	}
	return nil
}
