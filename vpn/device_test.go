package vpn

import (
	"strings"
	"testing"
	"time"
)

var deviceTime = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// A device counts towards the limit as long as a client can connect with it, and once while a new file replaces it.
func TestDeviceRequest(t *testing.T) {
	t.Parallel()
	now := deviceTime
	old := func(id DeviceID, name string, change ...func(*Device)) Device {
		d := Device{ID: id, Name: name, NotAfter: now.Add(365 * day), CreatedAt: now.Add(-2 * day)}
		for _, f := range change {
			f(&d)
		}
		return d
	}
	revoked := func(d *Device) { d.RevokedAt = now }
	ended := func(d *Device) { d.NotAfter = now }
	replaces := func(id DeviceID) func(*Device) { return func(d *Device) { d.Replaces = id } }
	var daily []Device
	for range deviceFilesDaily {
		daily = append(daily, Device{CreatedAt: now, RevokedAt: now, NotAfter: now.Add(day)})
	}
	for _, c := range []struct {
		what, name string
		devices    []Device
		replaces   DeviceID
		limit      int
		words      string
	}{
		{"the first", " Alice's phone ", nil, "", 1, ""},
		{"no name", " ", nil, "", 5, "Enter a name"},
		{"a long name", strings.Repeat("ä", 41), nil, "", 5, "41 characters"},
		{"two lines", "a\nb", nil, "", 5, "one line"},
		{"the same name", "PHONE", []Device{old("1", "phone")}, "", 5, "of this name"},
		{"the name of a revoked one", "phone", []Device{old("1", "phone", revoked), old("2", "phone", ended)}, "", 5, ""},
		{"the limit", "c", []Device{old("1", "a"), old("2", "b")}, "", 2, "You have 2 devices, and at most 2"},
		{"below it", "c", []Device{old("1", "a"), old("2", "b", revoked), old("3", "b", ended)}, "", 2, ""},
		{"one of which is replaced", "c", []Device{old("1", "a"), old("2", "a", replaces("1"))}, "", 2, ""},
		{"renewed at the limit", "a", []Device{old("1", "a"), old("2", "b")}, "1", 2, ""},
		{"renewed again", "a", []Device{old("1", "a"), old("2", "a", replaces("1"))}, "1", 1, ""},
		{"none are made", "a", nil, "", 0, "complete file"},
		{"many in a day", "a", daily, "", 5, "within a day"},
	} {
		name, err := DeviceRequest{Name: c.name, Replaces: c.replaces}.Check(c.devices, c.limit, now)
		if got := FieldsOf(err)["name"]; (got == "") != (c.words == "") || !strings.Contains(got, c.words) || err == nil && name != strings.TrimSpace(c.name) {
			t.Errorf("%s: got %q, %q", c.what, name, got)
		}
	}
}

// A user is told that a certificate ends 30, 14, 7 and 1 days before.
func TestDeviceNotice(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]int{31 * day: 0, 30 * day: 30, 15 * day: 30, 14 * day: 14, 7 * day: 7, 2 * day: 7, day: 1, time.Minute: 1, 0: 0, -day: 0} {
		if got := (Device{NotAfter: deviceTime.Add(left)}).Notice(deviceTime); got != want {
			t.Errorf("%s before the end: got %d, want %d", left, got, want)
		}
	}
	d := Device{NotAfter: deviceTime.Add(day)}
	d.Revoke("alice", DeviceRemoved, deviceTime)
	d.Revoke("admin", DeviceRevoked, deviceTime.Add(time.Hour))
	if d.Notice(deviceTime) != 0 || d.State(deviceTime) != DeviceIsRevoked || d.RevokedBy != "alice" || !d.RevokedAt.Equal(deviceTime) {
		t.Errorf("got %+v", d)
	}
}

// The certificate of a device serves its own user, beside the user's sign-in, and no other login.
func TestDeviceLogin(t *testing.T) {
	t.Parallel()
	id := DeviceID("device-0123456789abcdef0")
	ref := UserRef{Provider: "d-1", Key: "key-alice"}
	devices := Devices{id: {ID: id, UserRef: ref, Serial: "7", IssuerKey: "k"}}
	issuer := CertificateID("cert-1")
	both, alone, users := Endpoint{Directory: "d-1", ClientCA: issuer}, Endpoint{ClientCA: issuer}, Endpoint{Directory: "d-1"}
	proof := func(key string) Proof { return Proof{Provider: "d-1", User: ProviderUser{Key: key}} }
	login := LoginRequest{CommonName: string(id), Serial: "7", IssuerKey: "k"}
	with := func(change func(*LoginRequest)) LoginRequest { r := login; change(&r); return r }
	revoked := Devices{id: {ID: id, UserRef: ref, Serial: "7", IssuerKey: "k", RevokedAt: deviceTime}}
	for _, c := range []struct {
		what    string
		devices Devices
		e       Endpoint
		r       LoginRequest
		proof   Proof
		code    Code
	}{
		{"its user", devices, both, login, proof("key-alice"), ""},
		{"another user", devices, both, login, proof("key-bob"), CodeDeviceOfOther},
		{"a user of another directory", devices, Endpoint{Directory: "d-2", ClientCA: issuer}, login, Proof{Provider: "d-2", User: ProviderUser{Key: "key-alice"}}, CodeDeviceOfOther},
		{"returns", devices, both, with(func(r *LoginRequest) { r.Returns = true }), Proof{}, ""},
		{"returns with a revoked one", revoked, both, with(func(r *LoginRequest) { r.Returns = true }), Proof{}, CodeDeviceRevoked},
		{"revoked", revoked, both, login, proof("key-alice"), CodeDeviceRevoked},
		{"purged, or restored from an older backup", nil, both, login, proof("key-alice"), CodeDeviceNotAccepted},
		{"another serial number", devices, both, with(func(r *LoginRequest) { r.Serial = "8" }), proof("key-alice"), CodeDeviceNotAccepted},
		{"another issuer", devices, both, with(func(r *LoginRequest) { r.IssuerKey = "l" }), proof("key-alice"), CodeDeviceNotAccepted},
		{"another endpoint of the same authority", devices, Endpoint{ID: "cvpn-endpoint-2", Directory: "d-1", ClientCA: issuer}, login, proof("key-alice"), CodeDeviceNotAccepted},
		{"the certificate alone", devices, alone, login, Proof{}, CodeDeviceNotAccepted},
		{"certificates are not asked for", devices, users, login, proof("key-bob"), ""},
		{"a certificate of no device", devices, both, LoginRequest{CommonName: "device-0123456789abcdef", Serial: "7"}, proof("key-bob"), ""},
	} {
		got := c.devices.Refuse(c.e, c.r, c.proof)
		code := Code("")
		if got != nil {
			code = got.Code
		}
		if code != c.code {
			t.Errorf("%s: got %v", c.what, got)
		}
	}
	if _, _, err := CheckCertificateSpec(UseClient, "", string(id), "", ECDSAP256, ""); FieldsOf(err)["common_name"] == "" {
		t.Error("an administrator can issue the certificate of a device")
	}
}
