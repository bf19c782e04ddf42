package device_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// An administrator finds the devices of users and revokes them, once.
func TestDevices(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	webtest.CheckMarkup(t, "empty", b.Get("/devices").WantText(".empty", "No user has made a device"))
	now := s.Kit.Clock.Now()
	d := vpn.Device{ID: vpn.NewDeviceID(), UserRef: vpn.UserRef{Provider: "d-1", Key: "k"}, UserName: "alice", Endpoint: "cvpn-endpoint-1", Name: "phone", Serial: "12", NotAfter: now.Add(100 * 24 * time.Hour), CreatedAt: now}
	s.Update(t, func(tx *store.Tx) error { return tx.CreateDevice(context.Background(), d) })
	webtest.CheckMarkup(t, "list", b.Get("/devices?q=alice").WantText("table", "phone").WantText("table", "never").WantText("table", "valid"))
	b.Get("/devices?state=valid&authority=other").WantText("main", "No")
	b.Get("/devices?user=other").WantText("main", "No")
	b.Get("/devices?state=revoked").WantText("main", "No")
	s.Update(t, func(tx *store.Tx) error {
		return tx.SeeUser(context.Background(), vpn.Sighting{UserRef: d.UserRef, Name: "alice", At: now}, vpn.Sighting{UserRef: vpn.UserRef{Provider: "d-1", Key: "other"}, Name: "alice", At: now})
	})
	user := b.Get("/devices").Doc.Find("td a[href^='/users/user-']").AttrOr("href", "")
	own := b.Get(user).Doc.Find("a[href^='/devices']").AttrOr("href", "")
	if !strings.Contains(own, strings.TrimPrefix(user, "/users/")) {
		t.Errorf("the page of the user leads to %q", own)
	}
	b.Get(own).WantText("table", "phone")
	for _, tr := range b.Get("/users?q=alice").Doc.Find("tbody a[href^='/users/user-']").EachIter() {
		if other := tr.AttrOr("href", ""); other != user {
			b.Get("/devices?user="+strings.TrimPrefix(other, "/users/")).WantText("main", "No")
		}
	}
	b.Get("/devices?state=valid").WantText("table", "phone").WantText("main", "Every endpoint")
	revoke := "/devices/" + string(d.ID) + "/revoke"
	webtest.CheckMarkup(t, "revoke", b.Get(revoke).WantText("h1", "Revoke the certificate of phone of alice?"))
	s.SignIn(t, webtest.ReadOnly).Post(revoke, nil).WantStatus(http.StatusForbidden)
	b.Follow(b.Post(revoke, nil)).WantText("table", "revoked by an administrator ("+webtest.Administrator+")")
	b.Post(revoke, nil).WantStatus(http.StatusUnprocessableEntity).WantText("[role=alert]", "already")
	b.Get("/devices/device-00000000000000000/revoke").WantStatus(http.StatusNotFound)
}
