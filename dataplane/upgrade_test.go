package dataplane

import (
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"sallyport/dataplane/eventlog"
	"sallyport/dataplane/fault"
	"sallyport/dataplane/journal"
	"sallyport/dataplane/session"
	"sallyport/dataplane/supervise"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// The run directory in testdata/rundir was written by the program as of commit 34183eb. This
// program must read every entry and every field of it: an upgrade loses no session and no setting.
func TestReadsAnEarlierRunDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/rundir")); err != nil { // a failed read renames files
		t.Fatal(err)
	}
	j, err := journal.Open(filepath.Join(dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 26, 14, 5, 6, 789012345, time.UTC)
	const (
		endpoint    = vpn.EndpointID("cvpn-endpoint-0123456789abcdef0")
		association = vpn.AssociationID("cvpn-assoc-0123456789abcdef1")
		device      = "sp0123456789-0"
		instance    = device + "-4242-987654"
	)
	prefix := netip.MustParsePrefix

	desired := vpn.Desired{
		Endpoint: endpoint, Generation: 17, ClientCIDR: prefix("10.20.0.0/22"), Blocks: vpn.AllBlocks()[:32], Workers: 3,
		Listen: vpn.Listen{Addr: netip.MustParseAddr("192.0.2.10"), Transport: vpn.UDP, Port: 1194},
		Keys: vpn.Keys{
			Certificate: "-----BEGIN CERTIFICATE-----\nc2VydmVy\n-----END CERTIFICATE-----\n",
			Key:         "-----BEGIN PRIVATE KEY-----\na2V5\n-----END PRIVATE KEY-----\n",
			ClientCA:    "-----BEGIN CERTIFICATE-----\nY2E=\n-----END CERTIFICATE-----\n",
			TLSCrypt:    "-----BEGIN OpenVPN Static key V1-----\n00112233\n-----END OpenVPN Static key V1-----\n",
			TokenSecret: "-----BEGIN OpenVPN auth-token server key-----\ndG9rZW4=\n-----END OpenVPN auth-token server key-----\n",
		},
		ClientOptions: vpn.ClientOptions{SourceNAT: true, SplitTunnel: true, SessionTimeout: 8 * time.Hour}, ClientToClient: true,
		Associations: []vpn.DesiredAssociation{{ID: association, Subnet: prefix("10.0.1.0/24"), Zone: "zone-a", Routes: []netip.Prefix{prefix("10.0.0.0/16"), prefix("192.168.7.0/24")}}},
		Rules: []vpn.DesiredRule{
			{ID: "cvpn-rule-0123456789abcdef2", Destination: prefix("10.0.0.0/16"), AllUsers: true},
			{ID: "cvpn-rule-0123456789abcdef3", Destination: prefix("192.168.7.0/24"), Group: "engineers, \"gruppe ü\""},
		},
	}
	expectEntries(t, j, journal.Desired, desired)

	expectEntries(t, j, journal.Workers, worker.Record{
		Endpoint: endpoint, Slot: 4, Device: device, Port: 21004, Config: "5f2b0c", Instance: instance, Index: 31,
		Identity: supervise.Identity{PID: 4242, Start: 987654, Boot: "9c1f0f0e-6a53-4f0e-9f6c-3f1d6a1b2c3d"}, Started: at,
	})

	counters := vpn.Counters{BytesIn: 1, PacketsIn: 2, BytesOut: 3, PacketsOut: 4}
	client, peer := netip.MustParseAddr("10.20.0.2"), netip.MustParseAddrPort("198.51.100.7:40000")
	const connection = vpn.ConnectionID("cvpn-connection-0123456789abcdef4")
	expectEntries(t, j, journal.Sessions, session.Session{
		Connection: connection, Session: "session-0123456789abcdef5", Endpoint: endpoint, Association: association,
		User: vpn.Identity{Name: "alice", Groups: []string{"engineers", "gruppe ü"}}, Addr: client, Peer: peer,
		Began: 3*time.Hour + 7, Ends: 11*time.Hour + 7, Token: "SESSIONTOKEN1234", Named: true,
		Instance: instance, Device: device, CID: 12, KID: 3, Established: true, Before: counters, Ended: true,
	})

	expectEntries(t, j, journal.Snapshots,
		snapshot{
			Endpoint: endpoint, Paths: map[vpn.AssociationID]string{association: "eth1"},
			Faults: []fault.Entry{
				{Check: faultReach, Fault: vpn.Fault{Subject: string(association), Message: "The target network 10.0.1.0/24 cannot be reached.", Since: at}},
				{Check: faultWorker, Fault: vpn.Fault{Subject: string(association), Message: "OpenVPN does not begin to listen.", Since: at.Add(time.Second)}},
			},
		},
		snapshot{
			Faults: []fault.Entry{{Check: faultPrerequisites, Fault: vpn.Fault{Message: "The program nft is missing.", Since: at}}},
			Repairs: []vpn.Fault{
				{Message: "Forwarding on interface eth1 had been switched off and is on again.", Since: at},
				{Subject: string(endpoint), Message: "The OpenVPN worker on sp0123456789-0 was killed and is started again.", Since: at.Add(time.Minute)},
			},
		})

	events, err := eventlog.Open(filepath.Join(dir, "events.ndjson"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	want := []vpn.Event{ // 2 and 4 are logins, which were events then and are skipped
		{Seq: 1, Refused: &vpn.RefusedAttempt{Endpoint: endpoint, Device: peer, CommonName: "mallory", Reason: "The certificate has expired."}},
		{Seq: 3, Established: &vpn.Established{Connection: connection, Endpoint: endpoint, Association: association, ClientIP: client, Device: peer}},
		{Seq: 5, Ended: &vpn.Ended{Connection: connection, Endpoint: endpoint, Reason: "The client disconnected.", Counters: counters}},
	}
	for i := range want {
		want[i].Epoch, want[i].At = "EPOCHEPOCHEPOCHEPOCHEPOCHE", at.Add(time.Duration(want[i].Seq+2)*time.Second)
	}
	if got := events.Unacknowledged(); !reflect.DeepEqual(got, want) {
		t.Errorf("the event log has\n%+v, want\n%+v", got, want)
	}
}

// expectEntries checks that a kind has exactly these entries, whose fields are all set in the
// fixture: a field that is renamed here is found empty.
func expectEntries[T any](t *testing.T, j *journal.Journal, kind journal.Kind, want ...T) {
	t.Helper()
	got, err := journal.Read[T](j, kind)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n%+v, want\n%+v", kind, got, want)
	}
}
