package lab

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"sallyport/lab/netlab"
)

// programs is where `make deps` unpacks programs of Debian.
func programs(t testing.TB) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(file), "../.tools/programs")
	if _, err := os.Stat(filepath.Join(dir, "ready")); err != nil {
		t.Fatal("the programs of Debian are missing: run make deps")
	}
	return filepath.Join(dir, "root")
}

// otherFirewall is a firewall of Debian on the gateway's host. Each step is a line of a shell; an empty
// one is left out.
type otherFirewall struct {
	enable  string   // has it drop what it does not know, as it does by default or as an administrator sets it up
	doubt   string   // adds a rule that cannot be judged
	reloads []string // have it read its configuration again, which keeps what remedies added
	renewal string   // enables it anew, without what remedies added
}

// beside has a firewall run beside a gateway: enabled before and after it, with a rule that cannot be
// judged, and reloaded. Each remedy is run as the page shows it. No packet of the client reaches a host
// without a rule meanwhile, and the client stays connected.
func (f otherFirewall) beside(t *testing.T, w *topology) *site {
	t.Helper()
	w.serveEcho(t)
	gw := w.gatewayHost
	if f.enable != "" {
		gw.Shell(t, f.enable)
	}
	s := signUp(t, w, startGateway(t, gw))
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.Authorize("10.0.1.0/24")
	s.followRemedies(t, "association-failed", "drops ")
	c := netlab.ConnectClient(t, w.clients[0], s.Profile("alice"))
	x := startTransfer(t, c.On, addrHostA)
	outside := startProbes(t, w.clients, w.hostB, addrHostB)
	check := func(when string) {
		t.Helper()
		before := x.echoed.Load()
		netlab.Eventually(t, 15*time.Second, "the transfer goes on after "+when, func() bool { return x.err() != nil || x.echoed.Load() > before })
		if err := x.err(); err != nil {
			t.Errorf("after %s the transfer was lost: %v", when, err)
		}
		if !c.On.Reaches(addrHostA, netlab.EchoPort) {
			t.Errorf("after %s the client opens no new flow", when)
		}
		if n := c.Ups(); n != 1 {
			t.Errorf("after %s the client has connected %d times", when, n)
		}
		if n := outside.arrived.Load(); n > 0 {
			t.Errorf("after %s %d of %d forbidden packets have arrived", when, n, outside.sent.Load())
		}
	}
	check("the remedy")

	if f.doubt != "" {
		gw.Shell(t, f.doubt)
		s.followRemedies(t, "associated", "may drop ")
		check("a doubt")
	}
	for _, reload := range f.reloads {
		gw.Shell(t, reload)
		check(reload)
	}
	if len(f.reloads) > 0 {
		s.wantNoComplaint(t, "the reload")
	}
	if f.renewal != "" {
		gw.Shell(t, f.renewal)
		s.followRemedies(t, "association-failed", "drops ")
		check("the firewall was enabled beside a client")
	}
	if outside.end(); outside.sent.Load() == 0 {
		t.Error("no forbidden packet was sent")
	}
	t.Logf("%d forbidden packets were sent, %d arrived", outside.sent.Load(), outside.arrived.Load())
	return s
}

// complaint is what the association says about another firewall: its state, and the sentence with the
// remedy. The sentence is empty where there is none.
func (s *site) complaint() (state, sentence string) {
	row := s.Get(s.Endpoint + "/associations").Doc.Find("tr").FilterFunction(func(_ int, r *goquery.Selection) bool {
		return strings.Contains(r.Text(), "10.0.1.0/24")
	})
	return strings.ToLower(row.Find(".state-chip").Text()), strings.TrimSpace(row.Find(".state-why").Text())
}

// maxRemedies is how many remedies may be needed: one for the hook input and one for forward, where
// both chains drop.
const maxRemedies = 2

// followRemedies waits until the association has a state with a complaint about another firewall, and
// runs the remedy as it is shown; that of a further complaint too.
func (s *site) followRemedies(t testing.TB, state, word string) {
	t.Helper()
	run, last := 0, ""
	defer func() {
		if t.Failed() {
			t.Logf("the association was last seen as %s", last)
		}
	}()
	netlab.Eventually(t, 40*time.Second, "the association is "+state+" because a chain "+word+"packets, and the remedies end that", func() bool {
		is, sentence := s.complaint()
		last = is + ": " + sentence
		_, command, found := strings.Cut(sentence, ", run as root: ")
		switch {
		case !found:
			return run > 0 && strings.Contains(is, "associated")
		case run == 0 && !(strings.Contains(is, state) && strings.Contains(sentence, word)):
			return false
		case run == maxRemedies:
			t.Fatalf("after %d remedies the association says: %s", run, sentence)
		}
		t.Logf("%s: %s", is, sentence)
		s.gatewayHost.Shell(t, command)
		run++
		netlab.Eventually(t, 20*time.Second, "the remedy ends the complaint: "+sentence, func() bool {
			_, now := s.complaint()
			return now != sentence
		})
		return false
	})
}

// examined is longer than the dataplane waits before it judges rules that another program has changed.
const examined = 3 * time.Second

func (s *site) wantNoComplaint(t testing.TB, when string) {
	t.Helper()
	for deadline := time.Now().Add(examined); time.Now().Before(deadline); <-time.After(100 * time.Millisecond) {
		if state, sentence := s.complaint(); sentence != "" || !strings.Contains(state, "associated") {
			t.Fatalf("after %s the association is %s: %s", when, state, sentence)
		}
	}
}

// newFirewallHost has a gateway's host with the firewalls of Debian, and one client.
func newFirewallHost(t *testing.T) *topology {
	t.Helper()
	w := newTopology(t, 1)
	w.gatewayHost.LayFiles(t, programs(t))
	return w
}

// ufw's forward chains let pings pass and nothing else, which is no certain drop.
func TestUFW(t *testing.T) {
	t.Parallel()
	otherFirewall{
		enable:  "ufw --force enable",
		doubt:   "ufw limit 21000:21255/udp",
		reloads: []string{"ufw reload"},
		renewal: "ufw --force reset && ufw --force enable",
	}.beside(t, newFirewallHost(t))
}

// busConfiguration is of a D-Bus daemon for one program: polkit, which decides about users other
// than root, is not there.
const busConfiguration = `<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow own="*"/><allow receive_sender="*"/><allow user="*"/></policy></busconfig>`

func startBus(t *testing.T, on *netlab.Namespace) {
	t.Helper()
	on.Shell(t, "mkdir -p /run/dbus")
	on.WriteFile(t, "/run/bus.conf", busConfiguration)
	on.StartDaemon(t, "dbus-daemon", "--config-file=/run/bus.conf", "--nofork", "--nopidfile")
	netlab.Eventually(t, 10*time.Second, "D-Bus answers", func() bool { return on.Exec("test", "-S", "/run/dbus/system_bus_socket").Run() == nil })
}

// The gateway's uplink is in another zone than the default one.
func TestFirewalld(t *testing.T) {
	t.Parallel()
	w := newFirewallHost(t)
	gw := w.gatewayHost
	startBus(t, gw)
	gw.StartDaemon(t, "firewalld", "--nofork", "--nopid")
	netlab.Eventually(t, 20*time.Second, "firewalld runs", func() bool { return gw.Exec("firewall-cmd", "--state").Run() == nil })
	const zone = "firewall-cmd --permanent --zone=dmz --add-interface=wan && firewall-cmd --reload"
	f := otherFirewall{
		enable:  zone,
		doubt:   "firewall-cmd --direct --add-rule ipv4 filter FORWARD 0 -m mark --mark 1 -j DROP",
		reloads: []string{"firewall-cmd --reload", "firewall-cmd --complete-reload"},
		renewal: "firewall-cmd --permanent --zone=trusted --remove-interface=sp+ && " + zone,
	}
	s := f.beside(t, w)

	// firewalld 2.3 has a setting with which it drops translated packets that its own rules do not
	// accept (StrictForwardPorts). Version 1.3 does so without one rule.
	const accept = "ct status dnat accept"
	strict := "nft delete rule inet firewalld filter_INPUT handle $(nft -a list chain inet firewalld filter_INPUT | sed -n 's/.*" + accept + " # handle //p')"
	gw.Shell(t, strict)
	s.followRemedies(t, "association-failed", "drops ")
	if ports := strings.TrimSpace(gw.Shell(t, "firewall-cmd --zone=dmz --list-ports")); ports != "21000-21255/udp" {
		t.Errorf("the zone of the uplink has the ports %q", ports)
	}
	gw.Shell(t, strict)
	s.wantNoComplaint(t, "the remedy, with the rule deleted again")
	netlab.StartClient(t, w.clients[0], s.Profile("alice")).WaitUp(t, 1)
}

// With the rules of dockerd the host forwards packets of containers only.
func TestDocker(t *testing.T) {
	t.Parallel()
	w := newFirewallHost(t)
	gw := w.gatewayHost
	start := func() *netlab.Daemon {
		d := gw.StartDaemon(t, "dockerd", "--storage-driver", "vfs")
		netlab.Eventually(t, 20*time.Second, "Docker runs", func() bool { return gw.Exec("docker", "version").Run() == nil })
		return d
	}
	d := start()
	s := otherFirewall{
		doubt:   "iptables -I DOCKER-USER -m mark --mark 1 -j DROP",
		renewal: "iptables -F DOCKER-USER && iptables -A DOCKER-USER -j RETURN",
	}.beside(t, w)
	d.Stop(t)
	start()
	s.wantNoComplaint(t, "a restart of Docker")
}

// closed are the commands of an administrator whose host accepts what belongs to a flow and drops the
// rest.
const closed = "iptables -F && iptables -P INPUT DROP && iptables -P FORWARD DROP && iptables -A INPUT -i lo -j ACCEPT && iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"

func TestIptables(t *testing.T) {
	t.Parallel()
	otherFirewall{enable: closed, doubt: "iptables -I FORWARD -m mark --mark 1 -j DROP", renewal: closed}.beside(t, newFirewallHost(t))
}

// The older iptables keeps its rules outside nftables, and the kernel reports no change of them: they
// are examined every ten seconds.
func TestIptablesLegacy(t *testing.T) {
	t.Parallel()
	w := newFirewallHost(t)
	w.gatewayHost.Shell(t, "for name in iptables iptables-save iptables-restore; do ln -sf xtables-legacy-multi /usr/sbin/$name; done")
	otherFirewall{enable: closed}.beside(t, w)
}

const nftablesConf = `flush ruleset
table inet filter {
	chain input { type filter hook input priority filter; policy drop; iif lo accept; ct state established,related accept; tcp dport 22 accept; }
	chain forward { type filter hook forward priority filter; policy drop; }
	chain output { type filter hook output priority filter; }
}
`

// nftables.service reads a file that begins with a flush of all rules, ours too, and of what remedies
// added.
func TestNftables(t *testing.T) {
	t.Parallel()
	w := newFirewallHost(t)
	w.gatewayHost.WriteFile(t, "/etc/nftables.conf", nftablesConf)
	const read = "nft -f /etc/nftables.conf"
	otherFirewall{enable: read, doubt: "nft insert rule inet filter forward meta mark 1 drop", renewal: read}.beside(t, w)
}
