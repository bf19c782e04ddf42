package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

var (
	profiles  string // the directory of the browsers' profiles
	artifacts string // the directory of the screenshots
	axeSource string
)

func TestMain(m *testing.M) { os.Exit(gateway.Main(m, prepare, "chromium", "ping", "setpriv")) }

// prepare makes the directories and reads what the tests load into pages.
func prepare(dir string) error {
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
	for _, l := range append(looks[:len(looks):len(looks)], tablet) {
		if err := os.MkdirAll(filepath.Join(artifacts, "pages", l.name), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// startChromium starts a browser with a new profile, and ends it with the test. Root needs --no-sandbox;
// the other flags keep it from sending requests to the internet.
func startChromium(t testing.TB, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	profile, err := os.MkdirTemp(profiles, "chromium-")
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.UserDataDir(profile), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.IgnoreCertErrors,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("allow-pre-commit-input", true), // otherwise clicks are dropped when a busy machine draws late
		chromedp.Flag("lang", "en-GB"), chromedp.WindowSize(1280, 900), chromedp.WSURLReadTimeout(time.Minute),
	)
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	browser, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(ignoreUnknownEvent))
	t.Cleanup(func() { cancel(); cancelAllocator() })
	if err := chromedp.Run(browser); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	return browser
}

// onHost has a browser run on a host of the lab, as after make run on the gateway itself.
func onHost(t testing.TB, host *netlab.Namespace) []chromedp.ExecAllocatorOption {
	t.Helper()
	script := filepath.Join(t.TempDir(), "chromium")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nexec "+strings.Join(host.Exec("chromium").Args, " ")+` "$@"`+"\n"), 0o755); err != nil { //nolint:gosec // it is a program
		t.Fatal(err)
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(script), chromedp.Flag("remote-debugging-port", strconv.Itoa(host.Forward(t)))}
	// An address that the kernel has checked is a change of the network, at which a browser gives up what it loads.
	netlab.Eventually(t, patience, "the host's IPv6 addresses are checked", func() bool { return host.IP(t, "-6", "address", "show", "tentative") == "" })
	return options
}

// ignoreUnknownEvent drops what chromedp logs about events that it does not know.
func ignoreUnknownEvent(string, ...any) {}
