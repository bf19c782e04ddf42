package directory

import (
	"fmt"
	"path/filepath"
	"testing"

	"sallyport/lab/netlab"
	"sallyport/lab/testpki"
	"sallyport/vpn"
)

// The Active Directory's domain.
const (
	Realm  = "CORP.EXAMPLE.TEST"
	Domain = "CORP"
	domain = "DC=corp,DC=example,DC=test"
)

// StartSamba starts a Samba domain controller on a host, at ldap:// and ldaps:// of an address, with a certificate of the
// authority for the names. Its users: alice is in engineers, which is in staff; bob is in sales; carol is disabled,
// dave must change the password, erin has expired, frank is locked after three wrong passwords.
func StartSamba(t testing.TB, on *netlab.Namespace, address string, authority testpki.Credential, names ...string) *Server {
	t.Helper()
	s := &Server{dir: t.TempDir(), on: on}
	s.run(t, "", "samba-tool", "domain", "provision", "--realm="+Realm, "--domain="+Domain, "--server-role=dc", "--dns-backend=NONE",
		"--adminpass="+Password, "--targetdir="+s.dir, "--host-name=dc1", "--host-ip="+address, "--use-rfc2307")
	cert := authority.IssueFor(t, names...)
	conf := s.write(t, "smb.conf", fmt.Sprintf(`[global]
	netbios name = DC1
	realm = %[5]s
	workgroup = %[6]s
	server role = active directory domain controller
	server services = ldap
	interfaces = %[7]s/8
	bind interfaces only = Yes
	private dir = %[1]s/private
	state directory = %[1]s/state
	cache directory = %[1]s/cache
	lock directory = %[1]s
	binddns dir = %[1]s/bind-dns
	pid directory = %[1]s
	ncalrpc dir = %[1]s/ncalrpc
	winbindd socket directory = %[1]s/winbindd
	ntp signd socket directory = %[1]s/ntp_signd
	log file = %[1]s/samba.log
	tls keyfile = %[2]s
	tls certfile = %[3]s
	tls cafile = %[4]s
`, s.dir, s.write(t, "key.pem", cert.Key), s.write(t, "cert.pem", cert.Certificate), s.write(t, "ca.pem", authority.Certificate), Realm, Domain, address))
	tool := func(args ...string) {
		t.Helper()
		s.run(t, "", append(append([]string{"samba-tool"}, args...), "--configfile="+conf)...)
	}
	for _, name := range []string{"alice", "bob", "carol", "dave", "erin", "frank"} {
		tool("user", "create", name, Password, "--mail-address="+name+"@corp.example.test")
	}
	for _, name := range []string{"engineers", "staff", "sales"} {
		tool("group", "add", name)
	}
	for group, member := range map[string]string{"engineers": "alice", "staff": "engineers", "sales": "bob"} {
		tool("group", "addmembers", group, member)
	}
	tool("user", "disable", "carol")
	tool("user", "setpassword", "dave", "--newpassword="+Password, "--must-change-at-next-login")
	tool("user", "setexpiry", "erin", "--days=0")
	tool("domain", "passwordsettings", "set", "--account-lockout-threshold=3")
	s.start(t, address+":636", "samba", "-i", "-M", "single", "-s", filepath.Join(s.dir, "smb.conf"), "--debug-stdout")
	s.Options = vpn.DirectoryOptions{
		Type: vpn.ActiveDirectory, URLs: []string{"ldaps://" + names[0]}, CA: authority.Certificate, BaseDN: domain,
		BindDN: "administrator@" + "corp.example.test", SignIn: []vpn.SignInName{vpn.SignInUPN, vpn.SignInAccount},
	}
	return s
}
