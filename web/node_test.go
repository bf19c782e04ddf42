package web_test

import (
	"net/http"
	"testing"
	"time"

	"sallyport/vpn"
)

func TestNodeTroubleIsOnEveryPage(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.as(t, boss)
	if got := b.get("/administrators").text("[role=alert]"); got != "" {
		t.Errorf("a healthy node shows %q", got)
	}
	s.kit.Dataplane.Say(vpn.NodeStatus{Faults: []vpn.Fault{{Message: "There is no /dev/net/tun on this host.", Since: s.kit.Clock.Now().Add(-3 * time.Hour)}}}, nil)
	s.kit.Clock.Pass(3 * time.Second)
	b.get("/administrators").wantText("[role=alert]", "no /dev/net/tun").wantText("[role=alert] time", "3 hours ago")
	b.get("/settings").wantStatus(http.StatusOK).wantText("#node", "no /dev/net/tun").wantText("#node", "Reachable")
	s.kit.Dataplane.Say(vpn.NodeStatus{}, vpn.Refuse(vpn.Unavailable, "", "The dataplane does not answer."))
	s.kit.Clock.Pass(3 * time.Second)
	b.get("/settings").wantStatus(http.StatusOK).wantText("[role=alert]", "does not answer").wantText("#node", "Unreachable")
	s.kit.Clock.Pass(20 * time.Minute)
	b.get("/settings").wantText("[role=alert] time", "20 minutes ago")
	s.kit.Dataplane.Say(vpn.NodeStatus{}, nil)
	s.kit.Clock.Pass(20 * time.Minute)
	if got := b.get("/administrators").text("[role=alert]"); got != "" {
		t.Errorf("after the dataplane came back, a page shows %q", got)
	}
}

func TestManyPagesAskOnce(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.as(t, boss)
	for range 10 {
		b.get("/networks").wantStatus(http.StatusOK)
	}
	if n := s.kit.Dataplane.StatusQuestions(); n != 1 {
		t.Errorf("ten pages asked the dataplane %d times, want once", n)
	}
	s.kit.Clock.Pass(3 * time.Second)
	b.get("/networks")
	if n := s.kit.Dataplane.StatusQuestions(); n != 2 {
		t.Errorf("a page three seconds later made it %d questions, want 2", n)
	}
}

func TestADataplaneThatHangsMakesOnePageWait(t *testing.T) {
	t.Parallel()
	u := ready(t)
	u.kit.Dataplane.Hang(true)
	u.kit.Clock.Pass(3 * time.Second)
	began := time.Now()
	u.b.get("/networks").wantText("[role=alert]", "does not answer in time")
	first := time.Since(began)
	if first > 5*time.Second {
		t.Errorf("the first page took %s, want about half a second", first)
	}
	began = time.Now()
	for range 5 {
		u.kit.Clock.Pass(3 * time.Second)
		u.b.get("/networks").wantText("[role=alert]", "does not answer in time")
		u.b.get(u.endpoint+"/connections").wantText("[role=alert]", "does not answer in time")
	}
	if all := time.Since(began); all > 5*first {
		t.Errorf("ten pages after the first, which took %s, took %s: each waited", first, all)
	}
}

func TestTheNodePage(t *testing.T) {
	t.Parallel()
	u := ready(t)
	id := string(u.id())
	u.kit.Dataplane.Say(vpn.NodeStatus{
		Instance: "instance-7", Version: "1.2.3", OpenVPN: "2.6.14", StartedAt: u.kit.Clock.Now().Add(-2 * time.Hour),
		Endpoints: []vpn.EndpointStatus{{Endpoint: u.id(), Connections: 4, Faults: []vpn.Fault{{Subject: id, Message: "Port 443 is taken.", Since: u.kit.Clock.Now().Add(-time.Hour)}}}},
	}, nil)
	u.kit.Clock.Pass(time.Minute)
	p := u.b.get("/settings").wantText("#node", "No repair since the dataplane started")
	checkMarkup(t, "/settings", p)
	for _, want := range []string{"node-1", "zone-a, zone-b", "2.6.14", "instance-7", "2 hours ago", "just now", "Connections4", "Port 443 is taken.", "1 hour ago"} {
		p.wantText("#node", want)
	}
	u.kit.Dataplane.Say(vpn.NodeStatus{StartedAt: u.kit.Clock.Now(), Repairs: []vpn.Fault{
		{Subject: id, Message: "The tun device st1 had been deleted and was made again.", Since: u.kit.Clock.Now().Add(-5 * time.Minute)},
		{Message: "The packet filter was changed by somebody else and was written again.", Since: u.kit.Clock.Now().Add(-10 * time.Minute)},
	}}, nil)
	u.kit.Clock.Pass(time.Minute)
	p = u.b.get("/settings").wantText("#node", "repaired 6 minutes ago").wantText("#node", "The packet filter was changed")
	if p.doc.Find(`#node a[href="`+u.endpoint+`"]`).Length() != 1 {
		t.Errorf("the repair does not lead to its endpoint: %s", p.text("#node"))
	}
	p = u.b.get(u.endpoint).wantText("#repairs", "The tun device st1").wantText("#repairs time", "6 minutes ago")
	if n := p.doc.Find("#repairs li").Length(); n != 1 {
		t.Errorf("the endpoint shows %d repairs, want its own one: %s", n, p.text("#repairs"))
	}
	checkMarkup(t, u.endpoint, p)

	u.kit.Dataplane.Say(vpn.NodeStatus{}, vpn.Refuse(vpn.Unavailable, "", "The dataplane does not answer."))
	u.kit.Clock.Pass(time.Minute)
	u.b.get("/settings").wantText("#node", "1 minute ago").wantText("#node", "Unknown until the dataplane answers")
}
