package device_test

import (
	"testing"
	"time"

	"sallyport/vpn"
)

// However many devices a user has removed, the limit counts those that are left, and the page has them first.
func TestLimitBesideRemovedDevices(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	alice := s.signedIn("alice")
	for _, name := range []string{"phone", "laptop", "tablet", "desk", "home"} {
		s.made(alice, name)
	}
	s.Clock.Pass(25 * time.Hour)
	alice = s.signedIn("alice")
	s.Exec("INSERT INTO device WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600) " + s.copyOfDevice(map[string]string{
		"id": "'device-' || i", "serial": "'9' || i", "fingerprint": "'f' || i", "created_at": "created_at + i", "revoked_at": "created_at + i",
	}) + " FROM n, (SELECT * FROM device WHERE name = 'phone')")
	_, _, err := s.Devices.Make(t.Context(), alice, s.request("one more"))
	wantName(t, "a sixth device", err, "You have 5 devices")
	own, err := s.Devices.Own(t.Context(), alice)
	s.Must(err)
	if own.Live != 5 || own.Devices[4].State(s.Clock.Now()) != vpn.DeviceValid {
		t.Errorf("%d devices count; the fifth is %+v", own.Live, own.Devices[4])
	}
}

// copyOfDevice selects the columns of the table device, some of them as expressions.
func (s *site) copyOfDevice(expressions map[string]string) string {
	s.T.Helper()
	list := ""
	for _, column := range s.Query("SELECT name FROM pragma_table_info('device') ORDER BY cid") {
		if list != "" {
			list += ", "
		}
		if e, ok := expressions[column]; ok {
			column = e
		}
		list += column
	}
	return "SELECT " + list
}
