package browser

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// menuCut opens the menu of the last row and tells what of it cannot be clicked.
const menuCut = `() => {
	const menus = document.querySelectorAll(".row-menu"), menu = menus[menus.length - 1];
	menu.open = true;
	return [...menu.querySelectorAll("a, button")].filter(e => e.offsetParent).filter(e => {
		e.scrollIntoView({block: "center"});
		const b = e.getBoundingClientRect(), at = x => document.elementFromPoint(x, b.top + b.height / 2);
		return b.right > innerWidth || !e.contains(at(b.left + 2)) || !e.contains(at(b.right - 2));
	}).map(e => e.textContent + e.getAttribute("aria-label") + " is cut").join(", ");
}`

// lowInRows tells which links and buttons at the end of rows are lower than 24 pixels.
const lowInRows = `() => [...new Set([...document.querySelectorAll("main tbody td:last-child :is(a, button, summary)")].filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 24)
	.map(e => e.innerText.trim() + " " + e.getBoundingClientRect().height))].join(", ")`

// Every list with a page of lines, as most installations have them.
func TestListsOfSixty(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	p := newUser(t, s.base)
	p.signUp(s)
	endpoint, _ := p.createAll()
	p.open("/networks")
	network := p.link("/networks/vpc-")
	p.open("about:blank")
	s.StopCommand(t, "serve")
	s.addConnection(t)
	s.multiplyRows(t, 0, 60)
	s.StartWeb(t)
	for _, path := range []string{
		"/networks", network, "/certificates", "/endpoints", "/administrators", "/users", "/users/groups", "/connections", "/connections?view=ended", "/connections?view=refused",
		endpoint + "/associations", endpoint + "/rules", endpoint + "/routes", endpoint + "/connections", endpoint + "/connections?view=ended", endpoint + "/connections?view=refused",
	} {
		p.open(path)
		p.inspect("sixty " + pageName(withoutIDs(path)))
	}

	// What can be pressed in a row has room for a finger.
	for _, path := range []string{"/connections", endpoint + "/connections", endpoint + "/rules", endpoint + "/routes", "/certificates", network} {
		p.open(path)
		var small string
		p.mustEval(lowInRows, &small)
		if small != "" {
			t.Errorf("%s: lower than 24 pixels: %s", path, small)
		}
	}

	// The menu of a row is whole: on the last row too, and on a phone.
	for _, l := range []look{looks[0], looks[2]} {
		p.setLook(l)
		p.open("/connections")
		var cut string
		p.mustEval(menuCut, &cut)
		if cut != "" {
			t.Errorf("%s: %s", l.name, cut)
		}
		p.screenshot("row-menu-" + l.name)
	}

	// On a phone, where a list has no head, links sort it.
	p.open("/endpoints")
	p.click("State ↕")
	p.waitPage("State")
	if !strings.Contains(p.address(), "sort=state") || p.rowText("office-vpn", "Available") == "" {
		t.Errorf("%s shows %s", p.address(), p.text())
	}
	p.setLook(looks[0])

	// The box in the head ticks all; the number and the buttons follow.
	p.open(endpoint + "/rules")
	p.mustEval(`() => document.getElementById("pick-all").click()`, nil)
	p.waitText("50 selected")
	p.press("Remove authorization rules")
	p.waitText("Remove 50 authorization rules?")
}

// addConnection writes the connection that the others are copied from: no client connects here.
func (s *site) addConnection(t testing.TB) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(s.Dir, "data", "sallyport.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	at := time.Now().Add(-time.Hour).UnixMicro()
	if _, err := db.ExecContext(t.Context(), `INSERT INTO connection (id, endpoint_id, association_id, session_id, node, status, username, username_key, common_name, serial,
		fingerprint, issuer, client_ip, client_ip_number, device, platform, client_version, created_at, established_at, away_at, ended_at, end_reason, search)
		SELECT 'cvpn-connection-0123456789abcdef0', endpoint_id, id, 'session-0123456789abcdef0', 'gateway-1', 'active', 'anna@example.com', 'anna@example.com', 'anna@example.com', '1',
		'ab', 'cd', '10.128.0.2', 176160770, '203.0.113.2:40000', 'linux', '2.6.14', ?, ?, 0, 0, '', '' FROM association LIMIT 1`, at, at); err != nil {
		t.Fatal(err)
	}
}
