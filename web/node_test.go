package web_test

import (
	"net/http"
	"testing"
	"time"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

func TestNodeTroubleIsOnEveryPage(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	if got := b.Get("/administrators").Text("[role=alert]"); got != "" {
		t.Errorf("a healthy node shows %q", got)
	}
	s.Kit.Dataplane.Say(vpn.NodeStatus{Faults: []vpn.Fault{{Message: "There is no /dev/net/tun on this host.", Since: s.Kit.Clock.Now().Add(-3 * time.Hour)}}}, nil)
	s.Kit.Clock.Pass(3 * time.Second)
	b.Get("/administrators").WantText("[role=alert]", "no /dev/net/tun").WantText("[role=alert] time", "3 hours ago")
	b.Get("/settings").WantStatus(http.StatusOK).WantText("#node", "no /dev/net/tun").WantText("#node", "Reachable")
	s.Kit.Dataplane.Say(vpn.NodeStatus{}, vpn.Refuse(vpn.Unavailable, "", "The dataplane does not answer."))
	s.Kit.Clock.Pass(3 * time.Second)
	b.Get("/settings").WantStatus(http.StatusOK).WantText("[role=alert]", "does not answer").WantText("#node", "Unreachable")
	s.Kit.Clock.Pass(20 * time.Minute)
	b.Get("/settings").WantText("[role=alert] time", "20 minutes ago")
	s.Kit.Dataplane.Say(vpn.NodeStatus{}, nil)
	s.Kit.Clock.Pass(20 * time.Minute)
	if got := b.Get("/administrators").Text("[role=alert]"); got != "" {
		t.Errorf("after the dataplane came back, a page shows %q", got)
	}
}

func TestManyPagesAskOnce(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	for range 10 {
		b.Get("/networks").WantStatus(http.StatusOK)
	}
	if n := s.Kit.Dataplane.StatusQuestions(); n != 1 {
		t.Errorf("ten pages asked the dataplane %d times, want once", n)
	}
	s.Kit.Clock.Pass(3 * time.Second)
	b.Get("/networks")
	if n := s.Kit.Dataplane.StatusQuestions(); n != 2 {
		t.Errorf("a page three seconds later made it %d questions, want 2", n)
	}
}

func TestADataplaneThatHangsMakesOnePageWait(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	u.Kit.Dataplane.Hang(true)
	u.Kit.Clock.Pass(3 * time.Second)
	began := time.Now()
	u.Admin.Get("/networks").WantText("[role=alert]", "does not answer in time")
	first := time.Since(began)
	if first > 5*time.Second {
		t.Errorf("the first page took %s, want about half a second", first)
	}
	began = time.Now()
	for range 5 {
		u.Kit.Clock.Pass(3 * time.Second)
		u.Admin.Get("/networks").WantText("[role=alert]", "does not answer in time")
		u.Admin.Get(u.Endpoint+"/connections").WantText("[role=alert]", "does not answer in time")
	}
	if all := time.Since(began); all > 5*first {
		t.Errorf("ten pages after the first, which took %s, took %s: each waited", first, all)
	}
}

func TestTheNodePage(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	id := string(u.ID())
	u.Kit.Dataplane.Say(vpn.NodeStatus{
		Instance: "instance-7", Version: "1.2.3", OpenVPN: "2.6.14", StartedAt: u.Kit.Clock.Now().Add(-2 * time.Hour),
		Endpoints: []vpn.EndpointStatus{{Endpoint: u.ID(), Connections: 4, Faults: []vpn.Fault{{Subject: id, Message: "Port 443 is taken.", Since: u.Kit.Clock.Now().Add(-time.Hour)}}}},
	}, nil)
	u.Kit.Clock.Pass(time.Minute)
	p := u.Admin.Get("/settings").WantText("#node", "No repair since the dataplane started")
	webtest.CheckMarkup(t, "/settings", p)
	for _, want := range []string{"node-1", "zone-a, zone-b", "2.6.14", "instance-7", "2 hours ago", "just now", "Connections4", "Port 443 is taken.", "1 hour ago"} {
		p.WantText("#node", want)
	}
	u.Kit.Dataplane.Say(vpn.NodeStatus{StartedAt: u.Kit.Clock.Now(), Repairs: []vpn.Fault{
		{Subject: id, Message: "The tun device st1 had been deleted and was made again.", Since: u.Kit.Clock.Now().Add(-5 * time.Minute)},
		{Message: "The packet filter was changed by somebody else and was written again.", Since: u.Kit.Clock.Now().Add(-10 * time.Minute)},
	}}, nil)
	u.Kit.Clock.Pass(time.Minute)
	p = u.Admin.Get("/settings").WantText("#node", "repaired 6 minutes ago").WantText("#node", "The packet filter was changed")
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
	u.Admin.Get("/settings").WantText("#node", "1 minute ago").WantText("#node", "Unknown until the dataplane answers")
}
