package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// look is how a page is shown.
type look struct {
	name   string
	dark   bool
	width  int64
	height int64
}

var looks = []look{
	{"light", false, 1280, 900},
	{"dark", true, 1280, 900},
	{"phone", false, 390, 844},
}

// tablet is looked at for its width alone: its colours and roles are those of the others.
var tablet = look{"tablet", false, 1024, 768}

// setLook has the browser show pages in a look, the open one too.
func (p *user) setLook(l look) {
	p.t.Helper()
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	p.do(
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}),
		emulation.SetDeviceMetricsOverride(l.width, l.height, 1, l.width < 600),
	)
}

// inspect checks the open page in every look: axe-core finds nothing, no element is wider than the
// screen, the browser reports no fault. It writes a screenshot of each under the name.
func (p *user) inspect(name string) {
	p.t.Helper()
	for _, l := range looks {
		p.setLook(l)
		p.inspectAsIs(name+" ("+l.name+")", l.dark)
		p.screenshot("pages/" + l.name + "/" + name)
	}
	p.setLook(tablet)
	p.wantFit(name + " (tablet)")
	p.screenshot("pages/" + tablet.name + "/" + name)
	p.setLook(looks[0])
	for _, f := range p.drain() {
		p.t.Errorf("%s at %s: the browser reports: %s", name, p.address(), f)
	}
}

// The dark page differs from the light one in colours only.
const runAxe = `async (dark) => {
	const found = await axe.run(document, {resultTypes: ["violations"],
		runOnly: dark ? ["color-contrast", "link-in-text-block"] : ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]});
	return found.violations.map(v => v.id + " (" + v.help + "): " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 220) + " – " + n.failureSummary.replace(/\s+/g, " ").slice(0, 260)).join(" ‖ "));
}`

const tooWide = `() => {
	const page = document.documentElement, room = page.clientWidth;
	if (page.scrollWidth <= room) return "";
	const wide = [...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > room + 1 && !e.closest(".table-responsive, .tabs"));
	return page.scrollWidth + " px on a screen of " + room + ": " + wide.slice(-3).map(e => e.outerHTML.slice(0, 160)).join(" ‖ ");
}`

const tableCut = `() => [...document.querySelectorAll("main .table-responsive")].filter(e => e.scrollWidth > e.clientWidth + 1)
	.map(e => e.getAttribute("aria-label") + " is " + e.scrollWidth + " px in " + e.clientWidth).join(", ")`

func (p *user) inspectAsIs(name string, dark bool) {
	p.t.Helper()
	var there bool
	if err := p.eval(`() => typeof axe === "object"`, &there); err != nil || !there {
		p.do(chromedp.Evaluate(axeSource+"; true", nil))
	}
	var violations []string
	ctx, cancel := context.WithTimeout(p.tab, patience)
	defer cancel()
	wait := func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }
	if err := chromedp.Run(ctx, chromedp.Evaluate(fmt.Sprintf("(%s)(%t)", runAxe, dark), &violations, wait)); err != nil {
		p.t.Fatalf("%s at %s: axe: %v", name, p.address(), err)
	}
	for _, v := range violations {
		p.t.Errorf("%s at %s: axe: %s", name, p.address(), v)
	}
	p.wantFit(name)
}

// wantFit checks that the open page is no wider than the screen, and its tables no wider than the page.
func (p *user) wantFit(name string) {
	p.t.Helper()
	var wide string
	p.mustEval(tooWide, &wide)
	if wide != "" {
		p.t.Errorf("%s at %s is wider than the screen: %s", name, p.address(), wide)
	}
	p.mustEval(tableCut, &wide)
	if wide != "" {
		p.t.Errorf("%s at %s: a table is cut: %s", name, p.address(), wide)
	}
}

// links gives the addresses of the links in tables of the open page that contain a part.
func (p *user) links(part string) []string {
	p.t.Helper()
	var out []string
	p.mustEval(`(part) => [...new Set([...document.querySelectorAll("main table a[href]")].map(a => a.getAttribute("href")).filter(h => h.includes(part)))]`, &out, part)
	return out
}

// link is the first of them.
func (p *user) link(part string) string {
	p.t.Helper()
	list := p.links(part)
	if len(list) == 0 {
		p.t.Fatalf("%s has no link to …%s…", p.address(), part)
	}
	return list[0]
}

// hrefOf is the address of a link of the open page, by its words.
func (p *user) hrefOf(words string) string {
	p.t.Helper()
	var out string
	p.mustEval(`(words) => { const a = [...document.querySelectorAll("main a[href]")].find(a => a.innerText.trim() === words); return a ? a.getAttribute("href") : ""; }`, &out, words)
	if out == "" {
		p.t.Fatalf("%s has no link %q", p.address(), words)
	}
	return out
}

// fileName makes a name for a picture from an address.
func fileName(parts ...string) string {
	b, _ := json.Marshal(strings.Join(parts, "-"))
	return strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-", " ", "-").Replace(string(b)), `"-`)
}
