package browser

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/lab/directory"
	"sallyport/lab/netlab"
	"sallyport/lab/testpki"
)

// From the groups of a directory to rules, a test sign-in through one of two endpoints, the pages of a user who is connected
// and of a group, and a look-up that is held because it would disconnect many.
func TestDirectoryPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	authority := testpki.Authority(t, "Directory CA")
	server := directory.StartSlapd(t, s.On, "127.0.10.2", authority, "", "127.0.10.2")
	p := newUser(t, s.base)
	p.signUp(s)
	p.createNetwork(1)
	p.createCertificates()
	p.open("/identity-providers/directories/new")
	p.fill("Name", "corp")
	p.choose("Type", "OpenLDAP")
	p.fill("URLs", server.Options.URLs[0])
	p.fill("Certificate authorities", authority.Certificate)
	p.fill("Account", server.Options.BindDN)
	p.fill("Password", directory.Password)
	p.fill("Base DN", server.Options.BaseDN)
	p.press("Create directory")
	at := p.address()
	var office string
	for i, name := range []string{"contractors", "office"} {
		p.open("/endpoints/new")
		p.fill("Name tag", name)
		p.fill("Client IPv4 CIDR", fmt.Sprintf("10.%d.0.0/22", 130+i))
		p.choose("Server certificate", "vpn.example.com")
		p.tick("Use user-based authentication")
		p.tick("Active Directory authentication")
		p.choose("Directory ID", "corp")
		p.tick("Use mutual authentication")
		p.fill("VPN port", fmt.Sprint(1194+i))
		p.press("Create Client VPN endpoint")
		p.waitText("pending-associate")
		office = p.address()
	}
	for destination, group := range map[string]string{"10.0.1.0/24": "engineers", "10.0.1.10/32": "sales"} {
		p.open(office + "/rules/new")
		p.fill("Destination network to enable access", destination)
		p.tick("Allow access to users in a specific access group")
		p.fill("Search groups in the directory", group)
		p.press("Search")
		p.waitText("1 group of the directory is offered")
		p.inspect("rule for a group")
		p.press("Add authorization rule")
	}
	p.open(office + "/rules")
	p.inspect("rules for groups")
	p.open(office + "/associations/new")
	p.choose("Choose a subnet to associate", "subnet-a")
	p.press("Associate target network")

	p.open(at)
	p.fill("User name", "alice")
	p.fill("Password", directory.Password)
	p.choose("Endpoint", "office")
	p.press("Test sign-in")
	p.waitText("What alice can reach", "10.0.1.0/24", "engineers")
	p.waitNoText("contractors 10.0")
	p.inspect("directory test of an endpoint")

	p.open(office + "/configuration")
	_, file := p.download("Download client configuration")
	credentials := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(credentials, []byte("alice\n"+directory.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.open(office)
	p.waitText("available")
	netlab.ConnectClient(t, s.clients[0], strings.Replace(file, "\nauth-user-pass\n", "\nauth-user-pass "+credentials+"\n", 1))
	p.open("/users")
	p.click("alice")
	p.waitText("What the user can reach", "engineers")
	p.inspect("user of a directory")
	p.click("engineers")
	p.waitText("Authorization rules", "10.0.1.0/24")
	p.inspect("group of a directory")

	s.addLostSessions(t, 8)
	p.open(at)
	p.waitText("A look-up of users of corp is held")
	p.open(at)
	p.waitText("8 of the 9 users with sessions", "Apply the look-up")
	p.inspect("directory with a look-up that is held")
	p.open(at + "/edit")
	p.tick("Multi-factor authentication")
	p.press("Modify directory")
	p.waitText("What this change does", "type replace here")
	p.inspect("directory announcement of MFA")
}

// addLostSessions adds sessions of users whom the directory does not have, beside the one that there is.
func (s *site) addLostSessions(t testing.TB, n int) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(s.Dir, "data", "sallyport.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	columns := tableColumns(t, db, "vpn_session")
	values := strings.Join(columns, ", ")
	for name, value := range map[string]string{"id": "printf('session-%017x', n)", "user_key": "'00000000-0000-0000-0000-00000000000' || n", "token": "'token-' || n", "username": "'gone-' || n"} {
		values = strings.Replace(", "+values+",", ", "+name+",", ", "+value+" AS "+name+",", 1)
		values = strings.TrimSuffix(strings.TrimPrefix(values, ", "), ",")
	}
	_, err = db.ExecContext(t.Context(), fmt.Sprintf(`WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < %d)
		INSERT INTO vpn_session (%s) SELECT %s FROM vpn_session, counter`, n, strings.Join(columns, ", "), values))
	if err != nil {
		t.Fatal(err)
	}
}
