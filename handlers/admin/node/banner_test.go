package node_test

import (
	"net/http"
	"testing"
	"time"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

func TestNodeFaultIsOnEveryPage(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	if got := b.Get("/administrators").Text("[role=alert]"); got != "" {
		t.Errorf("a healthy node shows %q", got)
	}
	s.Kit.Dataplane.Say(vpn.NodeStatus{Faults: []vpn.Fault{{Message: "There is no /dev/net/tun on this host.", Since: s.Kit.Clock.Now().Add(-3 * time.Hour)}}}, nil)
	s.Kit.Clock.Pass(3 * time.Second)
	b.Get("/administrators").WantText("[role=alert]", "no /dev/net/tun").WantText("[role=alert] time", "for 3 hours")
	b.Get("/node").WantStatus(http.StatusOK).WantText("#node", "no /dev/net/tun").WantText("#node", "Reachable")
	s.Kit.Dataplane.Say(vpn.NodeStatus{}, vpn.Refuse(vpn.Unavailable, "", "The dataplane does not answer."))
	s.Kit.Clock.Pass(3 * time.Second)
	b.Get("/node").WantStatus(http.StatusOK).WantText("[role=alert]", "does not answer").WantText("#node", "Unreachable")
	s.Kit.Clock.Pass(20 * time.Minute)
	b.Get("/node").WantText("[role=alert] time", "for 20 minutes")
	s.Kit.Dataplane.Say(vpn.NodeStatus{}, nil)
	s.Kit.Clock.Pass(20 * time.Minute)
	if got := b.Get("/administrators").Text("[role=alert]"); got != "" {
		t.Errorf("after the dataplane came back, a page shows %q", got)
	}
}

func TestManyPagesShareOneStatus(t *testing.T) {
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

func TestHangingDataplaneDelaysOnePage(t *testing.T) {
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
