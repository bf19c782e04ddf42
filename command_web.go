package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"sallyport/config"
	"sallyport/control"
	"sallyport/control/access"
	"sallyport/control/branding"
	"sallyport/control/certificate"
	"sallyport/control/device"
	"sallyport/control/endpoint"
	"sallyport/control/identity"
	"sallyport/control/installer"
	"sallyport/control/network"
	"sallyport/control/node"
	selfservice "sallyport/control/portal"
	"sallyport/control/probe"
	"sallyport/control/quickstart"
	"sallyport/control/runner"
	"sallyport/control/search"
	"sallyport/control/setting"
	"sallyport/control/signin"
	"sallyport/control/tutorial"
	"sallyport/control/user"
	"sallyport/dataplane/client"
	"sallyport/handlers/admin"
	"sallyport/handlers/portal"
	"sallyport/ldap"
	"sallyport/pki"
	"sallyport/saml"
	"sallyport/static"
	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web"
)

// runWeb serves the console and sends the desired state to the dataplane until ctx ends.
func runWeb(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	if err := static.Check(); err != nil {
		return err
	}
	web.CollectGarbageLessOften()
	public, err := listenPublic(ctx, &cfg.Public)
	if err != nil {
		return err
	}
	if public != nil {
		defer public.Close()
	}
	services, pages, run, db, err := openServices(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer db.Close()
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Console.Listen.String())
	if err != nil {
		return fmt.Errorf("console_listen, where the console listens: %w", err)
	}
	defer l.Close()
	listeners := []listener{{Listener: l, limits: web.ConsoleLimits}}
	var notice startNotice
	if listeners[0].encryption, err = consoleTLS(cfg, &notice, log); err != nil {
		return err
	}
	if public == nil {
		log.WarnContext(ctx, "the public pages are not served, so no VPN client can be signed in in a browser", "reason", cfg.Public.Off)
	} else {
		served, err := publicListener(cfg, public, pages, &notice, log) //nolint:contextcheck // each request brings its own
		if err != nil {
			return err
		}
		listeners = append(listeners, served)
	}
	if err := services.Access.OfferSetup(ctx, setupLinkPlace(cfg, &notice)); err != nil {
		return err
	}
	var background sync.WaitGroup
	for _, job := range []func(context.Context){run.Reconcile, run.Follow, run.Housekeep, run.LookUp, run.LookAtMetadata} {
		background.Go(func() { job(ctx) })
	}
	defer background.Wait()
	listeners[0].handler = web.New(web.Config{ //nolint:contextcheck // each request brings its own
		Services: services, Log: log, Now: time.Now, SessionLife: cfg.Session.Absolute,
		PlainHTTP: cfg.Console.PlainHTTP, TrustedProxies: cfg.Console.TrustedProxies, Names: consoleNames(cfg), PublicHost: cfg.Public.OwnHost(),
	})
	if public != nil {
		log.InfoContext(ctx, "public pages are ready", "url", cfg.Public.URL.String(), "listen", cfg.Public.Listen)
	}
	log.InfoContext(ctx, "console is ready", "url", consoleURL(cfg), "version", version)
	if err := notice.writeTo(os.Stderr); err != nil { // the file has the link too
		log.WarnContext(ctx, "the fingerprints and the set-up link were not written", "err", err)
	}
	return serveAll(ctx, listeners, cfg.Console.TrustedProxies, log)
}

// openServices opens the database, brings its schema up to date and connects the rooms.
func openServices(ctx context.Context, cfg config.Config, log *slog.Logger) (admin.Services, portal.Services, *runner.Runner, *store.Store, error) {
	db, err := openDatabase(ctx, cfg, log)
	if err != nil {
		return admin.Services{}, portal.Services{}, nil, nil, err
	}
	dataplane, maker := client.New(cfg.Data.Socket), pki.Maker{}
	limits := vpn.SessionLimits{Idle: cfg.Session.Idle, Absolute: cfg.Session.Absolute}
	core := control.NewCore(db, log, utc, deploymentSettings(cfg))
	nodes := node.New(core, dataplane, cfg.Node.Name, cfg.Node.Zones)
	endpoints := endpoint.New(endpoint.Config{Core: core, Dataplane: dataplane, PKI: maker, Node: nodes, Resolver: endpoint.SystemResolver{}})
	services := admin.Services{
		Core: core, Access: access.New(core, limits), Networks: network.New(core, dataplane), Certificates: certificate.New(core, maker),
		Endpoints: endpoints, QuickStart: quickstart.New(core, maker, endpoints, dataplane),
		Users: user.New(core), Branding: branding.New(core), Installers: installer.New(core),
		Identity: identity.New(core, openDirectory, samlRoom{saml.Fetcher{Private: cfg.Public.PrivateMetadata}}), Nodes: nodes, Settings: setting.New(core), Tutorial: tutorial.New(core), Search: search.New(core),
	}
	services.Probes = probe.New(core, dataplane, probe.TCP)
	services.Devices = device.New(device.Config{Core: core, PKI: maker, Files: services.Endpoints})
	users := selfservice.New(selfservice.Config{Core: core, Prover: services.Identity, Providers: services.Identity, Files: services.Endpoints})
	pages := portal.Services{Core: core, SignIns: signin.New(core, services.Identity, services.Identity, users), Portal: users, Devices: services.Devices, Files: services.Endpoints, Branding: services.Branding, Installers: services.Installers, Providers: services.Identity, Lists: services.Certificates}
	run := runner.New(runner.Config{Core: core, Dataplane: dataplane, Node: nodes, NodeName: cfg.Node.Name, Prover: services.Identity, SignIns: pages.SignIns, Directories: services.Identity, Metadata: services.Identity, Certificates: services.Certificates, Limits: limits, KeepChanges: cfg.Audit.Keep, DeviceDelay: time.Second})
	return services, pages, run, db, nil
}

// openDirectory fits package ldap into what the use cases of identity providers need.
func openDirectory(o vpn.DirectoryOptions, password vpn.Secret) (identity.Source, error) {
	return ldap.New(o, password, ldap.DefaultTimeouts)
}

// openDatabase opens the database and brings its schema up to date.
func openDatabase(ctx context.Context, cfg config.Config, log *slog.Logger) (*store.Store, error) {
	if err := ensureDataDir(cfg.DataDir); err != nil {
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
		Given: cfg.Given, Start: cfg.Start, Version: version,
		Reserved: []vpn.Reservation{reserve("the console", cfg.Console.Listen)},
	}
	if a := (endpoint.SystemResolver{}).OwnAddress(); a.IsValid() {
		settings.FallbackAddress = a.String()
	}
	if settings.PublicOff = cfg.Public.Off; settings.PublicOff == "" {
		settings.PublicURL = cfg.Public.URL.String()
		settings.PublicOwnCertificate = !cfg.Public.PlainHTTP && cfg.Public.TLSCertificate == ""
		settings.Reserved = append(settings.Reserved, reserve("the public pages", cfg.Public.Listen))
	}
	return settings
}

// reserve keeps the port of a listener from endpoints.
func reserve(owner string, at netip.AddrPort) vpn.Reservation {
	return vpn.Reservation{Owner: owner, Listen: vpn.Listen{Addr: at.Addr().Unmap(), Transport: vpn.TCP, Port: at.Port()}}
}

func openSealer(s config.Seal) (*pki.Sealer, error) {
	if s.Key == "" {
		sealer, err := pki.OpenSealer(s.File, config.DecodeKey)
		if err != nil {
			return nil, fmt.Errorf("seal_key_file: %w", err)
		}
		return sealer, nil
	}
	key, err := s.Decode()
	if err != nil {
		return nil, err
	}
	return pki.NewSealer(key)
}

func utc() time.Time { return time.Now().UTC() }
