package vpn

import (
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Endpoint is a Client VPN endpoint: the resource that administrators configure and on which
// all client VPN sessions end (guide, "Components of Client VPN").
type Endpoint struct {
	ID          EndpointID
	Name        string
	Description string
	ClientCIDR  netip.Prefix
	Listen      Listen
	Certificate CertificateID // the server's
	// ClientCA is the authority of the client certificates; a server's or client's certificate means its issuer. Empty:
	// clients need no certificate. At least one of ClientCA, Directory and SAML is set, Directory and SAML are not both, and
	// none is changed later.
	ClientCA CertificateID
	// SecondCA is another authority whose client certificates are taken as well, while the clients change from one to the other.
	// Empty: there is none.
	SecondCA  CertificateID
	Directory DirectoryID    // proves the users' names and passwords; empty: users are not asked for any
	SAML      SAMLProviderID // proves users in their browser; empty: they do not sign in there
	// PortalSAML proves users of the self-service portal, with SAML alone; empty: SAML does.
	PortalSAML SAMLProviderID
	// SelfServicePortal lets users of the endpoint fetch its configuration file on the public pages (guide, "Access the
	// self-service portal"). Only with an identity provider.
	SelfServicePortal bool
	ClientOptions
	// Network is that of the target networks. The first association sets it; the last one clears it, unless it was
	// chosen for the endpoint.
	Network       NetworkID
	NetworkChosen bool
	Tags          []Tag
	TLSCrypt      Secret
	TokenSecret   Secret
	// Generation counts changes of what the dataplane must know.
	Generation uint64
	// PushGeneration is the generation of the last change that live sessions were to learn at once: those whose clients
	// were told an older one are reconnected. 0: there was none.
	PushGeneration uint64
	Deleting       bool
	CreatedAt      time.Time
	Version        int // counts saves, so that a save on top of an older version is refused
}

// EndpointState is where an endpoint is in its life (guide, "Client VPN endpoints").
type EndpointState string

// The endpoint states.
const (
	EndpointPendingAssociate EndpointState = "pending-associate"
	EndpointAvailable        EndpointState = "available"
	EndpointDeleting         EndpointState = "deleting"
	EndpointDeleted          EndpointState = "deleted"
)

// Defaults of the guide, "Client VPN endpoints".
const (
	DefaultPort = 443
	// FirstWorkerPort is the first of the ports of a host's OpenVPN processes, of which there are at
	// most MaxWorkers: below the ports that Linux gives to outgoing connections, above those that
	// services have. Clients never see them.
	FirstWorkerPort = 21000
	MaxWorkers      = 256
)

// EndpointSpec is a request for an endpoint as typed.
type EndpointSpec struct {
	Name        string
	Description string
	ClientCIDR  string
	Certificate CertificateID
	Mutual      bool          // clients need a certificate
	ClientCA    CertificateID // with Mutual; "" means the server certificate's own authority
	UserBased   bool          // users sign in at an identity provider
	// UserAuthentication says at which kind of provider they do; "" means DirectoryAuthentication.
	UserAuthentication UserAuthentication
	Directory          DirectoryID    // with DirectoryAuthentication
	SAML               SAMLProviderID // with FederatedAuthentication
	PortalSAML         SAMLProviderID // likewise; "" means SAML
	SelfServicePortal  bool
	Transport          Transport // "" means UDP
	ListenAddr         string    // "" means every address of the host
	Port               string    // "" means 443
	Network            NetworkID // ""  means that the first association decides
	Tags               []Tag
	ClientOptions
	Unread error // of options that were typed and could not be read, by their fields; nil: none
}

// NewEndpoint checks the parts of a request that stand on their own and makes the endpoint,
// without keys. What depends on other resources is checked by CheckConflicts and CheckCertificates; where the request
// is refused, they can still judge the parts of the endpoint that are sound, and the others are zero.
// Fields: name, description, client_cidr, certificate, user_authentication, directory, saml, portal_saml, mutual, self_service_portal, transport, listen_addr, port,
// tags, and those of ClientOptions.
func NewEndpoint(s EndpointSpec, now time.Time) (Endpoint, error) {
	var c Check
	if err := c.Add(s.Unread); err != nil {
		return Endpoint{}, err
	}
	e := Endpoint{
		ID: NewEndpointID(), Certificate: s.Certificate, ClientOptions: s.ClientOptions,
		Generation: 1, CreatedAt: now, Version: 1,
	}
	e.Name = checkName(&c, "name", s.Name, false)
	e.Description = checkDescription(&c, "description", s.Description)
	e.Tags = NormalizeTags(&c, s.Tags)
	e.ClientCIDR = parseClientCIDR(&c, s.ClientCIDR)
	if s.Certificate == "" {
		c.Bad("certificate", "Choose a server certificate.")
	}
	s.authenticate(&c, &e)
	e.SelfServicePortal = s.SelfServicePortal
	checkPortal(&c, s.SelfServicePortal, s.UserBased || !s.Mutual)
	e.Listen = parseListen(&c, s)
	e.ClientOptions.Check(&c)
	return e, c.Err()
}

func parseListen(c *Check, s EndpointSpec) Listen {
	l := Listen{Addr: netip.IPv4Unspecified(), Transport: UDP}
	if s.Transport != "" {
		l.Transport = s.Transport
	}
	if !l.Transport.Valid() {
		c.Bad("transport", "The transport protocol is UDP or TCP.")
	}
	if a := strings.TrimSpace(s.ListenAddr); a != "" {
		addr, err := netip.ParseAddr(a)
		switch {
		case err != nil || !addr.Is4():
			c.Bad("listen_addr", fmt.Sprintf("%q is not an IPv4 address.", a))
			l.Addr = netip.Addr{}
		case addr.As4()[0] >= 224:
			c.Bad("listen_addr", fmt.Sprintf("%s cannot be the address of a host.", a))
			l.Addr = netip.Addr{}
		default:
			l.Addr = addr
		}
	}
	l.Port = parsePort(c, s.Port)
	return l
}

func parsePort(c *Check, s string) uint16 {
	s = strings.TrimSpace(s)
	if s == "" {
		return DefaultPort
	}
	port, err := strconv.ParseUint(s, 10, 16)
	switch {
	case err != nil || port == 0:
		c.Bad("port", "The VPN port is a number from 1 to 65535; 443 and 1194 are the usual ones.")
		return 0
	case port >= FirstWorkerPort && port < FirstWorkerPort+MaxWorkers:
		c.Bad("port", fmt.Sprintf("The ports from %d to %d are where the OpenVPN processes of this host listen; 443 and 1194 are the usual ones for an endpoint.", FirstWorkerPort, FirstWorkerPort+MaxWorkers-1))
		return 0
	}
	return uint16(port)
}

// CheckCertificates checks what the endpoint's certificates are; public tells that client certificates would come from an
// authority that issues to everybody. client is not looked at where the endpoint needs no client certificates. A zero
// certificate is not judged: what refers to it was refused already. Fields: certificate, client_ca.
func (e Endpoint) CheckCertificates(server, client Certificate, public bool, now time.Time) error {
	var c Check
	switch {
	case server.ID == "":
	case server.Use != UseServer:
		c.Bad("certificate", fmt.Sprintf("%s is not a server certificate.", server.Label()))
	case !server.HasKey:
		c.Bad("certificate", fmt.Sprintf("The private key of %s is not kept here.", server.Label()))
	case server.Expired(now):
		c.Bad("certificate", fmt.Sprintf("%s expired on %s.", server.Label(), server.NotAfter.UTC().Format("2 January 2006")))
	}
	switch {
	case !e.Mutual() || client.ID == "":
	case client.Use == UseClient && client.Chain == "":
		c.Bad("client_ca", fmt.Sprintf("%s is kept without the certificates above it, so others of its authority could not be verified. Import it with its chain, or choose the authority.", client.Label()))
	case client.Use == UseServer && client.ID != server.ID && server.ID != "":
		c.Bad("client_ca", "Choose a certificate authority, a client certificate for the authority that issued it, or the server certificate itself for its own.")
	case client.TrustAnchor() == "":
		c.Bad("client_ca", fmt.Sprintf("%s has no chain, so no client certificate could be verified with it; choose an authority.", client.Label()))
	case client.Use != UseServer && client.Expired(now):
		c.Bad("client_ca", fmt.Sprintf("%s expired on %s.", client.Label(), client.NotAfter.UTC().Format("2 January 2006")))
	case public && client.ID == server.ID:
		c.Bad("client_ca", fmt.Sprintf("%s was issued by a public authority, which gives certificates to anyone: anyone with one could connect. Client certificates must come from an authority of your own.", client.Label()))
	case public:
		c.Bad("client_ca", fmt.Sprintf("%s is a public authority, which gives certificates to anyone: anyone with one could connect. Choose an authority of your own.", client.Label()))
	}
	return c.Err()
}

// EndpointEdit is a request to modify an endpoint as typed (guide, "Client VPN endpoints").
// Version is the one the form was filled from. The options are the whole of them, not only what changes.
type EndpointEdit struct {
	Version     int
	Name        string
	Description string
	Certificate CertificateID
	Port        string
	Network     NetworkID // the one that is chosen for the endpoint, "" for none (ChooseNetwork)
	// SelfServicePortal is as that of Endpoint.
	SelfServicePortal bool
	ClientOptions
	Unread  error   // as that of EndpointSpec
	Consent Consent // to what the modification does
}

// Edit applies a modification and reports whether clients are cut off by it for a moment: the
// server certificate and the port restart the workers, names and options do not. Where it is refused, the endpoint has
// the certificate and the port that are sound, so that further checks can judge them; it is not to be saved.
func (e *Endpoint) Edit(in EndpointEdit) (restarts bool, err error) {
	var c Check
	if e.Deleting {
		return false, ErrEndpointDeleting(e.ID)
	}
	if err := c.Add(in.Unread); err != nil {
		return false, err
	}
	name := checkName(&c, "name", in.Name, false)
	description := checkDescription(&c, "description", in.Description)
	if in.Certificate == "" {
		c.Bad("certificate", "Choose a server certificate.")
	}
	port := parsePort(&c, in.Port)
	checkPortal(&c, in.SelfServicePortal, e.UserBased())
	in.ClientOptions.Check(&c)
	if in.Version != e.Version {
		return false, ErrStale("endpoint").Beside(c.fields)
	}
	if err := c.Err(); err != nil {
		if !c.Has("port") {
			e.Listen.Port = port
		}
		if !c.Has("certificate") {
			e.takeCertificate(in.Certificate)
		}
		return false, err
	}
	restarts = port != e.Listen.Port || in.Certificate != e.Certificate
	e.takeCertificate(in.Certificate)
	e.Name, e.Description, e.SelfServicePortal = name, description, in.SelfServicePortal
	e.Listen.Port = port
	e.Version++
	if restarts || !reflect.DeepEqual(in.ClientOptions, e.ClientOptions) {
		e.Generation++
	}
	e.ClientOptions = in.ClientOptions
	return restarts, nil
}

// takeCertificate gives the endpoint another server certificate; its own authority follows where clients come from it.
func (e *Endpoint) takeCertificate(id CertificateID) {
	if e.OwnAuthority() {
		e.ClientCA = id
	}
	if e.SecondCA != "" && e.SecondCA == e.Certificate {
		e.SecondCA = id
	}
	e.Certificate = id
}

// Reconnect has live sessions learn the present state at once, where the administrator chose that and the effect of
// the change leaves the choice.
func (e *Endpoint) Reconnect(effect Effect, consent Consent) {
	if consent.Reconnect && effect.Choice() {
		e.PushGeneration = e.Generation
	}
}

// RotateKey replaces the key that every configuration file has. The files that were handed out stop working.
func (e *Endpoint) RotateKey(version int, key Secret) error {
	switch {
	case e.Deleting:
		return ErrEndpointDeleting(e.ID)
	case version != e.Version:
		return ErrStale("endpoint")
	}
	e.TLSCrypt = key
	e.Generation++
	e.Version++
	return nil
}

// Label is what lists and messages call the endpoint.
func (e Endpoint) Label() string { return labelOf(e.Name, string(e.ID)) }

// ErrStale says that another administrator saved first.
func ErrStale(what string) *Error {
	return &Error{Kind: Stale, Code: CodeIncorrectState,
		Msg: "Another administrator changed this " + what + " while you were editing it. Your changes were not saved; what they saved is shown beside each field."}
}

// ErrEndpointDeleting says that an endpoint cannot be changed any more.
func ErrEndpointDeleting(id EndpointID) *Error {
	return Refuse(Conflict, CodeIncorrectState, "Endpoint "+string(id)+" is being deleted and cannot be changed any more.")
}

// Retag replaces the tags. Field: tags.
func (e *Endpoint) Retag(version int, tags []Tag) error {
	if e.Deleting {
		return ErrEndpointDeleting(e.ID)
	}
	if version != e.Version {
		return ErrStale("endpoint")
	}
	var c Check
	tags = NormalizeTags(&c, tags)
	if err := c.Err(); err != nil {
		return err
	}
	e.Tags = tags
	e.Version++
	return nil
}

// DeleteWord is what a person types to confirm that an endpoint is deleted.
const DeleteWord = "delete"

// MarkDeleting begins the end of an endpoint. typed is what the person typed to confirm;
// live is the number of target networks that are still associated. Field: confirm.
func (e *Endpoint) MarkDeleting(typed string, live int) error {
	if err := e.CheckDelete(live); err != nil {
		return err
	}
	if strings.TrimSpace(typed) != DeleteWord {
		var c Check
		c.Bad("confirm", "Type the word "+DeleteWord+" to confirm.")
		return c.Err()
	}
	e.Deleting = true
	e.Generation++
	e.Version++
	return nil
}

// CheckDelete says why the endpoint cannot be deleted; nil where it can. live is the number of target
// networks that are still associated.
func (e Endpoint) CheckDelete(live int) error {
	switch {
	case e.Deleting:
		return ErrEndpointDeleting(e.ID)
	case live > 0:
		return Refuse(Conflict, CodeIncorrectState, "Endpoint "+e.Label()+" still has an associated target network. Disassociate all target networks first.")
	}
	return nil
}
