package vpn

// Transport is the protocol that carries an endpoint's tunnels; it cannot be changed later.
type Transport string

// The transports of the guide (line 199).
const (
	UDP Transport = "udp"
	TCP Transport = "tcp"
)

// Valid tells whether t is a transport we know.
func (t Transport) Valid() bool { return t == UDP || t == TCP }
