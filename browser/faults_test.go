package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// faults are what the browser reports: script errors, console errors, violations of the
// content security policy, requests that fail.
type faults struct {
	mu       sync.Mutex
	list     []string
	document map[string]bool // addresses that were asked for as pages
	offline  bool            // requests may fail: the console is stopped
	givenUp  []time.Time     // when pages were given up because the network of the browser's host changed
	stays    bool            // the user stays on a page with something typed, where the browser asks
	asked    int             // how often it asked
}

// stay tells whether the user stays where the browser asks before it leaves what was typed.
func (f *faults) stay(stays bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stays = stays
}

// askedToLeave is how often the browser asked.
func (f *faults) askedToLeave() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// answer answers a dialog of the browser. The pages open none of their own.
func (f *faults) answer(tab context.Context, d *page.EventJavascriptDialogOpening) {
	if d.Type != page.DialogTypeBeforeunload {
		f.add("dialog %s: %s", d.Type, d.Message)
	}
	f.mu.Lock()
	f.asked++
	stays := f.stays
	f.mu.Unlock()
	if err := chromedp.Run(tab, page.HandleJavaScriptDialog(!stays)); err != nil {
		f.add("answer a dialog: %v", err)
	}
}

func (f *faults) add(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, fmt.Sprintf(format, args...))
}

// setOffline tells whether the console is stopped, so that requests may fail.
func (f *faults) setOffline(offline bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.offline = offline
}

// givenUpWithin tells whether the browser gave a page up, because the network of its host changed, so soon after a time.
func (f *faults) givenUpWithin(soon time.Duration, after time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.givenUp, func(at time.Time) bool { return at.After(after) && at.Sub(after) < soon })
}

// drain gives the faults so far and removes them.
func (f *faults) drain() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.list
	f.list = nil
	return out
}

func (f *faults) listen(tab context.Context) {
	chromedp.ListenTarget(tab, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			f.add("script error: %s", e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			text := consoleText(e.Args)
			f.mu.Lock()
			expected := f.offline && strings.HasPrefix(text, `"htmx:`) // htmx writes each request that got no answer
			f.mu.Unlock()
			if (e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning) && !expected {
				f.add("console %s: %s", e.Type, text)
			}
		case *network.EventRequestWillBeSent:
			if e.Type == network.ResourceTypeDocument {
				f.mu.Lock()
				if f.document == nil {
					f.document = map[string]bool{}
				}
				f.document[e.Request.URL] = true
				f.mu.Unlock()
			}
		case *page.EventJavascriptDialogOpening:
			go f.answer(tab, e) // the browser waits for it, and events for this function
		case *network.EventLoadingFailed:
			if e.Type == network.ResourceTypeDocument && e.ErrorText == "net::ERR_NETWORK_CHANGED" {
				f.mu.Lock()
				f.givenUp = append(f.givenUp, time.Now())
				f.mu.Unlock()
			}
		case *log.EventEntryAdded:
			f.entry(e.Entry)
		}
	})
}

// entry adds a line of the browser's log if it is a fault. A page that itself answers 404 or 422 is
// none; the tests check such pages.
func (f *faults) entry(e *log.Entry) {
	f.mu.Lock()
	page, offline := f.document[e.URL], f.offline
	f.mu.Unlock()
	switch {
	case e.Level != log.LevelError && e.Level != log.LevelWarning && e.Source != log.SourceSecurity:
	case e.Source == log.SourceNetwork && (offline || page && strings.Contains(e.Text, "status of 4")):
	default:
		f.add("%s %s: %s (%s)", e.Source, e.Level, e.Text, e.URL)
	}
}

func consoleText(args []*runtime.RemoteObject) string {
	var words []string
	for _, a := range args {
		if b, err := json.Marshal(a.Value); err == nil && len(a.Value) > 0 {
			words = append(words, string(b))
		} else {
			words = append(words, a.Description)
		}
	}
	return strings.Join(words, " ")
}
