package vpn

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every option has its way to running sessions: an option that the table lacks would be saved unannounced.
func TestEveryOptionHasAnEffect(t *testing.T) {
	t.Parallel()
	var listed, fields []string
	for _, o := range optionAspects {
		listed = append(listed, string(o.aspect))
		if o.aspect.Label() == string(o.aspect) {
			t.Errorf("%s has no label", o.aspect)
		}
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[ClientOptions]()) {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields = append(fields, key)
	}
	slices.Sort(listed)
	slices.Sort(fields)
	if !slices.Equal(listed, fields) {
		t.Errorf("optionAspects has %v, ClientOptions has %v", listed, fields)
	}
}

func side(t *testing.T) Side {
	t.Helper()
	e := newEndpoint(t)
	e.TLSCrypt, e.ClientCA, e.Directory = "key", "cert-ca", "d-1"
	return Side{
		Endpoint: e, Remote: "vpn.example.test", Server: Certificate{ID: "cert-server", PEM: "server", Chain: block("CERTIFICATE"), CommonName: "vpn"},
		ClientCA: Certificate{ID: "cert-ca", Use: UseAuthority, PEM: "authority"},
	}
}

func TestEffect(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Side)
		want   Effect
	}{
		"nothing":             {func(*Side) {}, Effect{}},
		"name and tags":       {func(s *Side) { s.Endpoint.Name, s.Endpoint.Tags = "other", []Tag{{Key: "a"}} }, Effect{}},
		"port":                {func(s *Side) { s.Endpoint.Listen.Port = 1194 }, Effect{Restart: []Aspect{AspectPort}, Files: []Aspect{AspectPort}}},
		"renewed certificate": {func(s *Side) { s.Server.PEM = "renewed" }, Effect{Restart: []Aspect{AspectCertificate}}},
		"another common name": {func(s *Side) { s.Server.PEM, s.Server.CommonName = "other", "gw" }, Effect{Restart: []Aspect{AspectCertificate}, Files: []Aspect{AspectCommonName}}},
		"another authority": {func(s *Side) {
			s.Server.PEM, s.Server.Chain = "x", strings.Replace(block("CERTIFICATE"), "AAAA", "BBBB", 1)
		}, Effect{Restart: []Aspect{AspectCertificate}, Files: []Aspect{AspectServerAuthority}}},
		"key":                    {func(s *Side) { s.Endpoint.TLSCrypt = "new" }, Effect{Restart: []Aspect{AspectKey}, Files: []Aspect{AspectKey}}},
		"MFA of the directory":   {func(s *Side) { s.Directory.MFA = true }, Effect{Files: []Aspect{AspectMFA}}},
		"MFA of none":            {func(s *Side) { s.Directory.MFA, s.Endpoint.Directory = true, "" }, Effect{}},
		"public name":            {func(s *Side) { s.Remote = "gw.example.test" }, Effect{Files: []Aspect{AspectRemote}}},
		"split-tunnel":           {func(s *Side) { s.Endpoint.SplitTunnel = true }, Effect{Next: []Aspect{"split_tunnel"}}},
		"source NAT":             {func(s *Side) { s.Endpoint.SourceNAT = false }, Effect{AtOnce: []Aspect{"source_nat"}}},
		"longer sessions":        {func(s *Side) { s.Endpoint.SessionTimeout = 48 * time.Hour }, Effect{}},
		"shorter sessions":       {func(s *Side) { s.Endpoint.SessionTimeout = 8 * time.Hour }, Effect{EndsOlder: 8 * time.Hour}},
		"DNS server":             {func(s *Side) { s.Endpoint.DNS1 = ip("10.0.0.2") }, Effect{Next: []Aspect{"dns1"}}},
		"DNS server that is off": {func(s *Side) { s.Endpoint.DNSEnabled, s.Endpoint.DNS1 = false, ip("10.0.0.2") }, Effect{}},
		"banner text while off":  {func(s *Side) { s.Endpoint.Banner = "x" }, Effect{}},
		"banner":                 {func(s *Side) { s.Endpoint.BannerEnabled, s.Endpoint.Banner = true, "x" }, Effect{Next: []Aspect{"banner_enabled", "banner"}}},
	} {
		before, after := side(t), side(t)
		after.Endpoint.ID = before.Endpoint.ID
		c.change(&after)
		if got := EffectOf(before, after); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
		if same := before.Revision() == after.Revision(); same != (len(c.want.Files) == 0) {
			t.Errorf("%s: the revision is the same: %t", name, same)
		}
	}
}

func TestAnnouncement(t *testing.T) {
	t.Parallel()
	live := Reach{People: 5, Connections: 6, Older: 2, Stop: 12}
	for name, c := range map[string]struct {
		a     Announcement
		kind  string
		words []string
	}{
		"nothing":         {Announcement{Reach: live, Effect: Effect{EndsOlder: 0}}, "end", nil},
		"port":            {Announcement{Effect: Effect{Restart: []Aspect{AspectPort}, Files: []Aspect{AspectPort}}, Reach: Reach{People: 5, Connections: 6, Stop: 12}}, "files restart", []string{"12 configuration files that were downloaded stop working. 5 users are cut off until they have a new file.", "6 connections of 5 users are reset."}},
		"port, no one":    {Announcement{Effect: Effect{Restart: []Aspect{AspectPort}, Files: []Aspect{AspectPort}}, Reach: Reach{Again: 1}}, "files", []string{"no download of one is recorded", "1 file of earlier settings works again."}},
		"port, old files": {Announcement{Effect: Effect{Files: []Aspect{AspectPort}}, Reach: Reach{Recorded: 4}}, "files", []string{"none of the 4 recorded downloads still works."}},
		"MFA":             {Announcement{Effect: Effect{Files: []Aspect{AspectMFA}}, Reach: Reach{Stop: 2, People: 1}}, "files", []string{"2 configuration files that were downloaded stop working. 1 user is connected now: their sessions go on"}},
		"key, old file":   {Announcement{Effect: Effect{Files: []Aspect{AspectKey}}, Reach: Reach{Recorded: 1}}, "files", []string{"the 1 recorded download no longer works."}},
		"public name":     {Announcement{Effect: Effect{Files: []Aspect{AspectRemote}}, Reach: Reach{People: 5, Connections: 6, Stop: 2}}, "files", []string{"2 configuration files that were downloaded have the old name.", "5 users are connected now"}},
		"DNS servers":     {Announcement{Effect: Effect{Next: []Aspect{"dns1"}}, Reach: Reach{People: 1, Connections: 1}}, "next", []string{"1 user is connected now"}},
		"DNS, no one":     {Announcement{Effect: Effect{Next: []Aspect{"dns1"}}, Reach: Reach{}}, "", nil},
		"with a restart":  {Announcement{Effect: Effect{Next: []Aspect{"dns1"}, Restart: []Aspect{AspectCertificate}}, Reach: Reach{People: 1, Connections: 1}}, "restart", []string{"1 connection of 1 user is reset. The clients return by themselves"}},
		"shorter":         {Announcement{Effect: Effect{EndsOlder: 8 * time.Hour}, Reach: live}, "end", []string{"Sessions older than 8 hours end at once: 2 users are disconnected."}},
		"a note":          {Announcement{Notes: []Sentence{{"Rules", "No rule."}}}, "note", []string{"Rules: No rule."}},
		"source NAT":      {Announcement{Effect: Effect{AtOnce: []Aspect{"source_nat"}}, Reach: Reach{People: 5, Connections: 6}}, "now", []string{"interrupts none"}},
	} {
		if got := c.a.Kind(); got != c.kind {
			t.Errorf("%s: the kind is %q, want %q", name, got, c.kind)
		}
		var text strings.Builder
		for _, s := range c.a.Sentences() {
			text.WriteString(s.About + ": " + s.Text + "\n")
		}
		for _, want := range c.words {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%s: no %q in\n%s", name, want, text.String())
			}
		}
		if c.kind == "" && text.Len() > 0 {
			t.Errorf("%s: announced %s", name, text.String())
		}
	}
	a := Announcement{Effect: Effect{Files: []Aspect{AspectKey}}}
	wantBad(t, "without the word", a.Check(Consent{Announced: "files"}), "confirm", "replace")
	if err := a.Check(Consent{Announced: "files", Word: " replace "}); err != nil {
		t.Error(err)
	}
	if err := a.Check(Consent{Announced: "files restart", Word: "replace"}); err != nil {
		t.Errorf("everyone has left: got %v", err)
	}
	if err := a.Check(Consent{Announced: "next", Word: "replace"}); !errors.Is(err, ErrUnannounced) {
		t.Errorf("got %v", err)
	}
}

// A reconnect is what the administrator chose, where there is a choice.
func TestReconnect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		effect Effect
		chosen bool
		want   uint64
	}{
		{Effect{Next: []Aspect{"dns1"}}, true, 7}, {Effect{Next: []Aspect{"dns1"}}, false, 0},
		{Effect{Next: []Aspect{"dns1"}, Restart: []Aspect{AspectPort}}, true, 0}, {Effect{}, true, 0},
	} {
		e := Endpoint{Generation: 7}
		if e.Reconnect(c.effect, Consent{Reconnect: c.chosen}); e.PushGeneration != c.want {
			t.Errorf("%+v chosen %t: got %d", c.effect, c.chosen, e.PushGeneration)
		}
	}
}

// A file that was handed out by the program from before there were directories works still, and is known to.
func TestEarlierRevisions(t *testing.T) {
	t.Parallel()
	s := side(t)
	s.Endpoint.Directory = ""
	if got, want := s.Revision(), "3ed695296eec3e91f1a5ab3a"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
