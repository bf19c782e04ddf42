package dataplane

import (
	"testing"

	"sallyport/dataplane/journal"
	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// A client that returns by its token is in the journal as one that was established before. A
// process that ended before it had answered leaves it waiting at its worker, and the next one
// must answer: nobody else does.
func TestReturnIsAnsweredByTheNextProcess(t *testing.T) {
	ep, dialogues := stage(t, "cvpn-endpoint-7777777777777777c", "10.35.0.0/22")
	before, after := dialogues[0], dialogues[1]
	if err := logIn(ep, before, 1, "zoe", "tok", vpn.NewConnectionID()); err != nil {
		t.Fatal(err)
	}
	ep.established(before.client(1), ovpn.Established{CID: 1})
	ep.interrupt(before.instance) // its worker ends
	s, _, err := ep.takeBack(after, ovpn.Connect{CID: 2, Env: env("zoe", "tok", ovpn.SessionAuthenticated)})
	if err != nil || s == nil {
		t.Fatalf("the client is not taken back: %v", err)
	}
	kept, err := journal.Read[*session](ep.journal, journal.Sessions)
	if err != nil || len(kept) != 1 || !kept[0].Established || kept[0].CID != 2 {
		t.Fatalf("the journal has %+v, %v", kept, err)
	}
	for _, tc := range []struct {
		name    string
		client  ovpn.StatusClient
		waiting int
	}{
		{"not answered", ovpn.StatusClient{CID: 2}, 1},
		{"answered", ovpn.StatusClient{CID: 2, Addr: s.Addr}, 0},
	} {
		found, err := ep.compare(after.worker, nil, ovpn.Status{Clients: []ovpn.StatusClient{tc.client}})
		if err != nil || len(found.waiting) != tc.waiting || len(found.lost)+len(found.strangers) > 0 {
			t.Errorf("%s: %+v, %v; want %d waiting", tc.name, found, err, tc.waiting)
		}
	}
}
