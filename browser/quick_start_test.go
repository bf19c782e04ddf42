package browser

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"

	"sallyport/lab/netlab"
)

// From an empty data directory to a packet through the tunnel: an administrator is made, three values are typed, and the file reaches
// the user by a one-time link. All of it takes less than two minutes.
func TestQuickStart(t *testing.T) {
	t.Parallel()
	started := time.Now()
	s := newSiteWith(t, 1) // without a public name: it is asked for
	p := newUser(t, s.base)
	p.signUp(s)
	p.press("Quick start")
	p.typeText("Office") // the first field has the focus
	p.tabTo("Private network")
	p.typeText("10.0.0.0/16")
	p.tabTo("Public name")
	p.typeText(gatewayAddr)
	p.pressEnter()
	p.waitText("Download client configuration", "Hand over by a one-time link", "Office")
	p.waitText("Clients can connect now") // the page follows the endpoint by itself
	made := p.address()                   // with the first user chosen
	p.press("Make one-time link")
	p.waitText("It is shown now and never again")
	var link string
	p.mustEval(`() => document.querySelector("dl code").innerText.trim()`, &link)
	configuration := p.hrefOf("Back to the configuration file")

	visitor := newUser(t, s.public)
	visitor.open(link)
	visitor.waitText("Your VPN configuration file", "Office", "The link gives the file once")
	looking := time.Now()
	visitor.timesOfPortal(t, link)
	visitor.open(link)
	p.inspect("one-time link")
	visitor.inspectPublic("file-link")
	looked := time.Since(looking)
	visitor.do(emulation.SetScriptExecutionDisabled(true))
	visitor.open(link)
	_, file := visitor.downloadByKey("Download configuration file")
	visitor.do(emulation.SetScriptExecutionDisabled(false))
	c := netlab.ConnectClient(t, s.clients[0], file)
	netlab.Eventually(t, patience, "a packet passes the tunnel", func() bool { return pings(s.clients[0], targetAddr, "100") })
	if took := time.Since(started) - looked; took > 2*time.Minute {
		t.Errorf("the way from an empty data directory to a packet took %s", took)
	} else {
		t.Logf("from an empty data directory to a packet: %s", took.Round(time.Second/10))
	}

	// The link is used up, and its page goes on with the steps of any platform; the console says by whom, and the client is on the first page.
	visitor.open(link)
	visitor.waitText("The file was downloaded on")
	visitor.press("Android")
	visitor.press("OpenVPN for Android")
	visitor.waitText("The file was downloaded on", "Open it with OpenVPN for Android")
	visitor.inspectPublic("file-link-used")
	visitor.open(s.public + "/file/nothing")
	visitor.waitText("This link opens nothing", "How to connect")
	visitor.inspectPublic("file-link-closed")
	visitor.drain() // the browser reports the status 404
	p.open(configuration)
	p.waitRow("first-user", "used", "from")
	// With scripts the button says that it was used.
	p.open(made)
	p.press("Make one-time link")
	p.waitText("It is shown now and never again")
	p.mustEval(`() => document.querySelector("dl code").innerText.trim()`, &link)
	visitor.open(link)
	visitor.download("Download configuration file")
	visitor.waitText("Downloaded", "Go on with the steps below.")
	visitor.inspectPublic("file-link-downloaded")
	p.open("/")
	p.waitText("Nothing needs your attention", "Office", "1 connection")
	if !c.Running() {
		t.Error("the client ended")
	}
}
