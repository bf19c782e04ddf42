package idp

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"sallyport/lab/netlab"
	"sallyport/lab/testpki"
)

// Password is the password of every user of the identity provider.
const Password = "Secret-12345"

// The formats of a NameID (SAML 2.0 core, section 8.3).
const (
	EmailAddress = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
	Persistent   = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	Unspecified  = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
	Transient    = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
)

// User is a person who can sign in.
type User struct {
	Name   string // as typed at the sign-in
	NameID string // empty: Name and the domain example.test
	Groups []string
}

// People are the users unless Options says otherwise: alice is in engineers and staff, bob is in sales.
func People() []User {
	return []User{{Name: "alice", Groups: []string{"engineers", "staff"}}, {Name: "bob", Groups: []string{"sales"}}}
}

// Options are what tests vary. The zero value is what the guide asks of an identity provider.
type Options struct {
	Users          []User // nil: People
	NameIDFormat   string // empty: EmailAddress
	GroupAttribute string // empty: memberOf
	Workers        int    // processes that answer; 0: 2
}

// Provider is an identity provider that runs.
type Provider struct {
	Base     string // its URL, with / at the end
	Metadata string // its metadata document

	dir  string
	on   *netlab.Namespace
	port string // of PHP, on the loopback address
	pid  int
	done chan struct{}
}

// Start starts an identity provider on a host, at https:// of an address with a port, until the end of the test. It trusts no
// service provider yet: see Trust.
func Start(t testing.TB, on *netlab.Namespace, listen string, o Options) *Provider {
	t.Helper()
	p := &Provider{Base: "https://" + listen + "/", dir: t.TempDir(), on: on}
	p.configure(t, o.filled())
	p.serveTLS(t, listen)
	p.run(t, o.filled())
	p.Metadata = p.get(t, "saml2/idp/metadata.php")
	return p
}

// program is where `make deps` has unpacked SimpleSAMLphp.
func program(t testing.TB) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(file), "../../.tools/programs/root/usr/share/simplesamlphp")
	if _, err := os.Stat(filepath.Join(dir, "www/index.php")); err != nil {
		t.Fatal("SimpleSAMLphp is missing: run make deps")
	}
	if _, err := exec.LookPath("php"); err != nil {
		t.Fatal("the command php is missing; install the packages php-cli, php-xml and php-mbstring")
	}
	return dir
}

// run starts PHP's own server and waits until it answers.
func (p *Provider) run(t testing.TB, o Options) {
	t.Helper()
	err := p.on.Do(func() error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err == nil {
			_, p.port, _ = net.SplitHostPort(l.Addr().String())
			err = l.Close()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := p.on.Exec("php", "-d", "session.save_path="+filepath.Join(p.dir, "tmp"), "-d", "opcache.enable=0", "-S", "127.0.0.1:"+p.port, "-t", filepath.Join(program(t), "www"))
	cmd.Env = append(os.Environ(), "SIMPLESAMLPHP_CONFIG_DIR="+p.dir, "PHP_CLI_SERVER_WORKERS="+number(o.Workers))
	out, err := os.Create(filepath.Join(p.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.pid, p.done = cmd.Process.Pid, make(chan struct{})
	go func() { _ = cmd.Wait(); _ = out.Close(); close(p.done) }()
	t.Cleanup(func() {
		p.Stop()
		if t.Failed() {
			b, _ := os.ReadFile(filepath.Join(p.dir, "log"))
			t.Logf("the log of SimpleSAMLphp:\n%s", netlab.Tail(string(b), 4000))
		}
	})
	netlab.Eventually(t, 20*time.Second, "SimpleSAMLphp listens", func() bool {
		conn, err := p.dial(context.Background(), "tcp", "127.0.0.1:"+p.port)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// Stop ends the identity provider at once.
func (p *Provider) Stop() {
	_ = syscall.Kill(-p.pid, syscall.SIGKILL) // the workers too
	<-p.done
}

func (p *Provider) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	err = p.on.Do(func() error {
		conn, err = (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// serveTLS serves PHP, which knows no TLS, at the address of the identity provider.
func (p *Provider) serveTLS(t testing.TB, listen string) {
	t.Helper()
	host, _, _ := net.SplitHostPort(listen)
	cert := testpki.Authority(t, "Identity provider CA").IssueFor(t, host)
	pair, err := tls.X509KeyPair([]byte(cert.Certificate), []byte(cert.Key))
	if err != nil {
		t.Fatal(err)
	}
	var l net.Listener
	if err := p.on.Do(func() (err error) { l, err = net.Listen("tcp", listen); return err }); err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: "127.0.0.1:" + p.port})
			r.Out.Host = r.In.Host
		},
		Transport: &http.Transport{DialContext: p.dial, DisableKeepAlives: true},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	server := &http.Server{Handler: proxy, TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}}, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.ServeTLS(l, "", "") }()
	t.Cleanup(func() { _ = server.Close() })
}

// get reads a page of the identity provider.
func (p *Provider) get(t testing.TB, path string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: p.dial, DisableKeepAlives: true}, Timeout: 20 * time.Second}
	answer, err := client.Get("http://127.0.0.1:" + p.port + "/" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v\n%s", path, answer.StatusCode, err, netlab.Tail(string(body), 1000))
	}
	return string(body)
}
