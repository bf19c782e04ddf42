package control

import (
	"context"
	"time"

	"sallyport/vpn"
)

// Store is the database. View runs reads in one snapshot; Update runs one transaction that is
// committed when the function returns nil and rolled back otherwise. The function may run again
// after a serialization failure, so it must not act outside the transaction.
//
// A missing row is a *vpn.Error of kind NotFound with a sentence; a broken uniqueness or
// reference is kind Conflict; a disk without room is kind Unavailable. Everything else is an
// internal error.
type Store interface {
	View(ctx context.Context, f func(Tx) error) error
	Update(ctx context.Context, f func(Tx) error) error
	// Fault tells whether nothing can be stored at present, and since when.
	Fault() (vpn.Fault, bool)
}

// Tx is what can be read and written inside one transaction.
type Tx interface {
	NetworkTx
	CertificateTx
	EndpointTx
	PartTx
	ConnectionTx
	AdministratorTx
	AuditTx
}

// NetworkTx stores networks and their subnets.
type NetworkTx interface {
	Network(ctx context.Context, id vpn.NetworkID) (vpn.Network, error)
	Networks(ctx context.Context, l List) (Page[vpn.Network], error) // search: name, id, CIDR; sort: name (default), created_at
	CreateNetwork(ctx context.Context, n vpn.Network) error
	DeleteNetwork(ctx context.Context, id vpn.NetworkID) error // Conflict while it has subnets
	Subnet(ctx context.Context, id vpn.SubnetID) (vpn.Subnet, error)
	SubnetNames(ctx context.Context, ids ...vpn.SubnetID) (map[vpn.SubnetID]string, error)
	SubnetsOf(ctx context.Context, ids ...vpn.NetworkID) ([]vpn.Subnet, error)             // by network, zone, CIDR
	Subnets(ctx context.Context, n vpn.NetworkID, l List) (Page[vpn.Subnet], error)        // search: name, id, CIDR, zone; sort: name, cidr (default), zone
	SubnetCounts(ctx context.Context, ids ...vpn.NetworkID) (map[vpn.NetworkID]int, error) // networks without any are absent
	CountSubnets(ctx context.Context) (int, error)                                         // of all networks
	CreateSubnet(ctx context.Context, s vpn.Subnet) error
	DeleteSubnet(ctx context.Context, id vpn.SubnetID) error // Conflict while an association uses it
}

// CertificateTx stores certificates; private keys are sealed and read apart.
type CertificateTx interface {
	Certificate(ctx context.Context, id vpn.CertificateID) (vpn.Certificate, error)
	// Certificates searches name, common name and id; sorts by name (default), common_name,
	// not_after, created_at; filters by use and authority.
	Certificates(ctx context.Context, l List) (Page[vpn.Certificate], error)
	CertificatesByID(ctx context.Context, ids ...vpn.CertificateID) (map[vpn.CertificateID]vpn.Certificate, error)
	CertificateKey(ctx context.Context, id vpn.CertificateID) (vpn.Secret, error) // NotFound where none is kept
	CreateCertificate(ctx context.Context, c vpn.Certificate, key vpn.Secret) error
	// TakeCertificateKey marks the key as given out and tells whether it had not been before.
	TakeCertificateKey(ctx context.Context, id vpn.CertificateID) (first bool, err error)
	DeleteCertificate(ctx context.Context, id vpn.CertificateID) error
	// EndpointsUsing lists the endpoints that use each certificate, as server certificate or as client authority.
	EndpointsUsing(ctx context.Context, ids ...vpn.CertificateID) (map[vpn.CertificateID][]vpn.EndpointID, error)
	// IssuedCounts counts the certificates that each authority issued.
	IssuedCounts(ctx context.Context, ids ...vpn.CertificateID) (map[vpn.CertificateID]int, error)
}

// EndpointTx stores endpoints and what dataplanes reported of them.
type EndpointTx interface {
	Endpoint(ctx context.Context, id vpn.EndpointID) (vpn.Endpoint, error)
	// LockEndpoint reads an endpoint for change: nobody else changes it or its parts until the
	// transaction ends. Every change of an endpoint, its associations, rules or routes takes it first.
	LockEndpoint(ctx context.Context, id vpn.EndpointID) (vpn.Endpoint, error)
	Endpoints(ctx context.Context, l List) (Page[vpn.Endpoint], error) // search: name, id, client CIDR, description; sort: name (default), client_cidr, created_at
	EndpointNames(ctx context.Context, ids ...vpn.EndpointID) (map[vpn.EndpointID]string, error)
	AllEndpoints(ctx context.Context) ([]vpn.Endpoint, error) // without their secrets' cost: for checks and the reconciler
	CreateEndpoint(ctx context.Context, e vpn.Endpoint) error
	SaveEndpoint(ctx context.Context, e vpn.Endpoint) error      // every column but the immutable ones
	DeleteEndpoint(ctx context.Context, id vpn.EndpointID) error // with its parts and observations; its connections stay
	Observations(ctx context.Context, ids ...vpn.EndpointID) (map[vpn.EndpointID]vpn.Observation, error)
	SaveObservation(ctx context.Context, o vpn.Observation) error // one row for each node and endpoint
}

// PartTx stores the parts of endpoints: associations, rules and routes.
type PartTx interface {
	Association(ctx context.Context, id vpn.AssociationID) (vpn.Association, error)
	AssociationsOf(ctx context.Context, ids ...vpn.EndpointID) ([]vpn.Association, error) // by endpoint, zone
	AssociationsOfSubnets(ctx context.Context, ids ...vpn.SubnetID) ([]vpn.Association, error)
	CreateAssociation(ctx context.Context, a vpn.Association) error
	SaveAssociation(ctx context.Context, a vpn.Association) error

	Rule(ctx context.Context, id vpn.RuleID) (vpn.Rule, error)
	RulesOf(ctx context.Context, id vpn.EndpointID) ([]vpn.Rule, error)           // all, by destination
	Rules(ctx context.Context, id vpn.EndpointID, l List) (Page[vpn.Rule], error) // search: destination, group, description; sort: destination (default, numerically), group, created_at
	CreateRule(ctx context.Context, r vpn.Rule) error
	SaveRule(ctx context.Context, r vpn.Rule) error

	Route(ctx context.Context, id vpn.RouteID) (vpn.Route, error)
	RoutesOf(ctx context.Context, id vpn.EndpointID) ([]vpn.Route, error)
	Routes(ctx context.Context, id vpn.EndpointID, l List) (Page[vpn.Route], error) // search: destination, subnet, description; sort: destination (default), origin, created_at
	CreateRoute(ctx context.Context, r vpn.Route) error
	SaveRoute(ctx context.Context, r vpn.Route) error

	// DropRemoved deletes the associations, rules and routes of an endpoint whose removal is
	// part of the applied generation, and tells how many rows went.
	DropRemoved(ctx context.Context, id vpn.EndpointID, applied uint64) (int, error)
}

// ConnectionTx stores connections, refused attempts and how far the event streams were read.
type ConnectionTx interface {
	Connection(ctx context.Context, id vpn.ConnectionID) (vpn.Connection, error)
	// Connections lists those of one endpoint that were ever established, newest first by
	// default; searches user, client IP, device, id; sorts by established_at (default, newest
	// first), username, client_ip; filters by status.
	Connections(ctx context.Context, id vpn.EndpointID, l List) (Page[vpn.Connection], error)
	LiveConnections(ctx context.Context, id vpn.EndpointID) ([]vpn.Connection, error) // connecting, active, terminating, failed-to-terminate
	// ConnectionsToTerminate are the node's that somebody wants ended and that have not ended yet.
	ConnectionsToTerminate(ctx context.Context, node string) ([]vpn.Connection, error)
	CountLive(ctx context.Context, ids ...vpn.EndpointID) (map[vpn.EndpointID]int, error) // active, terminating, failed-to-terminate
	CreateConnection(ctx context.Context, cs ...vpn.Connection) error
	SaveConnection(ctx context.Context, c vpn.Connection) error
	SaveCounters(ctx context.Context, counts map[vpn.ConnectionID]vpn.Counters, at time.Time) error // narrow table, integer-keyed
	PurgeConnections(ctx context.Context, endedBefore time.Time) (int, error)
	// PurgeConnecting deletes grants that never became a connection and were given before then.
	PurgeConnecting(ctx context.Context, grantedBefore time.Time) (int, error)

	CreateAttempt(ctx context.Context, a vpn.RefusedAttempt, at time.Time) error // keeps the newest 1,000 of an endpoint
	Attempts(ctx context.Context, id vpn.EndpointID, limit int) ([]Attempt, error)

	// EventCursor is the last event of the node that was taken over; empty epoch: none.
	EventCursor(ctx context.Context, node string) (epoch string, seq uint64, err error)
	SaveEventCursor(ctx context.Context, node, epoch string, seq uint64) error
}

// Attempt is a refused attempt with its time.
type Attempt struct {
	vpn.RefusedAttempt
	At time.Time
}

// AdministratorTx stores administrators, their sessions and set-up links.
type AdministratorTx interface {
	Administrator(ctx context.Context, id vpn.AdministratorID) (vpn.Administrator, error)
	AdministratorByUsername(ctx context.Context, username string) (vpn.Administrator, error)
	Administrators(ctx context.Context, l List) (Page[vpn.Administrator], error) // search: username; sort: username (default), last_sign_in
	// CountAdministrators counts those who can sign in with the role; "" counts all accounts.
	CountAdministrators(ctx context.Context, role vpn.Role) (int, error)
	CreateAdministrator(ctx context.Context, a vpn.Administrator) error
	SaveAdministrator(ctx context.Context, a vpn.Administrator) error // Stale unless the version is the stored one; stores version+1
	// RecordSignIn notes the time of a sign-in. It is no edit: the version stays.
	RecordSignIn(ctx context.Context, id vpn.AdministratorID, at time.Time) error

	Session(ctx context.Context, hash string) (Session, error)
	CreateSession(ctx context.Context, s Session) error
	TouchSession(ctx context.Context, hash string, at time.Time) error
	SaveSessionFlash(ctx context.Context, hash string, flash string) error
	DeleteSession(ctx context.Context, hash string) error
	DeleteSessionsOf(ctx context.Context, id vpn.AdministratorID) (int, error)
	PurgeSessions(ctx context.Context, idleBefore, createdBefore time.Time) (int, error)

	CreateSetupLink(ctx context.Context, hash string, expires time.Time) error // replaces all earlier ones
	SetupLinkValid(ctx context.Context, hash string, now time.Time) (bool, error)
	DeleteSetupLinks(ctx context.Context) error
}

// Session is a signed-in browser. Only the hash of its identifier is stored, so that a copy of
// the database signs nobody in. Audience keeps a portal session from ever acting on the console.
type Session struct {
	Hash          string // SHA-256 of the cookie's value, hex
	Audience      string
	Administrator vpn.AdministratorID
	CreatedAt     time.Time
	SeenAt        time.Time
	Source        string // address it was created from
	Flash         string // JSON of messages for the next page
}

// AuditTx stores the audit trail.
type AuditTx interface {
	Audit(ctx context.Context, r AuditRecord) error
	AuditRecords(ctx context.Context, l List) (Page[AuditRecord], error) // newest first; filters by action, actor, subject
}

// AuditRecord says who changed what, from where, and how it went. Before and After are JSON of
// the subject without secrets.
type AuditRecord struct {
	ID      int64
	At      time.Time
	Actor   string // user name, or "system"
	Source  string // address of the browser or "local"
	Request string // request ID
	Action  string // as the API calls it, for example "AuthorizeClientVpnIngress"
	Subject string // ID of what was changed
	Before  string
	After   string
	Result  string // "ok", or the sentence with which it was refused
}
