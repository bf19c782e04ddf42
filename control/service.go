package control

import (
	"context"
	"log/slog"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// Config is what the use cases need. Every field is required except Resolver and Zones.
type Config struct {
	Store     *store.Store
	Dataplane Dataplane
	PKI       PKI
	Log       *slog.Logger
	Now       func() time.Time
	Node      string   // this node's name
	Zones     []string // the availability zones that this node realizes
	Settings  Settings
	Resolver  Resolver // nil: public names are not looked up
	Limits    SessionLimits
}

// Service is the set of use cases. It keeps nothing that matters between calls: caches and
// throttles only.
type Service struct {
	core      *Core
	dataplane Dataplane
	pki       PKI
	node      string
	zones     []string
	nodes     *nodeWatch
	settings  Settings
	names     *nameChecker
	limits    SessionLimits
	passwords *passwordHasher
	signIns   *throttle
	live      *liveCache
}

// New makes the use cases.
func New(c Config) *Service {
	return &Service{
		core: NewCore(c.Store, c.Log, c.Now), dataplane: c.Dataplane, pki: c.PKI, node: c.Node, zones: c.Zones,
		nodes:    &nodeWatch{dataplane: c.Dataplane, now: c.Now},
		settings: c.Settings, limits: c.Limits,
		names:     newNameChecker(c.Resolver, c.Now),
		passwords: newPasswordHasher(),
		signIns:   newThrottle(c.Now),
		live:      &liveCache{dataplane: c.Dataplane, now: c.Now},
	}
}

// Settings are the deployment's names (DESIGN section 4) and what the settings page shows.
type Settings struct {
	PublicName      string // host name or address in profiles
	VPNDomain       string // where set and PublicName is not, profiles have <endpoint-id>.<domain>
	PublicURL       string // base of the pages that users and IdPs open
	FallbackAddress string // this host's own address, for profiles while neither name is set
	Version         string
	Reserved        []vpn.Reservation // ports of this host that no endpoint may have
}

// Refuse is Core.Refuse.
func (s *Service) Refuse(ctx context.Context, by Principal, action vpn.Action, subject string) error {
	return s.core.Refuse(ctx, by, action, subject)
}

// Settings gives the deployment's names.
func (s *Service) Settings() Settings { return s.settings }
