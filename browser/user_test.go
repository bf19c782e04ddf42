package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"sallyport/lab/netlab"
)

// user is a person at a browser of their own. What is not visible cannot be used:
// everything is found by its visible words.
type user struct {
	t    testing.TB
	tab  context.Context
	base string
	*faults
}

// patience is how long a user waits for a page or for something to appear.
const patience = 20 * time.Second

// newUser opens a browser window without cookies, closed at the end of the test. A user whose
// page makes the browser report a fault fails the test.
func newUser(t testing.TB, base string, options ...chromedp.ExecAllocatorOption) *user {
	t.Helper()
	tab := startChromium(t, options...)
	p := &user{t: t, tab: tab, base: base, faults: &faults{}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the browser was at %s: %s", p.address(), netlab.Tail(p.text(), 1500))
			p.screenshot("failed-" + strings.ReplaceAll(t.Name(), "/", "-"))
		}
		for _, f := range p.drain() {
			t.Errorf("the browser reports: %s", f)
		}
	})
	p.listen(tab)
	p.setLook(looks[0])
	return p
}

// do runs actions in the browser.
func (p *user) do(actions ...chromedp.Action) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.tab, 2*patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		p.t.Fatalf("%s: %v", p.address(), err)
	}
}

// eval calls a JavaScript function on the page with arguments. It fails while the browser changes to
// another page, so polling callers ignore its error. It also works with the page's own scripts off.
func (p *user) eval(function string, result any, args ...any) error {
	list, err := json.Marshal(append([]any{}, args...))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(p.tab, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate("("+function+")(..."+string(list)+")", result))
}

func (p *user) mustEval(function string, result any, args ...any) {
	p.t.Helper()
	if err := p.eval(function, result, args...); err != nil {
		p.t.Fatalf("%s: %v", p.address(), err)
	}
}

// open goes to an address of the console.
func (p *user) open(path string) {
	p.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = p.base + path
	}
	p.do(chromedp.Navigate(path))
}

// address is the path of the page that is open.
func (p *user) address() string {
	var at string
	_ = p.eval(`() => location.pathname + location.search`, &at)
	return at
}

// text is what the page's content says.
func (p *user) text() string {
	var s string
	_ = p.eval(`() => (document.querySelector("main") || document.body).innerText.replace(/\s+/g, " ")`, &s)
	return s
}

// waitText waits, without any input, until the page shows all words.
func (p *user) waitText(words ...string) {
	p.t.Helper()
	netlab.Eventually(p.t, patience, p.address()+" shows "+strings.Join(words, ", "), func() bool {
		return holds(p.text(), words)
	})
}

// waitNoText waits until the page no longer shows a word.
func (p *user) waitNoText(word string) {
	p.t.Helper()
	netlab.Eventually(p.t, patience, p.address()+" no longer shows "+word, func() bool {
		text := p.text()
		return text != "" && !holds(text, []string{word})
	})
}

func holds(text string, words []string) bool {
	text = strings.ToLower(text)
	for _, w := range words {
		if !strings.Contains(text, strings.ToLower(w)) {
			return false
		}
	}
	return true
}

// waitRow waits until a row of a table or list holds all words.
func (p *user) waitRow(words ...string) {
	p.t.Helper()
	netlab.Eventually(p.t, patience, p.address()+" has a row with "+strings.Join(words, ", "), func() bool {
		return p.rowText(words...) != ""
	})
}

func (p *user) rowText(words ...string) string {
	var lines []string
	_ = p.eval(`() => [...document.querySelectorAll("tr, .guide-step")].map(e => e.innerText.replace(/\s+/g, " "))`, &lines)
	for _, l := range lines {
		if holds(l, words) {
			return l
		}
	}
	return ""
}

// findPoint gives the point to click for visible words, or why there is none.
const findPoint = `(words, within) => {
	const clean = s => (s || "").replace(/\s+/g, " ").trim();
	const shown = e => e.checkVisibility({visibilityProperty: true}) && e.getBoundingClientRect().width > 1;
	let scopes = within ? [...document.querySelectorAll("tr, .guide-step"), ...document.querySelectorAll("form, nav")].filter(e => clean(e.innerText).includes(within))
		: [document.querySelector("main"), document.body];
	let seen = [];
	for (const scope of scopes.filter(Boolean)) {
		const all = [...scope.querySelectorAll("a[href], button, input[type=submit], summary, label, .form-check-label")].filter(shown);
		const wordsOf = e => clean(e.matches("input") ? e.value || "Submit" : e.innerText); // what a browser writes on a button without words
		const uncounted = e => wordsOf(e).replace(/ [\d,]+$/, ""); // a tab without the number of its rows
		const hit = all.find(e => wordsOf(e) === words) || all.find(e => uncounted(e) === words) || all.find(e => e.matches("summary") && clean(e.querySelector("h2") && e.querySelector("h2").innerText) === words) || all.find(e => clean(e.getAttribute("aria-label")) === words);
		seen = all.map(wordsOf);
		if (!hit) continue;
		if (hit.disabled) return {Why: "it is disabled"};
		hit.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
		const box = hit.getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;
		const top = document.elementFromPoint(x, y);
		if (!top || !(hit.contains(top) || top.contains(hit))) return {Why: "it is covered by " + (top ? top.outerHTML.slice(0, 200) : "nothing")};
		document.left = true;
		return {X: x, Y: y};
	}
	return {Why: "there are only: " + seen.join(" | ")};
}`

type point struct {
	X, Y float64
	Why  string
}

// click presses a link, button, menu or choice by its visible words. within gives words of the table
// row, step or form that contains it.
func (p *user) click(words string, within ...string) {
	p.t.Helper()
	scope := strings.Join(within, "")
	p.waitPainted()
	var at point
	p.mustEval(findPoint, &at, words, scope)
	if at.Why != "" {
		p.t.Fatalf("%s: %q cannot be pressed (%s): %s", p.address(), words, scope, at.Why)
	}
	p.do(chromedp.MouseClickXY(at.X, at.Y))
}

// waitPainted waits until the page is on the screen: a browser drops clicks before that.
func (p *user) waitPainted() {
	p.t.Helper()
	netlab.Eventually(p.t, patience, p.address()+" is painted", func() bool {
		var shown bool
		err := p.eval(`() => performance.getEntriesByType("paint").length > 0`, &shown)
		return err == nil && shown
	})
}

// press clicks a link or button that leads to another page, and waits for that page.
func (p *user) press(words string, within ...string) {
	p.t.Helper()
	p.click(words, within...)
	p.waitPage(words)
}

// pressInAccountMenu presses an entry of the menu of one's own account, at the top of a wide page.
func (p *user) pressInAccountMenu(words string) {
	p.t.Helper()
	p.click("admin administrator")
	p.press(words)
}

// waitPage waits for the page that follows a click or a key.
func (p *user) waitPage(after string) {
	p.t.Helper()
	netlab.Eventually(p.t, patience, "a page after "+after, func() bool {
		var there bool
		err := p.eval(`() => !document.left && document.readyState === "complete" && location.href !== "about:blank"`, &there)
		return err == nil && there
	})
}

// findField gives the field of a visible label, and marks it.
const findField = `(label) => {
	const clean = s => (s || "").replace(/\s+/g, " ").replace(/– optional$/, "").trim();
	document.querySelectorAll("[data-found]").forEach(e => e.removeAttribute("data-found"));
	const labels = [...document.querySelectorAll("label")].filter(l => clean(l.innerText) === label && l.checkVisibility());
	const field = labels.map(l => l.control).find(Boolean) || [...document.querySelectorAll("[aria-label]")].find(e => e.getAttribute("aria-label") === label);
	if (!field) return {Why: "there are only: " + [...document.querySelectorAll("label")].map(l => clean(l.innerText)).join(" | ")};
	field.scrollIntoView({block: "center", behavior: "instant"});
	field.setAttribute("data-found", "");
	const box = field.getBoundingClientRect();
	return {X: box.x + Math.min(box.width / 2, 60), Y: box.y + Math.min(box.height / 2, 12)};
}`

func (p *user) field(label string) point {
	p.t.Helper()
	var at point
	p.mustEval(findField, &at, label)
	if at.Why != "" {
		p.t.Fatalf("%s: there is no field %q: %s", p.address(), label, at.Why)
	}
	return at
}

// fill types into the field of a label and replaces its value.
func (p *user) fill(label, value string) {
	p.t.Helper()
	p.waitPainted()
	at := p.field(label)
	p.do(chromedp.MouseClickXY(at.X, at.Y), chromedp.Evaluate(`document.querySelector("[data-found]").select()`, nil))
	if value == "" {
		p.do(chromedp.KeyEvent("\b"))
		return
	}
	p.do(input.InsertText(value))
}

// value is the value of the field of a label.
func (p *user) value(label string) string {
	p.t.Helper()
	p.field(label)
	var v string
	p.mustEval(`() => document.querySelector("[data-found]").value`, &v)
	return v
}

// choose selects the option that contains the words.
func (p *user) choose(label, words string) {
	p.t.Helper()
	p.field(label)
	var why string
	p.mustEval(`(words) => {
		const list = document.querySelector("[data-found]"), hit = [...list.options].find(o => o.text.includes(words));
		if (!hit) return "it offers " + [...list.options].map(o => o.text).join(" | ");
		list.value = hit.value;
		list.dispatchEvent(new Event("input", {bubbles: true}));
		list.dispatchEvent(new Event("change", {bubbles: true}));
		return "";
	}`, &why, words)
	if why != "" {
		p.t.Fatalf("%s: %q cannot be chosen for %q: %s", p.address(), words, label, why)
	}
}

// tick clicks the label of a checkbox or of a radio button.
func (p *user) tick(label string) { p.t.Helper(); p.click(label) }

// download presses something that gives a file.
func (p *user) download(words string, within ...string) (name, content string) {
	p.t.Helper()
	return p.downloadBy(words, func() { p.click(words, within...) })
}

// downloadByKey does so with the keyboard.
func (p *user) downloadByKey(words string) (name, content string) {
	p.t.Helper()
	p.tabTo(words)
	return p.downloadBy(words, func() { p.key(kb.Enter) })
}

func (p *user) downloadBy(words string, begin func()) (name, content string) {
	p.t.Helper()
	dir := p.t.TempDir()
	p.do(cdpbrowser.SetDownloadBehavior(cdpbrowser.SetDownloadBehaviorBehaviorAllow).WithDownloadPath(dir))
	begin()
	netlab.Eventually(p.t, patience, "the file of "+words+" is there", func() bool {
		files, _ := filepath.Glob(filepath.Join(dir, "*"))
		if len(files) != 1 || strings.HasSuffix(files[0], ".crdownload") || strings.HasPrefix(filepath.Base(files[0]), ".") {
			return false
		}
		b, err := os.ReadFile(files[0])
		name, content = filepath.Base(files[0]), string(b)
		return err == nil && content != ""
	})
	return name, content
}

// screenshot writes a screenshot of the whole page to the artifacts.
func (p *user) screenshot(name string) {
	var png []byte
	ctx, cancel := context.WithTimeout(p.tab, patience)
	defer cancel()
	if err := chromedp.Run(ctx, chromedp.FullScreenshot(&png, 100)); err != nil {
		p.t.Logf("no picture %s: %v", name, err)
		return
	}
	if err := os.WriteFile(filepath.Join(artifacts, name+".png"), png, 0o644); err != nil {
		p.t.Error(err)
	}
}

const password = "correct horse battery"

// signUp follows the printed link and becomes the first administrator.
func (p *user) signUp(s *site) {
	p.t.Helper()
	p.open(s.SetupLink(p.t))
	p.fill("User name", "admin")
	p.fill("Password", password)
	p.fill("Password again", password)
	p.press("Create administrator and sign in")
	p.waitText("Overview")
}

// signIn signs in on the page that is open or on the first one.
func (p *user) signIn(name string) {
	p.t.Helper()
	p.open("/sign-in")
	p.fill("User name", name)
	p.fill("Password", password)
	p.press("Sign in")
	p.waitText("Overview")
}

// createNetwork fills the forms of a network and its subnets.
func (p *user) createNetwork(subnets int) {
	p.t.Helper()
	p.open("/networks/new")
	p.fill("Name", "office")
	p.fill("IPv4 CIDRs", "10.0.0.0/16")
	p.press("Create network")
	p.createSubnets(subnets)
}

// createSubnets fills the form of subnets of the network whose page is open.
func (p *user) createSubnets(subnets int) {
	p.t.Helper()
	for i := range subnets {
		p.press("Create subnet")
		p.fill("Name", fmt.Sprintf("subnet-%c", 'a'+i))
		p.fill("IPv4 CIDR", fmt.Sprintf("10.0.%d.0/24", i+1))
		p.fill("Availability zone", fmt.Sprintf("zone-%c", 'a'+i))
		p.press("Create subnet")
	}
}

// createCertificates makes an authority, a server certificate and client certificates.
func (p *user) createCertificates(clients ...string) {
	p.t.Helper()
	p.open("/certificates/authority/new")
	p.fill("Common name (CN)", "Office VPN CA")
	p.press("Create certificate authority")
	for i, cn := range append([]string{"vpn.example.com"}, clients...) {
		p.open("/certificates/issue")
		if i == 0 {
			p.tick("Server certificate")
		} else {
			p.tick("Client certificate")
		}
		p.fill("Common name (CN)", cn)
		p.press("Issue certificate")
		p.waitText("issued")
	}
}

// createEndpoint makes the tutorial's endpoint and gives the path of its page.
func (p *user) createEndpoint() string {
	p.t.Helper()
	p.open("/endpoints/new")
	p.fill("Name tag", "office-vpn")
	p.fill("Client IPv4 CIDR", "10.128.0.0/22")
	p.choose("Server certificate", "vpn.example.com")
	p.press("Create Client VPN endpoint")
	p.waitText("pending-associate")
	return p.address()
}
