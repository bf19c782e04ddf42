package device_test

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/control/certificate"
	"sallyport/control/controltest"
	"sallyport/control/device"
	"sallyport/control/endpoint"
	"sallyport/control/portal"
	"sallyport/vpn"
)

const password vpn.Secret = "right-password"

// site is an endpoint that asks for a certificate and a password, whose self-service portal alice and bob know.
type site struct {
	*controltest.Site
	logins int
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{Site: controltest.NewSite(t)}
	s.AskPasswords(true)
	for _, name := range []string{"alice", "bob"} {
		s.Directory.Put(password, vpn.ProviderUser{Key: "key-" + name, Name: name, Groups: []vpn.Group{{ID: "staff"}}})
	}
	s.SetPortal(true)
	return s
}

func (s *site) signedIn(name string) portal.User {
	s.T.Helper()
	by := portal.Visitor{Addr: netip.MustParseAddr("192.0.2.7"), Request: "req-1"}
	token, err := s.Portal.SignIn(s.T.Context(), portal.SignInRequest{Endpoint: s.Endpoint.ID, Username: name, Password: password, By: by})
	s.Must(err)
	u, err := s.Portal.Authenticate(s.T.Context(), token, by)
	s.Must(err)
	return u
}

func (s *site) request(name string) device.Request {
	return device.Request{Endpoint: s.Endpoint.ID, Name: name}
}

func (s *site) made(u portal.User, name string) (endpoint.Configuration, vpn.Device) {
	s.T.Helper()
	file, d, err := s.Devices.Make(s.T.Context(), u, s.request(name))
	s.Must(err)
	return file, d
}

// login has a user log in with the certificate of a device.
func (s *site) login(user string, d vpn.Device) vpn.LoginDecision {
	s.T.Helper()
	s.logins++
	r := s.Login(string(d.ID))
	r.ID, r.Serial, r.Fingerprint, r.Username, r.Password = "login-"+string(rune('a'+s.logins)), d.Serial, d.Fingerprint, user, password
	n := len(s.Dataplane.Decisions)
	s.AddLogins(r)
	if len(s.Dataplane.Decisions) != n+1 {
		s.T.Fatalf("%d decisions, want one more than %d", len(s.Dataplane.Decisions), n)
	}
	return s.Dataplane.Decisions[n]
}

func (s *site) establish(d vpn.LoginDecision) {
	s.T.Helper()
	s.AddEvents(vpn.Event{Established: &vpn.Established{Connection: d.Connection, Endpoint: s.Endpoint.ID, Association: s.Association.ID,
		ClientIP: netip.MustParseAddr("10.40.0.2"), Device: netip.MustParseAddrPort("198.51.100.7:40000")}})
}

func wantName(t *testing.T, what string, err error, words string) {
	t.Helper()
	if got := vpn.FieldsOf(err)["name"]; !strings.Contains(got, words) {
		t.Errorf("%s: got %v, want %q beside the name", what, err, words)
	}
}

// A device's file is the plain one with the certificate and the key, which is nowhere else.
func TestMake(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	alice, bob := s.signedIn("alice"), s.signedIn("bob")
	file, d := s.made(alice, " Alice's phone ")
	plain, _, err := s.Endpoints.PlainFile(t.Context(), s.Endpoint.ID, false)
	s.Must(err)
	before, rest, _ := strings.Cut(file.Text, "<cert>\n")
	_, key, _ := strings.Cut(rest, "<key>\n")
	key, after, _ := strings.Cut(key, "\n</key>\n")
	if before+after != plain.Text || !strings.Contains(key, "PRIVATE KEY") || file.FileName != "users-"+string(s.Endpoint.ID)+"-Alice-s-phone.ovpn" {
		t.Errorf("%s:\n%s", file.FileName, file.Text)
	}
	if n := s.Query("SELECT handed_out FROM profile_offer"); len(n) != 1 || n[0] != "0" {
		t.Errorf("%v files are counted before one was received", n)
	}
	s.Must(s.Devices.NoteFetched(t.Context(), alice, d))
	if n := s.Query("SELECT handed_out FROM profile_offer"); len(n) != 1 || n[0] != "1" {
		t.Errorf("%v files are counted, want 1", n)
	}
	secret := strings.Split(key, "\n")[1]
	data := s.Rows() + s.Log.String()
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(s.Path), "*"))
	s.Must(err)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		s.Must(err)
		data += string(b)
	}
	if strings.Contains(data, secret) || !strings.Contains(data, d.Serial) {
		t.Error("the private key is kept, or the test does not look")
	}
	if d.Name != "Alice's phone" || d.UserRef != alice.Session.UserRef || !d.NotAfter.Equal(s.Clock.Now().Add(365*24*time.Hour).Truncate(time.Second)) {
		t.Errorf("got %+v", d)
	}
	own, err := s.Devices.Own(t.Context(), alice)
	s.Must(err)
	if len(own.Devices) != 1 || own.Devices[0].Device != d || !own.Devices[0].Renewable || own.Devices[0].Outdated || own.Live != 1 || own.Limit != 5 || len(own.For) != 1 {
		t.Errorf("got %+v", own)
	}
	if own, err := s.Devices.Own(t.Context(), bob); err != nil || len(own.Devices) != 0 {
		t.Errorf("bob sees %+v, %v", own, err)
	}
	if rows := s.Query("SELECT subject FROM audit WHERE action = 'CreateSelfServicePortalDevice' AND actor = 'alice'"); len(rows) != 1 || rows[0] != string(d.ID) {
		t.Errorf("audit: %v", rows)
	}
	_, _, err = s.Devices.Make(t.Context(), alice, s.request("alice's PHONE"))
	wantName(t, "the same name", err, "of this name")
	for i := range 4 {
		s.made(alice, "device "+string(rune('a'+i)))
	}
	rows := s.Rows("audit")
	_, _, err = s.Devices.Make(t.Context(), alice, s.request("one more"))
	wantName(t, "above the limit", err, "at most 5")
	if s.Rows("audit") != rows {
		t.Error("a refusal changes something")
	}
	s.made(bob, "Alice's phone")

	// Where the authority cannot issue, and where the portal is not the user's, no device is made.
	for what, id := range map[string]vpn.EndpointID{"certificates alone": s.CreateEndpoint("alone", "10.60.0.0/22", "1200").ID, "unknown": vpn.NewEndpointID()} {
		if _, _, err := s.Devices.Make(t.Context(), bob, device.Request{Endpoint: id, Name: "x"}); !errors.Is(err, vpn.ErrPortalClosed) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	s.Exec("UPDATE certificate SET has_key = 0 WHERE id = '" + string(s.CA.ID) + "'")
	if _, _, err := s.Devices.Make(t.Context(), bob, s.request("tablet")); !errors.Is(err, vpn.ErrPortalClosed) {
		t.Errorf("without the key of the authority: %v", err)
	}
	if own, err := s.Devices.Own(t.Context(), bob); err != nil || len(own.For) != 0 || own.Devices[0].Renewable {
		t.Errorf("got %+v, %v", own, err)
	}
}

// The certificate of a device lets its own user in, until it is revoked: then its sessions end.
func TestLogin(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	alice, bob := s.signedIn("alice"), s.signedIn("bob")
	_, d := s.made(alice, "phone")
	_, other := s.made(alice, "laptop")
	if got := s.login("bob", d); got.Allow || got.Code != vpn.CodeDeviceOfOther {
		t.Errorf("another user: %+v", got)
	}
	if rows := s.Query("SELECT refused_code FROM vpn_user WHERE name = 'bob'"); len(rows) != 1 || rows[0] != string(vpn.CodeDeviceOfOther) {
		t.Errorf("bob's last refusal: %v", rows)
	}
	got, kept := s.login("alice", d), s.login("alice", other)
	if !got.Allow || !kept.Allow {
		t.Fatalf("got %+v, %+v", got, kept)
	}
	s.establish(got)
	s.establish(kept)
	own, err := s.Devices.Own(t.Context(), alice)
	s.Must(err)
	for _, o := range own.Devices {
		if !o.UsedAt.Equal(s.Clock.Now()) {
			t.Errorf("last used: %+v", o)
		}
	}
	for what, u := range map[string]portal.User{"another user": bob} {
		if _, err := s.Devices.RemoveOwn(t.Context(), u, d.ID); vpn.KindOf(err) != vpn.NotFound {
			t.Errorf("%s revokes: %v", what, err)
		}
		if _, _, err := s.Devices.Renew(t.Context(), u, d.ID, false); vpn.KindOf(err) != vpn.NotFound {
			t.Errorf("%s renews: %v", what, err)
		}
		if _, err := s.Devices.OwnDevice(t.Context(), u, d.ID); vpn.KindOf(err) != vpn.NotFound {
			t.Errorf("%s sees: %v", what, err)
		}
	}
	s.Woken()
	_, err = s.Devices.RemoveOwn(t.Context(), alice, d.ID)
	s.Must(err)
	if c := s.Connection(got.Connection); c.Status != vpn.ConnectionTerminating || !strings.Contains(c.EndReason, "by its user") || !s.Woken() {
		t.Errorf("got %+v", c)
	}
	if c := s.Connection(kept.Connection); c.Status != vpn.ConnectionActive {
		t.Errorf("the other device: %+v", c)
	}
	if rows := s.Query("SELECT id FROM vpn_session WHERE ended_at > 0"); len(rows) != 1 || rows[0] != string(got.Session) {
		t.Errorf("ended sessions: %v", rows)
	}
	if got := s.login("alice", d); got.Allow || got.Code != vpn.CodeDeviceRevoked {
		t.Errorf("revoked: %+v", got)
	}
	if rows := s.Query("SELECT reason, revoked_by FROM revocation WHERE serial = '" + d.Serial + "' AND issuer_key <> ''"); len(rows) != 1 || rows[0] != "cessationOfOperation | alice" {
		t.Errorf("on the list: %v", rows)
	}
	_, err = s.Devices.RemoveOwn(t.Context(), alice, d.ID)
	s.WantKind("twice", err, vpn.Conflict, "already")

	// An administrator revokes too, and is named.
	_, err = s.Devices.Revoke(t.Context(), s.ReadOnly, other.ID)
	s.WantKind("a read-only account", err, vpn.Denied, "")
	if v, err := s.Devices.Device(t.Context(), s.Admin, other.ID); err != nil || v.Connected != 1 || v.User == "" || v.EndpointName != "users" {
		t.Errorf("got %+v, %v", v, err)
	}
	gone, err := s.Devices.Revoke(t.Context(), s.Admin, other.ID)
	s.Must(err)
	if gone.RevokedBy != "admin" || !strings.Contains(s.Connection(kept.Connection).EndReason, "administrator admin") {
		t.Errorf("got %+v, %+v", gone, s.Connection(kept.Connection))
	}
	if rows := s.Query("SELECT actor FROM audit WHERE action IN ('RevokeDevice', 'RemoveSelfServicePortalDevice') AND result = 'ok' ORDER BY actor"); strings.Join(rows, " ") != "admin alice" {
		t.Errorf("audit: %v", rows)
	}
	list, err := s.Devices.Devices(t.Context(), s.ReadOnly, vpn.List{Sort: "name", Filter: map[string]string{"endpoint": string(s.Endpoint.ID)}})
	s.Must(err)
	if len(list.Items) != 2 || list.Items[0].Name != "laptop" || list.Items[0].RevokedWhy != vpn.DeviceRevoked {
		t.Errorf("got %+v", list)
	}
	if of, err := s.Devices.OfUser(t.Context(), s.Admin, alice.Session.UserRef); err != nil || len(of) != 2 {
		t.Errorf("got %+v, %v", of, err)
	}

	// A blocked user's device does not connect.
	_, d = s.made(bob, "phone")
	_, err = s.Users.Block(t.Context(), s.Admin, []vpn.UserID{vpn.UserID(s.Query("SELECT id FROM vpn_user WHERE name = 'bob'")[0])}, "")
	s.Must(err)
	if got := s.login("bob", d); got.Allow || got.Code != vpn.CodeUserBlocked {
		t.Errorf("a blocked user: %+v", got)
	}
	if _, _, err := s.Devices.Make(t.Context(), bob, s.request("another")); vpn.KindOf(err) != vpn.Denied {
		t.Errorf("a blocked user makes a device: %v", err)
	}
}

// A renewed device keeps its old certificate until the new one connects.
func TestRenew(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	alice := s.signedIn("alice")
	_, d := s.made(alice, "phone")
	old := s.login("alice", d)
	s.establish(old)
	states := func() string {
		list, err := s.Devices.Own(t.Context(), alice)
		s.Must(err)
		var out []string
		for _, d := range list.Devices {
			out = append(out, string(d.State(s.Clock.Now())))
		}
		return strings.Join(out, " ")
	}
	s.Clock.Pass(time.Second)
	_, lost, err := s.Devices.Renew(t.Context(), alice, d.ID, false)
	s.Must(err)
	s.Clock.Pass(time.Second)
	_, next, err := s.Devices.Renew(t.Context(), alice, lost.ID, false) // the file was lost before it was used
	s.Must(err)
	if got := states(); got != "valid valid revoked" || next.Replaces != d.ID || next.Name != "phone" {
		t.Errorf("got %s, %+v", got, next)
	}
	if own, err := s.Devices.Own(t.Context(), alice); err != nil || own.Live != 1 {
		t.Errorf("got %+v, %v", own, err)
	}
	if got := s.login("alice", lost); got.Allow {
		t.Error("the lost file connects")
	}
	s.Clock.Pass(2 * time.Minute)
	if got := s.login("alice", d); !got.Allow {
		t.Errorf("the old file before the new one connected: %+v", got)
	}
	if got := s.login("alice", next); !got.Allow {
		t.Fatalf("the new file: %+v", got)
	}
	if got := states(); got != "valid revoked revoked" || s.Connection(old.Connection).Status != vpn.ConnectionTerminating {
		t.Errorf("got %s, %+v", got, s.Connection(old.Connection))
	}
	if got := s.login("alice", d); got.Allow || got.Code != vpn.CodeDeviceRevoked {
		t.Errorf("the old file: %+v", got)
	}
	_, _, err = s.Devices.Renew(t.Context(), alice, d.ID, false)
	s.WantKind("a revoked device", err, vpn.Conflict, "removed")

	// The file of a device is outdated when the endpoint's key is another one.
	e := s.View().Endpoint
	told, err := s.Endpoints.AnnounceKeyRotation(t.Context(), s.Admin, e.ID)
	s.Must(err)
	_, err = s.Endpoints.RotateKey(t.Context(), s.Admin, e.ID, e.Version, vpn.Consent{Announced: told.Kind(), Word: told.Word()})
	s.Must(err)
	own, err := s.Devices.Own(t.Context(), alice)
	s.Must(err)
	if !own.Devices[0].Outdated || own.Devices[1].Outdated {
		t.Errorf("got %+v", own.Devices)
	}
}

// A certificate never outlives its authority, and the setting shortens it.
func TestValidity(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Clock.Pass(3640 * 24 * time.Hour)
	alice := s.signedIn("alice")
	_, d := s.made(alice, "phone")
	if !d.NotAfter.Equal(s.CA.NotAfter) || d.State(s.Clock.Now()) != vpn.DeviceExpiresSoon || d.Notice(s.Clock.Now()) != 14 {
		t.Errorf("got %+v", d)
	}
}

// While an endpoint takes the certificates of two authorities, new files are of the one that was added last, and of the other where that
// one cannot issue; those of before go on.
func TestTwoAuthorities(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	alice := s.signedIn("alice")
	_, before := s.made(alice, "before")
	next, err := s.Certificates.CreateAuthority(t.Context(), s.Admin, certificate.AuthoritySpec{CommonName: "Next", KeyType: vpn.ECDSAP256, ValidDays: "100"})
	s.Must(err)
	e := s.View().Endpoint
	_, err = s.Endpoints.TrustAuthority(t.Context(), s.Admin, e.ID, e.Version, next.ID, vpn.Consent{})
	s.Must(err)
	file, after := s.made(alice, "after")
	if before.Authority != s.CA.ID || after.Authority != next.ID || before.IssuerKey == after.IssuerKey || !after.NotAfter.Equal(next.NotAfter) {
		t.Errorf("got %s and %s", before.Authority, after.Authority)
	}
	if !strings.Contains(file.Text, "<cert>") {
		t.Errorf("the file: %s", file.Text)
	}
	for _, d := range []vpn.Device{before, after} {
		if got := s.login("alice", d); !got.Allow {
			t.Errorf("%s: %+v", d.Name, got)
		}
	}
	_, renewed, err := s.Devices.Renew(t.Context(), alice, before.ID, false)
	s.Must(err)
	s.Exec("UPDATE certificate SET has_key = 0 WHERE id = '" + string(next.ID) + "'")
	_, other := s.made(alice, "other")
	if renewed.Authority != next.ID || other.Authority != s.CA.ID {
		t.Errorf("renewed by %s, then made by %s", renewed.Authority, other.Authority)
	}
}
