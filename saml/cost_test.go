package saml_test

import (
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/beevik/etree"

	"sallyport/saml/samltest"
	"sallyport/vpn"
)

// cpu is the processor time of this thread.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	const thread = 1 // RUSAGE_THREAD
	var u syscall.Rusage
	if err := syscall.Getrusage(thread, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// costOf is the processor time of one Accept. The least of some runs counts: the others hold what another process did to
// the caches, and the collector's help.
func costOf(t *testing.T, form url.Values) time.Duration {
	t.Helper()
	p := sp(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	least := time.Hour
	for range 5 {
		begun := cpu(t)
		_, _ = p.Accept(form, expected)
		if least = min(least, cpu(t)-begun); least < mostCPU/2 {
			break
		}
	}
	return least
}

// crowded fills an answer up to a size with groups in the shortest form.
func crowded(t *testing.T, a samltest.Answer, size int, value func(i int) string) samltest.Answer {
	t.Helper()
	a.Groups = nil
	fixed := len(idp(t).Document(a)) + len(`<AttributeStatement xmlns="urn:oasis:names:tc:SAML:2.0:assertion"><Attribute Name="memberOf"></Attribute></AttributeStatement>`)
	a.Change = func(r *etree.Element) {
		statement := at(t, r, "./Assertion").CreateElement("AttributeStatement")
		statement.CreateAttr("xmlns", "urn:oasis:names:tc:SAML:2.0:assertion")
		attribute := statement.CreateElement("Attribute")
		attribute.CreateAttr("Name", "memberOf")
		for i, left := 0, size-fixed; ; i++ {
			v := value(i)
			if left -= len("<AttributeValue></AttributeValue>") + len(v); left < 0 {
				return
			}
			attribute.CreateElement("AttributeValue").SetText(v)
		}
	}
	return a
}

func TestAnAnswerOf128KBIsReadWhateverItsGroups(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]func(int) string{
		"one letter":     func(i int) string { return string(rune('a' + i%26)) },
		"numbers":        func(i int) string { return fmt.Sprint(i) },
		"UUIDs":          func(i int) string { return fmt.Sprintf("00000000-0000-0000-0000-%012d", i) },
		"long names":     func(i int) string { return fmt.Sprintf("CN=%d,%s", i, strings.Repeat("x", 240)) },
		"too long names": func(i int) string { return fmt.Sprintf("CN=%d,%s", i, strings.Repeat("x", 300)) },
	} {
		for _, sign := range []samltest.Signing{samltest.SignAssertion, samltest.SignResponse, samltest.SignBoth} {
			t.Run(fmt.Sprintf("%s %d", name, sign), func(t *testing.T) {
				t.Parallel()
				a := good()
				a.Sign = sign
				a = crowded(t, a, vpn.MaxSAMLAnswer, value)
				form := idp(t).Form(a)
				got, err := sp(t).Accept(form, expected)
				if err != nil {
					t.Fatal(err)
				}
				if got.Seen.Size < vpn.MaxSAMLAnswer-400 || got.Seen.Size > vpn.MaxSAMLAnswer {
					t.Errorf("%d bytes", got.Seen.Size)
				}
				values := len(got.Seen.Attributes[0].Values)
				if want := min(values, vpn.MaxGroups); name == "numbers" && (len(got.User.Groups) != want || !got.User.More || len(got.Seen.Notes) != 1) {
					t.Errorf("%d groups, more %t, %q", len(got.User.Groups), got.User.More, got.Seen.Notes)
				}
				cost := costOf(t, form)
				t.Logf("%d values, %s", values, cost)
				if cost > mostCPU {
					t.Errorf("took %s", cost)
				}
			})
		}
	}
}

// costly fill a value of a signed answer, whose signature is then verified and wrong, with what is costly to canonicalize and
// within the limits.
var costly = map[string]func(value *etree.Element){
	"deep and wide namespaces": func(value *etree.Element) {
		chain := func() (inner *etree.Element) {
			inner = value
			for depth := range 16 {
				inner = inner.CreateElement("a")
				for i := range 3 {
					inner.CreateAttr(fmt.Sprintf("xmlns:n%d-%d", depth, i), "u")
				}
			}
			return inner
		}
		for range 8 {
			inner := chain()
			for range 400 {
				inner.CreateElement("n1-1:b").CreateAttr("n2-2:c", "")
			}
		}
	},
	"many attributes": func(value *etree.Element) {
		for range 600 {
			e := value.CreateElement("a")
			for i := range 20 {
				e.CreateAttr(fmt.Sprintf("a%d", 20-i), "")
			}
		}
	},
	"many elements": func(value *etree.Element) {
		for range 3700 {
			value.CreateElement("a").CreateAttr("xmlns", "u")
		}
	},
	"character references": func(value *etree.Element) { value.SetText(strings.Repeat("&<>", 7500)) },
}

func TestNoRefusalCostsMuch(t *testing.T) {
	sp(t)
	for _, r := range refusals {
		if cost := costOf(t, r.made(t)); cost > mostCPU {
			t.Errorf("%s took %s", r.name, cost)
		}
	}
	for name, fill := range costly {
		for _, sign := range []samltest.Signing{samltest.SignAssertion, samltest.SignResponse, samltest.SignBoth} {
			a := good()
			a.Sign = sign
			a.Tamper = func(r *etree.Element) { fill(at(t, r, "//AttributeValue")) }
			form := idp(t).Form(a)
			got, err := sp(t).Accept(form, expected)
			refused(t, got, err, vpn.CodeSAMLSignatureInvalid, "")
			cost := costOf(t, form)
			t.Logf("%s %d: %d bytes, %s", name, sign, got.Seen.Size, cost)
			if cost > mostCPU {
				t.Errorf("%s took %s", name, cost)
			}
		}
	}
}
