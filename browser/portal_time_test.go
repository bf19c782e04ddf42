package browser

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// timesOfPortal holds that a page of the portal has its times in the time zone of the device: no text is left in UTC, and each time
// says on hover which moment that is there.
func (p *user) timesOfPortal(t *testing.T, address string) {
	t.Helper()
	p.do(emulation.SetTimezoneOverride("Asia/Kolkata"))
	defer p.do(emulation.SetTimezoneOverride(""))
	p.open(address)
	var shown struct {
		Times int
		Wrong string
	}
	p.mustEval(`() => {
		const times = [...document.querySelectorAll("main time")];
		const two = n => String(n).padStart(2, "0");
		const wrong = times.filter(e => {
			const there = new Date(Date.parse(e.dateTime) + 5.5 * 3600e3);
			return !e.textContent.endsWith(", " + two(there.getUTCHours()) + ":" + two(there.getUTCMinutes())) || !e.title.includes("UTC (");
		});
		return {Times: times.length, Wrong: wrong.map(e => e.outerHTML).join("\n") + (document.querySelector("main").innerText.match(/.*UTC.*/) || "")};
	}`, &shown)
	if shown.Times == 0 || shown.Wrong != "" {
		t.Errorf("%s has %d times; not in the time zone of the device:\n%s", address, shown.Times, shown.Wrong)
	}
}
