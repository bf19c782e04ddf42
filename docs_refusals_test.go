package main_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"sallyport/vpn"
)

//go:generate go test -count=1 -run ^TestRefusalsPageIsGenerated$ . -args -write-refusals

var writeRefusals = flag.Bool("write-refusals", false, "write docs/refusals.md")

const refusalsPage = "docs/refusals.md"

// TestRefusalsPageIsGenerated compares docs/refusals.md with the tables of package vpn, or writes it.
func TestRefusalsPageIsGenerated(t *testing.T) {
	t.Parallel()
	want := refusalsText()
	if *writeRefusals {
		if err := os.WriteFile(refusalsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(refusalsPage)
	if err != nil || string(have) != want {
		t.Errorf("%s is not what the codes of package vpn say (%v): run go generate . and commit it", refusalsPage, err)
	}
}

func refusalsText() string {
	var b strings.Builder
	b.WriteString(`# Codes

<!-- Written by go generate from vpn/code.go and vpn/code_refusal.go. -->

Forms, error pages, lists and logs show a code beside a refusal.

## Refused clients

The view **Refused** of *Connections* has one of these codes for each attempt. What to do about each: [troubleshooting](troubleshooting.md#a-client-does-not-get-in).
*Client is told*: with *yes* its log has the code, the sentence and at the end, in brackets, the reference of the login, which the attempt has in the list and in the log of ` + "`sallyport web`" + `.
With another code the client is told that one alone, because the difference would help an attacker, or is for administrators. *User* is what the page *My access* of the self-service portal advises. *Reason* is the ` + "`connection-attempt-failure-reason`" + ` of a connection log.

| code | means | client is told | user | reason |
|---|---|---|---|---|
`)
	for _, r := range vpn.Refusals() {
		told := string(r.Told)
		if r.As != "" {
			told = "`" + string(r.As) + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | `%s` |\n", r.Code, r.Code.Meaning(), told, r.Code.Advice(), r.Reason)
	}
	b.WriteString("\n## All other codes\n\n| code | means |\n|---|---|\n")
	for _, code := range vpn.Codes() {
		if !slices.Contains(vpn.LoginCodes(), code) {
			fmt.Fprintf(&b, "| `%s` | %s |\n", code, code.Meaning())
		}
	}
	return b.String()
}

// Each code of the table of refusals is one of the codes, stands there once, and says what a client and a log are told.
func TestRefusalsAreComplete(t *testing.T) {
	t.Parallel()
	seen := map[vpn.Code]bool{}
	for _, r := range vpn.Refusals() {
		if seen[r.Code] || r.Code.Meaning() == "" || r.Told == "" || r.Reason == "" || r.Code.FailureReason() != r.Reason || r.Code.Advice() == "" {
			t.Errorf("%+v", r)
		}
		seen[r.Code] = true
	}
	for _, r := range vpn.Refusals() {
		if (r.Told == vpn.TellsAsOther) != (r.As != "") || r.As != "" && !seen[r.As] {
			t.Errorf("%s is told as %q", r.Code, r.As)
		}
	}
}
