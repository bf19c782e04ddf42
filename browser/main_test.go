package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

var (
	program   string // the binary under test, built once
	profiles  string // where browsers keep what they know
	artifacts string // where screenshots go
	axeSource string
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if lack := lacking(); lack != "" {
		fmt.Fprintln(os.Stderr, "browser:", lack)
		return 1
	}
	// Not under /tmp: the web process runs as another user and must be able to execute it.
	dir, err := os.MkdirTemp("/var/tmp", "sallyport-browser-")
	if err == nil {
		defer os.RemoveAll(dir)
		err = prepare(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "browser:", err)
		return 1
	}
	return m.Run()
}

// prepare builds the program and reads what the tests bring into pages.
func prepare(dir string) error {
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	profiles = dir
	axe, err := os.ReadFile("../.assets/node_modules/axe-core/axe.min.js")
	if err != nil {
		return fmt.Errorf("axe-core is missing; run make assets: %w", err)
	}
	axeSource = string(axe)
	artifacts = os.Getenv("ARTIFACTS")
	if artifacts == "" {
		artifacts = "../.artifacts"
	}
	artifacts = filepath.Join(artifacts, "browser")
	for _, l := range looks {
		if err := os.MkdirAll(filepath.Join(artifacts, "pages", l.name), 0o755); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(artifacts, 0o755); err != nil {
		return err
	}
	program = filepath.Join(dir, "sallyport")
	build := exec.Command("go", "build", "-o", program, "..")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	return nil
}

// startChromium starts a browser that knows nobody yet, and ends it with the test. Root needs
// --no-sandbox; the other flags keep it from asking the internet for things that no page here needs.
func startChromium(t testing.TB) context.Context {
	t.Helper()
	profile, err := os.MkdirTemp(profiles, "chromium-")
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.UserDataDir(profile), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.IgnoreCertErrors,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("allow-pre-commit-input", true), // or clicks are dropped where a busy machine is late to draw
		chromedp.Flag("lang", "en-GB"), chromedp.WindowSize(1280, 900), chromedp.WSURLReadTimeout(time.Minute),
	)
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	browser, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(quiet))
	t.Cleanup(func() { cancel(); cancelAllocator() })
	if err := chromedp.Run(browser); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	return browser
}

// quiet drops what chromedp says about events that it does not know.
func quiet(string, ...any) {}

// lacking says what this machine needs before the tests can run on it.
func lacking() string {
	if os.Geteuid() != 0 {
		return "run as root: the tests make network namespaces and tun devices"
	}
	for _, need := range [][2]string{{"chromium", "chromium"}, {"openvpn", "openvpn"}, {"nft", "nftables"}, {"ip", "iproute2"}, {"ping", "iputils-ping"}} {
		if _, err := exec.LookPath(need[0]); err != nil {
			return "the command " + need[0] + " is missing; install the package " + need[1]
		}
	}
	if _, err := os.Stat("/dev/net/tun"); errors.Is(err, os.ErrNotExist) {
		return "there is no /dev/net/tun; load the kernel module tun"
	}
	return ""
}
