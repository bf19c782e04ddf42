package user_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"sallyport/control"
	"sallyport/control/controltest"
	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// see makes the users of a page: alice with a certificate, bob of a directory, in two groups.
func see(t *testing.T, u *webtest.Fixture) (alice, bob vpn.User) {
	t.Helper()
	ctx, admin, now := t.Context(), control.SystemPrincipal("test"), u.Kit.Clock.Now()
	d, err := u.Kit.Identity.CreateDirectory(ctx, admin, controltest.DirectorySpec())
	u.Kit.Must(err)
	e, err := u.Kit.Endpoints.CreateEndpoint(ctx, admin, vpn.EndpointSpec{
		Name: "users", ClientCIDR: "10.40.0.0/22", Certificate: u.Stored(t).Certificate, Port: "1194", UserBased: true, Directory: d.ID, ClientOptions: vpn.DefaultOptions(),
	})
	u.Kit.Must(err)
	for _, spec := range []vpn.RuleSpec{{Destination: "10.0.0.0/16", Group: "S-1-5-7"}, {Destination: "10.0.1.0/24", Group: "S-1-5-9"}, {Destination: "0.0.0.0/0", AllUsers: true}} {
		_, err := u.Kit.Endpoints.Authorize(ctx, admin, e.ID, spec)
		u.Kit.Must(err)
	}
	seen := []vpn.Sighting{
		{UserRef: vpn.UserRef{Key: "alice"}, Name: "alice", At: now},
		{UserRef: vpn.UserRef{Provider: d.ID.Provider(), Key: "guid-1"}, Name: "bob@corp", At: now, Groups: []vpn.Group{{ID: "S-1-5-7", Name: "engineers"}, {ID: "S-1-5-8", Name: "staff"}}},
	}
	refused := seen[1]
	refused.Refused, refused.Endpoint = vpn.Refuse(vpn.Denied, vpn.CodeUserDisabled, "The account is disabled in the directory."), e.ID
	u.Update(t, func(tx *store.Tx) error {
		if err := tx.SeeUser(ctx, append(seen, refused)...); err != nil {
			return err
		}
		found, err := tx.VPNUsersOf(ctx, seen[0].UserRef, seen[1].UserRef)
		alice, bob = found[seen[0].UserRef], found[seen[1].UserRef]
		return err
	})
	return alice, bob
}

// The row of a connection with a certificate and a user leads to the block of either, and back to the list.
func TestBlockFromConnection(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	_, bob := see(t, u)
	c := vpn.Connection{
		ID: vpn.NewConnectionID(), Endpoint: u.ID(), Session: vpn.NewSessionID(), Node: "node-1", Status: vpn.ConnectionActive, Provider: bob.Provider, UserKey: bob.Key,
		Username: bob.Name, CommonName: "laptop", Serial: "1", Fingerprint: strings.Repeat("ab", 32), ClientIP: netip.MustParseAddr("10.20.0.5"), EstablishedAt: u.Kit.Clock.Now(),
	}
	u.Update(t, func(tx *store.Tx) error { return tx.CreateConnection(t.Context(), c) })
	list := u.Endpoint + "/connections"
	p := u.Admin.Get(list)
	webtest.CheckMarkup(t, list, p)
	if row := p.Row("laptop").Doc.Text(); !strings.Contains(row, "Block this certificate") {
		t.Errorf("the row lacks the certificate: %s", row)
	}
	ask := u.Admin.Get(p.Href("Block this user")).WantText("h1", "Block bob@corp")
	u.Admin.Follow(u.Admin.Post("/users/block", ask.FormValues("main form"))).WantText("h1", "main").WantText("[role=status]", "1 user is blocked")
	if row := u.Admin.Get(list).Row("laptop").Doc.Text(); strings.Contains(row, "Block this user") {
		t.Error("a blocked user can be blocked again")
	}
}

func TestUserPages(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	b := u.Admin
	b.Get("/users").WantText(".empty", "No user has signed in yet")
	b.Get("/users/groups").WantText(".empty", "No group was seen yet")
	_, bob := see(t, u)
	u.Connect(t, "alice", "10.20.0.9", vpn.ConnectionActive)

	p := b.Get("/users").WantText(".list-summary", "2 users")
	webtest.CheckMarkup(t, "/users", p)
	p.Row("bob@corp").WantText("td", "Corporate directory").WantText("td", "engineers, staff").WantText("td", "UserDisabled")
	p.Row("alice").WantText("td", "Client certificates").WantText("td a[href^='/connections']", "1")
	for query, want := range map[string]string{
		"q=BOB": "bob@corp", "provider=certificate": "alice", "provider=" + string(bob.Provider): "bob@corp", "state=connected": "alice",
	} {
		if rows := b.Get("/users?" + query).Doc.Find("tbody tr"); rows.Length() != 1 || !strings.Contains(rows.Text(), want) {
			t.Errorf("%s: %q", query, rows.Text())
		}
	}
	if file := b.Get("/users?format=csv&sort=name").Body; !strings.Contains(file, "bob@corp,Corporate directory,"+string(bob.Provider)+",2,engineers; staff,0,") {
		t.Errorf("the file is %s", file)
	}

	path := "/users/" + string(bob.ID)
	p = b.Get(path).WantText("h1", "bob@corp").WantText(".group-list", "S-1-5-8").WantText("dl", "The account is disabled in the directory.")
	webtest.CheckMarkup(t, path, p)
	for i, want := range []string{
		"0.0.0.0/0 (everywhere) ● Allowed A rule allows all users. Except 10.0.0.0/16, which has rules of its own. No route leads there.",
		"10.0.0.0/16 ● Allowed Rules allow the group engineers. Except 10.0.1.0/24, which has rules of its own. No route leads there.",
		"10.0.1.0/24 ▲ Denied The rule is for a group that the user is not in. No route leads there.",
	} {
		row := p.Doc.Find("tbody tr").Eq(i)
		var cells []string
		row.Find("td").Each(func(_ int, td *goquery.Selection) {
			cells = append(cells, strings.Join(strings.Fields(td.Text()), " "))
		})
		if got := strings.ReplaceAll(strings.Join(cells, " "), ".Except", ". Except"); got != want {
			t.Errorf("row %d: got %q, want %q", i, got, want)
		}
	}

	p = b.Get("/users/groups").WantText(".list-summary", "2 groups")
	webtest.CheckMarkup(t, "/users/groups", p)
	group, _ := p.Row("engineers").WantText("td", "S-1-5-7").Doc.Find("a").Attr("href")
	p = b.Get(group).WantText("h1", "engineers").WantText("main", "users to 10.0.0.0/16").WantText("tbody", "bob@corp")
	webtest.CheckMarkup(t, group, p)
	if file := b.Get("/users/groups?format=csv").Body; !strings.Contains(file, "engineers,S-1-5-7,Corporate directory,"+string(bob.Provider)+",1,1,") {
		t.Errorf("the file is %s", file)
	}
	for _, missing := range []string{"/users/user-none", "/users/groups/group-none"} {
		b.Get(missing).WantStatus(http.StatusNotFound)
	}
}

func TestBlockUsers(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	alice, bob := see(t, u)
	c := u.Connect(t, "alice", "10.20.0.9", vpn.ConnectionActive)
	b, path := u.Admin, "/users/"+string(alice.ID)
	ask := b.Get(path).Href("Block user")
	p := b.Get(ask).WantText("h1", "Block alice (Client certificates)?").WantText("main", "1 connection will end.")
	webtest.CheckMarkup(t, ask, p)
	form := p.FormValues("main form")
	form.Set("reason", strings.Repeat("x", 300))
	b.Post("/users/block", form).WantStatus(http.StatusUnprocessableEntity).WantText("#reason-error", "at most 255")
	form.Set("reason", "laptop stolen")
	reader := u.SignIn(t, webtest.ReadOnly)
	reader.Post("/users/block", form).WantStatus(http.StatusForbidden)
	webtest.WantNoButton(t, reader.Get(path))
	b.Follow(b.Post("/users/block", form)).WantText("[role=status]", "1 user is blocked. 1 connection will be terminated.").WantText("h1", "Blocked").WantText("main", "laptop stolen")
	u.Update(t, func(tx *store.Tx) error {
		got, err := tx.Connection(t.Context(), c.ID)
		if got.Status != vpn.ConnectionTerminating {
			t.Errorf("the connection is %s", got.Status)
		}
		return err
	})
	b.Post("/users/block", form).WantStatus(http.StatusUnprocessableEntity).WantText("[role=alert]", "blocked already")
	b.Get("/users?state=blocked").WantText(".list-summary", "1 user").WantText("tbody", "Blocked")

	both := url.Values{"id": {string(alice.ID), string(bob.ID)}, "return": {"/users?sort=name"}}
	b.Get("/users/block?"+both.Encode()).WantText("h1", "Block bob@corp (Corporate directory)?")
	b.Post("/users/block", both).WantStatus(http.StatusUnprocessableEntity).WantText("main", "alice: This user is blocked already.").WantText("main", "1 user is blocked.")
	b.Get("/users/unblock?"+both.Encode()).WantText("h1", "Unblock 2 users?")
	if got := b.Post("/users/unblock", both).Header.Get("Location"); got != "/users?sort=name" {
		t.Errorf("the answer leads to %q", got)
	}
	b.Get("/users/unblock?"+both.Encode()).WantText("main", "None of the chosen users is blocked.")
	b.Get("/users/block?id=user-none").WantText("main", "none of those that were chosen is there any more")
	b.Post("/users/block", nil).WantText("main", "Select at least one user")
}

// What a user reports as not theirs is on every page and on the user's, until an administrator acknowledges it.
func TestReportsOfUsers(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	_, bob := see(t, u)
	b, path := u.Admin, "/users/"+string(bob.ID)
	now := u.Kit.Clock.Now()
	refused := vpn.RefusedAttempt{Endpoint: u.ID(), Device: netip.MustParseAddrPort("192.0.2.9:0"), Username: "bob@corp", Code: vpn.CodeUserCredentials, Reason: "The user name or the password is wrong.", User: bob.UserRef, Portal: true, Count: 3}
	var reports []vpn.UserReport
	u.Update(t, func(tx *store.Tx) error {
		for i := range 4 {
			r := vpn.NewUserReport(bob.UserRef, "bob@corp", fmt.Sprint("attempt-", i), fmt.Sprintf("Sign-in %d.", i), "192.0.2.7", now.Add(time.Duration(i)*time.Second))
			if err := tx.CreateUserReport(t.Context(), r); err != nil {
				return err
			}
			reports = append(reports, r)
		}
		return tx.CreateAttempt(t.Context(), refused, now)
	})
	start := b.Get("/networks").WantText("#node-banner", "bob@corp says: that was not me").WantText("#node-banner", "Sign-in 3.").WantText("#node-banner", "More users reported")
	if href := start.Href("See the user"); href != path {
		t.Errorf("the banner leads to %s", href)
	}
	p := b.Get(path).WantText("main", "Sign-in 0.").WantText("main", "Reported from 192.0.2.7").WantText("tbody", "Self-service portal").WantText("tbody", "192.0.2.9").WantText("tbody", "3 attempts")
	webtest.CheckMarkup(t, path, p)
	b.Get("/connections?view=refused").WantText("tbody", "Self-service portal")
	reader := u.SignIn(t, webtest.ReadOnly)
	if n := reader.Get(path).Doc.Find("main form[action$=acknowledge]").Length(); n != 0 {
		t.Error("a read-only account can acknowledge")
	}
	acknowledge := func(r vpn.UserReport) string { return path + "/reports/" + string(r.ID) + "/acknowledge" }
	reader.Post(acknowledge(reports[0]), nil).WantStatus(http.StatusForbidden)
	b.Post("/users/user-none/reports/"+string(reports[0].ID)+"/acknowledge", nil).WantStatus(http.StatusNotFound)
	b.Post(path+"/reports/report-none/acknowledge", nil).WantStatus(http.StatusNotFound)
	for _, r := range reports {
		b.Follow(b.Post(acknowledge(r), nil)).WantText("[role=status]", "The report is acknowledged.")
	}
	b.Post(acknowledge(reports[0]), nil).WantStatus(http.StatusConflict)
	if text := b.Get(path).Text("body"); strings.Contains(text, "that was not me") {
		t.Error("an acknowledged report is shown")
	}
	u.Update(t, func(tx *store.Tx) error {
		r, err := tx.UserReport(t.Context(), reports[0].ID)
		if r.AcknowledgedBy != webtest.Administrator {
			t.Errorf("%+v", r)
		}
		return err
	})
}
