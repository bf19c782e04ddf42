package node_test

import (
	"testing"
	"time"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

func TestTheNodePage(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	id := string(u.ID())
	u.Kit.Dataplane.Say(vpn.NodeStatus{
		Instance: "instance-7", Version: "1.2.3", OpenVPN: "2.6.14", StartedAt: u.Kit.Clock.Now().Add(-2 * time.Hour),
		Endpoints: []vpn.EndpointStatus{{Endpoint: u.ID(), Connections: 4, Faults: []vpn.Fault{{Subject: id, Message: "Port 443 is taken.", Since: u.Kit.Clock.Now().Add(-time.Hour)}}}},
	}, nil)
	u.Kit.Clock.Pass(time.Minute)
	p := u.Admin.Get("/node").WantText("#node", "No repair since the dataplane started")
	webtest.CheckMarkup(t, "/node", p)
	for _, want := range []string{"node-1", "zone-a, zone-b", "2.6.14", "instance-7", "2 hours ago", "just now", "Connections4", "Port 443 is taken.", "for 1 hour"} {
		p.WantText("#node", want)
	}
	u.Kit.Dataplane.Say(vpn.NodeStatus{StartedAt: u.Kit.Clock.Now(), Repairs: []vpn.Fault{
		{Subject: id, Message: "The tun device st1 had been deleted and was made again.", Since: u.Kit.Clock.Now().Add(-5 * time.Minute)},
		{Message: "The packet filter was changed by another process and was restored.", Since: u.Kit.Clock.Now().Add(-10 * time.Minute)},
	}}, nil)
	u.Kit.Clock.Pass(time.Minute)
	p = u.Admin.Get("/node").WantText("#node", "repaired 6 minutes ago").WantText("#node", "The packet filter was changed")
	if p.Doc.Find(`#node a[href="`+u.Endpoint+`"]`).Length() != 1 {
		t.Errorf("the repair does not lead to its endpoint: %s", p.Text("#node"))
	}
	p = u.Admin.Get(u.Endpoint).WantText("#repairs", "The tun device st1").WantText("#repairs time", "6 minutes ago")
	if n := p.Doc.Find("#repairs li").Length(); n != 1 {
		t.Errorf("the endpoint shows %d repairs, want its own one: %s", n, p.Text("#repairs"))
	}
	webtest.CheckMarkup(t, u.Endpoint, p)

	u.Kit.Dataplane.Say(vpn.NodeStatus{}, vpn.Refuse(vpn.Unavailable, "", "The dataplane does not answer."))
	u.Kit.Clock.Pass(time.Minute)
	u.Admin.Get("/node").WantText("#node", "1 minute ago").WantText("#node", "Unknown until the dataplane answers")
}
