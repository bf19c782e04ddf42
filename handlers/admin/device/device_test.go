package device_test

import (
	"context"
	"net/http"
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
	b.Get("/devices?endpoint=other").WantText("main", "No")
	revoke := "/devices/" + string(d.ID) + "/revoke"
	webtest.CheckMarkup(t, "revoke", b.Get(revoke).WantText("h1", "Revoke the certificate of phone of alice?"))
	s.SignIn(t, webtest.ReadOnly).Post(revoke, nil).WantStatus(http.StatusForbidden)
	b.Follow(b.Post(revoke, nil)).WantText("table", "revoked by an administrator ("+webtest.Administrator+")")
	b.Post(revoke, nil).WantStatus(http.StatusUnprocessableEntity).WantText("[role=alert]", "already")
	b.Get("/devices/device-00000000000000000/revoke").WantStatus(http.StatusNotFound)
}
