package identity_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/saml/samltest"
	"sallyport/store"
	"sallyport/vpn"
)

const metadataURL = "https://idp.example.com/metadata"

// newIDP is an IdP whose certificate is valid for 400 days by the clock of the kit.
func newIDP(t *testing.T, k *controltest.Kit) *samltest.IDP {
	t.Helper()
	p := samltest.New(t, "https://idp.example.com", "https://idp.example.com/sso")
	p.Now = k.Clock.Now
	p.Renew(t, k.Clock.Now().Add(-time.Hour), k.Clock.Now().AddDate(0, 0, 400))
	return p
}

func okta(document []byte) vpn.SAMLProviderSpec {
	return vpn.SAMLProviderSpec{Name: "okta", Document: string(document)}
}

func TestSAMLProviderLife(t *testing.T) {
	t.Parallel()
	k := controltest.NewWithAccounts(t)
	ctx, idp := t.Context(), newIDP(t, k)
	p, err := k.Identity.CreateSAMLProvider(ctx, k.Admin, okta(idp.Metadata()))
	k.Must(err)
	if p.Metadata.EntityID != idp.EntityID || p.GroupAttribute != "memberOf" || !strings.HasPrefix(string(p.ID), "saml-") {
		t.Errorf("%+v", p)
	}
	v, err := k.Identity.SAMLProvider(ctx, k.ReadOnly, p.ID)
	k.Must(err)
	if v.EntityID != controltest.PublicURL+"/saml/"+string(p.ID)+"/metadata" || v.ACSURL != controltest.PublicURL+"/saml/"+string(p.ID)+"/acs" {
		t.Errorf("our values: %s, %s", v.EntityID, v.ACSURL)
	}
	own, err := k.Identity.OwnMetadata(ctx, p.ID)
	k.Must(err)
	if !strings.Contains(string(own), v.EntityID) || !strings.Contains(string(own), v.ACSURL) || strings.Contains(string(own), "X509Certificate") {
		t.Errorf("our metadata:\n%s", own)
	}

	// Another certificate, signed requests and another group attribute: shown first, then saved.
	next := newIDP(t, k)
	spec := okta(next.Metadata())
	spec.Version, spec.SignRequests, spec.GroupAttribute = p.Version, true, "groups"
	e, err := k.Identity.AnnounceSAMLEdit(ctx, k.Admin, p.ID, spec)
	k.Must(err)
	if d := e.Before.Metadata.DifferencesTo(e.After.Metadata); len(d) != 2 || e.Document == "" {
		t.Errorf("differences %+v", d)
	}
	if again, err := k.Identity.SAMLProvider(ctx, k.Admin, p.ID); err != nil || again.Version != p.Version {
		t.Error("the announcement changed the provider")
	}
	edited, err := k.Identity.EditSAMLProvider(ctx, k.Admin, p.ID, spec)
	k.Must(err)
	if own, err = k.Identity.OwnMetadata(ctx, p.ID); err != nil || !strings.Contains(string(own), "X509Certificate") {
		t.Errorf("our metadata lacks the certificate of the key that signs requests: %v\n%s", err, own)
	}
	if _, err := k.Identity.EditSAMLProvider(ctx, k.Admin, p.ID, spec); vpn.KindOf(err) != vpn.Stale {
		t.Errorf("an old form: %v", err)
	}
	var before, after store.SAMLProviderSecrets
	secrets := func(into *store.SAMLProviderSecrets) {
		k.Must(k.Store.View(ctx, func(tx *store.Tx) (err error) { *into, err = tx.SAMLProviderSecrets(ctx, p.ID); return err }))
	}
	secrets(&before)
	plain := vpn.SAMLProviderSpec{Version: edited.Version, Name: "renamed"}
	edited, err = k.Identity.EditSAMLProvider(ctx, k.Admin, p.ID, plain)
	k.Must(err)
	plain.Version, plain.SignRequests = edited.Version, true
	edited, err = k.Identity.EditSAMLProvider(ctx, k.Admin, p.ID, plain)
	k.Must(err)
	if secrets(&after); after != before || edited.Metadata.Certificates[0].Fingerprint != e.After.Metadata.Certificates[0].Fingerprint {
		t.Error("an edit without a document, or signing that was off for a while, changed the document or the key")
	}
	if rows := k.Rows(); strings.Contains(rows, "PRIVATE KEY") {
		t.Error("the key is in the database unsealed")
	}
	k.Must(k.Identity.DeleteSAMLProvider(ctx, k.Admin, p.ID))
	if _, err := k.Identity.OwnMetadata(ctx, p.ID); vpn.KindOf(err) != vpn.NotFound {
		t.Errorf("deleted: %v", err)
	}
	if _, err := k.Identity.CreateSAMLProvider(ctx, k.ReadOnly, okta(idp.Metadata())); vpn.KindOf(err) != vpn.Denied {
		t.Errorf("read-only: %v", err)
	}
}

// A document behind a URL is read when an administrator asks. What is refused changes nothing.
func TestSAMLProviderByURL(t *testing.T) {
	t.Parallel()
	s := controltest.NewSite(t)
	ctx, idp := t.Context(), newIDP(t, s.Kit)
	create := func(spec vpn.SAMLProviderSpec) func() error {
		return func() error { _, err := s.Identity.CreateSAMLProvider(ctx, s.Admin, spec); return err }
	}
	byURL := func(url string) vpn.SAMLProviderSpec {
		return vpn.SAMLProviderSpec{Name: "okta", Fetch: true, SAMLProviderOptions: vpn.SAMLProviderOptions{MetadataURL: url}}
	}
	s.WantBadInput("neither document nor URL", "metadata", create(vpn.SAMLProviderSpec{Name: "okta"}))
	s.WantBadInput("no URL", "metadata_url", create(byURL("")))
	s.WantBadInput("a URL that is not to be read", "metadata", create(vpn.SAMLProviderSpec{Name: "okta", SAMLProviderOptions: vpn.SAMLProviderOptions{MetadataURL: metadataURL}}))
	s.WantBadInput("a host", "metadata_url", create(byURL("idp.example.com")))
	s.WantBadInput("without TLS", "metadata_url", create(byURL("http://idp.example.com/metadata")))
	s.WantBadInput("no document there", "metadata_url", create(byURL(metadataURL)))
	s.SAML.Put(metadataURL, []byte("<html>"))
	s.WantBadInput("no metadata there", "metadata_url", create(byURL(metadataURL)))
	s.WantBadInput("no metadata", "metadata", create(okta([]byte("<a/>"))))
	redirect := strings.ReplaceAll(string(idp.Metadata()), "bindings:HTTP-Redirect", "bindings:HTTP-POST")
	s.WantBadInput("without HTTP-Redirect", "metadata", create(okta([]byte(redirect))))
	old := newIDP(t, s.Kit)
	old.Renew(t, s.Clock.Now().AddDate(-1, 0, 0), s.Clock.Now().Add(-time.Minute))
	s.WantBadInput("ended", "metadata", create(okta(old.Metadata())))

	s.SAML.Put(metadataURL, idp.Metadata())
	p, err := s.Identity.CreateSAMLProvider(ctx, s.Admin, byURL(metadataURL))
	s.Must(err)
	if p.Metadata.EntityID != idp.EntityID {
		t.Errorf("%+v", p)
	}
	next := newIDP(t, s.Kit)
	next.SignInURL = "https://idp.example.com/new"
	s.SAML.Put(metadataURL, next.Metadata())
	edit := byURL(metadataURL)
	edit.Version, edit.Fetch = p.Version, false
	if p, err = s.Identity.EditSAMLProvider(ctx, s.Admin, p.ID, edit); err != nil || p.Metadata.SignInURL != idp.SignInURL {
		t.Errorf("an edit that asks for no document: %v, %+v", err, p.Metadata)
	}
	edit.Version, edit.Fetch = p.Version, true
	if p, err = s.Identity.EditSAMLProvider(ctx, s.Admin, p.ID, edit); err != nil || p.Metadata.SignInURL != next.SignInURL {
		t.Errorf("an edit that asks for the document: %v, %+v", err, p.Metadata)
	}
}

// A look a day tells what differs behind the URL, and changes nothing. What ends soon is logged once at each stage, and is in
// the banner.
func TestMetadataIsLookedAt(t *testing.T) {
	t.Parallel()
	k := controltest.NewWithAccounts(t)
	ctx, idp := t.Context(), newIDP(t, k)
	k.SAML.Put(metadataURL, idp.Metadata())
	spec := okta(idp.Metadata())
	spec.MetadataURL = metadataURL
	p, err := k.Identity.CreateSAMLProvider(ctx, k.Admin, spec)
	k.Must(err)
	look := func() vpn.SAMLLook {
		t.Helper()
		k.Must(k.Identity.LookAtMetadata(ctx))
		v, err := k.Identity.SAMLProvider(ctx, k.Admin, p.ID)
		k.Must(err)
		if v.Version != p.Version || v.Metadata.Certificates[0] != p.Metadata.Certificates[0] {
			t.Error("a look changed the provider")
		}
		return v.Look
	}
	troubles := func(want string) {
		t.Helper()
		all := k.Identity.ProviderTroubles(context.WithoutCancel(ctx))
		switch {
		case want == "" && len(all) > 0, want != "" && (len(all) != 1 || !strings.Contains(strings.Join(all[0].Sentences, " "), want)):
			t.Errorf("got %+v, want %q", all, want)
		}
	}
	if l := look(); l.At.IsZero() || l.Sentence() != "" {
		t.Errorf("%+v", l)
	}
	troubles("")
	next := newIDP(t, k)
	k.SAML.Put(metadataURL, next.Metadata())
	if l := look(); len(l.Differences) != 0 {
		t.Errorf("a second look within a day: %+v", l)
	}
	k.Clock.Pass(25 * time.Hour)
	since := k.Clock.Now()
	if l := look(); len(l.Differences) != 2 || !l.Since.Equal(since) {
		t.Errorf("%+v", l)
	}
	troubles("differs from the metadata that is stored: Signing certificate.")
	// What was read for the banner is kept, whatever a visitor asks for.
	k.Exec("UPDATE saml_provider SET name = 'renamed'")
	if _, err := k.Identity.OwnMetadata(ctx, vpn.NewSAMLProviderID()); vpn.KindOf(err) != vpn.NotFound {
		t.Errorf("metadata of an unknown provider: %v", err)
	}
	if all := k.Identity.ProviderTroubles(ctx); len(all) != 1 || strings.Contains(all[0].Label, "renamed") {
		t.Errorf("read again: %+v", all)
	}
	k.Clock.Pass(25 * time.Hour)
	if l := look(); !l.Since.Equal(since) || !l.At.Equal(k.Clock.Now()) {
		t.Errorf("the same differences: %+v", l)
	}
	k.SAML.Put(metadataURL, nil)
	if l, err := k.Identity.CompareMetadata(ctx, k.Admin, p.ID); err != nil || l.Failed != "No document is there." || !l.Since.Equal(k.Clock.Now()) {
		t.Errorf("%+v, %v", l, err)
	}
	k.SAML.Put(metadataURL, idp.Metadata())
	k.Clock.Pass(25 * time.Hour)
	look()
	troubles("")

	for _, stage := range []struct {
		days int
		says string
	}{{29, "in 29 days"}, {15, "in 15 days"}, {13, "in 13 days"}, {6, "in 6 days"}, {1, "in 1 day,"}, {-1, "sign-ins are refused. Get"}} {
		k.Clock.Pass(p.Metadata.Certificates[0].NotAfter.AddDate(0, 0, -stage.days).Sub(k.Clock.Now()))
		before := strings.Count(k.Log.String(), "the metadata of a SAML provider ends")
		look()
		troubles(stage.says)
		logged := strings.Count(k.Log.String(), "the metadata of a SAML provider ends") - before
		if want := map[int]int{29: 1, 13: 1, 6: 1, 1: 1, -1: 1}[stage.days]; logged != want {
			t.Errorf("%d days before the end: logged %d times, want %d", stage.days, logged, want)
		}
	}
	if _, _, err := k.Identity.RequestSAML(ctx, p.ID, "relay"); vpn.KindOf(err) != vpn.Unavailable {
		t.Errorf("a request after the end: %v", err)
	}
}

// A provider that endpoints use stays, whichever of its two uses it is; an edit says who is connected there.
func TestSAMLProviderInUseIsKept(t *testing.T) {
	t.Parallel()
	s := controltest.NewSite(t)
	ctx, idp := t.Context(), newIDP(t, s.Kit)
	p := s.AskIDP(idp.Metadata())
	portal, err := s.Identity.CreateSAMLProvider(ctx, s.Admin, vpn.SAMLProviderSpec{Name: "portal", Document: string(idp.Metadata())})
	s.Must(err)
	_, err = s.Endpoints.CreateEndpoint(ctx, s.Admin, vpn.EndpointSpec{
		Name: "staff", ClientCIDR: "10.60.0.0/22", Certificate: s.Server.ID, Port: "1200", UserBased: true, UserAuthentication: vpn.FederatedAuthentication,
		SAML: p.ID, PortalSAML: portal.ID, ClientOptions: vpn.DefaultOptions(),
	})
	s.Must(err)
	s.WantRefusal("in use", vpn.Conflict, "Users of endpoints people, staff sign in at SAML provider Corporate IdP", func() error { return s.Identity.DeleteSAMLProvider(ctx, s.Admin, p.ID) })
	s.WantRefusal("in use by the portal", vpn.Conflict, "Users of endpoint staff sign in at SAML provider portal", func() error { return s.Identity.DeleteSAMLProvider(ctx, s.Admin, portal.ID) })
	e, err := s.Identity.AnnounceSAMLEdit(ctx, s.Admin, p.ID, vpn.SAMLProviderSpec{Version: p.Version, Name: "IdP"})
	if err != nil || len(e.Used) != 2 || e.People != 0 {
		t.Errorf("%+v, %v", e.Used, err)
	}
}
