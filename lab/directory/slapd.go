package directory

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/lab/netlab"
	"sallyport/lab/testpki"
	"sallyport/vpn"
)

// StartSlapd starts an OpenLDAP server on a host, at ldap:// and ldaps:// of an address, with a certificate of the
// authority for the names. It has the people of slapdPeople, and what more adds to them, as LDIF.
func StartSlapd(t testing.TB, on *netlab.Namespace, address string, authority testpki.Credential, more string, names ...string) *Server {
	t.Helper()
	s := &Server{dir: t.TempDir(), on: on}
	cert := authority.IssueFor(t, names...)
	if err := os.Mkdir(filepath.Join(s.dir, "db"), 0o700); err != nil {
		t.Fatal(err)
	}
	conf := s.write(t, "slapd.conf", fmt.Sprintf(`include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile %[1]s/pid
TLSCertificateFile %[2]s
TLSCertificateKeyFile %[3]s
TLSCACertificateFile %[4]s
sizelimit unlimited
database mdb
maxsize 104857600
suffix "dc=example,dc=test"
rootdn "cn=admin,dc=example,dc=test"
rootpw %[5]s
directory %[1]s/db
index objectClass,uid,cn,member,uniqueMember,memberUid,entryUUID eq
overlay ppolicy
ppolicy_default "cn=policy,dc=example,dc=test"
ppolicy_use_lockout
`, s.dir, s.write(t, "cert.pem", cert.Certificate), s.write(t, "key.pem", cert.Key), s.write(t, "ca.pem", authority.Certificate), quoted(Password)))
	s.run(t, slapdPeople+more, "slapadd", "-q", "-f", conf)
	s.start(t, address+":636", "slapd", "-d", "0", "-f", conf, "-h", fmt.Sprintf("ldap://%[1]s:389 ldaps://%[1]s:636", address))
	s.Options = vpn.DirectoryOptions{
		Type: vpn.OpenLDAP, URLs: []string{"ldaps://" + names[0]}, CA: authority.Certificate,
		BaseDN: "dc=example,dc=test", BindDN: "cn=admin,dc=example,dc=test", SignIn: []vpn.SignInName{vpn.SignInUID, vpn.SignInMail},
	}
	// A password with which the user must choose another one is set by the administrator.
	s.Modify(t, "dn: uid=dave,ou=people,dc=example,dc=test\nchangetype: modify\nreplace: userPassword\nuserPassword:: "+encoded(Password)+"\n-\nreplace: pwdReset\npwdReset: TRUE\n")
	return s
}

// encoded is a value in LDIF that is not plain ASCII (RFC 2849).
func encoded(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func quoted(s string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `"`, `\"`) + `"`
}

// Modify applies a change, as LDIF.
func (s *Server) Modify(t testing.TB, ldif string) {
	t.Helper()
	if s.Options.Type == vpn.ActiveDirectory {
		s.run(t, ldif, "ldbmodify", "-H", filepath.Join(s.dir, "private", "sam.ldb"))
		return
	}
	host := strings.TrimPrefix(s.Options.URLs[0], "ldaps://")
	s.run(t, ldif, "ldapmodify", "-H", "ldaps://"+host, "-x", "-D", s.Options.BindDN, "-w", Password)
}

func person(uid, more string) string {
	return fmt.Sprintf("dn: uid=%[1]s,ou=people,dc=example,dc=test\nobjectClass: inetOrgPerson\nuid: %[1]s\ncn: %[1]s\nsn: %[1]s\nmail: %[1]s@example.test\nuserPassword:: %[2]s\n%[3]s\n", uid, encoded(Password), more)
}

func group(cn string, members ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "dn: cn=%[1]s,ou=groups,dc=example,dc=test\nobjectClass: groupOfNames\ncn: %[1]s\n", cn)
	for _, m := range members {
		fmt.Fprintf(&b, "member: %s\n", m)
	}
	return b.String() + "\n"
}

func user(uid string) string   { return "uid=" + uid + ",ou=people,dc=example,dc=test" }
func groupDN(cn string) string { return "cn=" + cn + ",ou=groups,dc=example,dc=test" }

// slapdPeople: alice is in engineers, which is in staff, which is in everyone, which is in engineers; and in the POSIX
// group wheel. bob is in sales. carol's account is locked, dave must change the password, erin's password has expired.
var slapdPeople = `dn: dc=example,dc=test
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=people,dc=example,dc=test
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=test
objectClass: organizationalUnit
ou: groups

dn: cn=policy,dc=example,dc=test
objectClass: device
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdMustChange: TRUE
pwdLockout: TRUE
pwdMaxFailure: 5
pwdMaxAge: 315360000

dn: cn=short,dc=example,dc=test
objectClass: device
objectClass: pwdPolicy
cn: short
pwdAttribute: userPassword
pwdMaxAge: 1

` + person("alice", "") + person("bob", "") + person("carol", "pwdAccountLockedTime: 000001010000Z\n") + person("dave", "") +
	person("erin", "pwdPolicySubentry: cn=short,dc=example,dc=test\npwdChangedTime: 20200101000000Z\n") +
	group("engineers", user("alice"), groupDN("everyone")) + group("staff", groupDN("engineers")) + group("everyone", groupDN("staff")) +
	group("sales", user("bob")) + `dn: cn=wheel,ou=groups,dc=example,dc=test
objectClass: posixGroup
cn: wheel
gidNumber: 10
memberUid: alice

`
