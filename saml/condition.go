package saml

import (
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"

	"sallyport/vpn"
)

// status checks what the IdP says of the sign-in as a whole.
func (sp *ServiceProvider) status(m message, trace *vpn.SAMLTrace) error {
	const success = "urn:oasis:names:tc:SAML:2.0:status:Success"
	status := child(m.response, nsProtocol, "Status")
	var codes []string
	for e := status; ; {
		if e = child(e, nsProtocol, "StatusCode"); e == nil {
			break
		}
		codes = append(codes, attribute(e, "Value"))
	}
	seen := strings.Join(codes, ", ")
	good := len(codes) > 0 && codes[0] == success
	compare(trace, "Status", success, seen, good)
	if good {
		return nil
	}
	because := strings.ReplaceAll(seen, "urn:oasis:names:tc:SAML:2.0:status:", "")
	if says := text(child(status, nsProtocol, "StatusMessage")); says != "" {
		because += ": " + says
	}
	return refuse(vpn.CodeSAMLStatusRefused, "The identity provider did not sign the user in (%s). Its own log says more; often the user has no access to this service there.", shown(because))
}

// issuer checks who made the answer.
func (sp *ServiceProvider) issuer(m message, trace *vpn.SAMLTrace) error {
	issuers := children(m.response, nsAssertion, "Issuer")
	if m.assertion != nil {
		issuers = append(issuers, children(m.assertion, nsAssertion, "Issuer")...)
	}
	for _, e := range issuers {
		seen := text(e)
		compare(trace, "Issuer of the "+e.Parent().Tag, sp.idp.EntityID, seen, seen == sp.idp.EntityID)
		if seen != sp.idp.EntityID {
			return refuse(vpn.CodeSAMLIssuerMismatch, "The %s is from the IdP %s; this provider has the metadata of %s.", e.Parent().Tag, shown(seen), shown(sp.idp.EntityID))
		}
	}
	return nil
}

// conditions checks for whom, for which request and for when an answer was made.
func (sp *ServiceProvider) conditions(m message, expect vpn.SAMLExpect, trace *vpn.SAMLTrace, now time.Time) error {
	for _, e := range []*etree.Element{m.response, m.assertion} {
		if seen := attribute(e, "Version"); seen != "2.0" {
			return misshapen("its %s has the version %s; 2.0 is read.", e.Tag, shown(seen))
		}
	}
	if err := sp.destination(m, trace); err != nil {
		return err
	}
	if err := sp.inResponseTo(m.response, expect, trace); err != nil {
		return err
	}
	for _, e := range []*etree.Element{m.response, m.assertion} {
		if err := issued(e, trace, now); err != nil {
			return err
		}
	}
	conditions := child(m.assertion, nsAssertion, "Conditions")
	for _, key := range []string{"NotBefore", "NotOnOrAfter"} {
		if attribute(conditions, key) == "" {
			return misshapen("its Conditions have no %s.", key)
		}
	}
	if err := window(conditions, trace, now); err != nil {
		return err
	}
	if err := sp.audience(conditions, trace); err != nil {
		return err
	}
	for _, statement := range children(m.assertion, nsAssertion, "AuthnStatement") {
		if end := attribute(statement, "SessionNotOnOrAfter"); end != "" {
			if err := before("SessionNotOnOrAfter of the AuthnStatement", end, trace, now); err != nil {
				return err
			}
		}
	}
	return nil
}

func (sp *ServiceProvider) destination(m message, trace *vpn.SAMLTrace) error {
	seen := attribute(m.response, "Destination")
	good := seen == sp.acsURL || seen == "" && m.responseSignature == nil
	compare(trace, "Destination", sp.acsURL, seen, good)
	if good {
		return nil
	}
	return refuse(vpn.CodeSAMLDestinationMismatch, "The answer was made for %s; the ACS URL of this provider is %s. Correct the ACS URL (reply URL, single sign-on URL) at the IdP, or public_url here.", shown(seen), sp.acsURL)
}

func (sp *ServiceProvider) inResponseTo(response *etree.Element, expect vpn.SAMLExpect, trace *vpn.SAMLTrace) error {
	seen := attribute(response, "InResponseTo")
	compare(trace, "InResponseTo of the "+response.Tag, expect.RequestID, seen, seen != "" && seen == expect.RequestID)
	switch {
	case seen == "":
		return refuse(vpn.CodeSAMLUnsolicited, "The answer answers no request: the user began at the IdP. Sign-ins begin at the VPN.")
	case seen != expect.RequestID:
		return refuse(vpn.CodeSAMLRequestMismatch, "The answer answers the request %s; this browser was sent with the request %s.", shown(seen), shown(expect.RequestID))
	}
	return nil
}

// audience checks for which service the assertion was made.
func (sp *ServiceProvider) audience(conditions *etree.Element, trace *vpn.SAMLTrace) error {
	restrictions := children(conditions, nsAssertion, "AudienceRestriction")
	if len(restrictions) > 1 {
		return refuse(vpn.CodeSAMLAudienceMismatch, "The assertion has %d audience restrictions; one is read.", len(restrictions))
	}
	var audiences []string
	good := false
	for _, restriction := range restrictions {
		for _, e := range restriction.ChildElements() {
			if !is(e, nsAssertion, "Audience") {
				return misshapen("its AudienceRestriction has an element %s.", name(e))
			}
			audiences = append(audiences, text(e))
			good = good || text(e) == sp.entityID
		}
	}
	seen := strings.Join(audiences, ", ")
	compare(trace, "Audience", sp.entityID, seen, good)
	if good {
		return nil
	}
	return refuse(vpn.CodeSAMLAudienceMismatch, "The IdP sent the audience %s; we are %s. Correct the entity ID (audience URI, identifier) at the IdP.", shown(seen), sp.entityID)
}

// issued checks when the IdP made an element.
func issued(e *etree.Element, trace *vpn.SAMLTrace, now time.Time) error {
	at, err := moment(e, "IssueInstant")
	if err != nil {
		return err
	}
	if trace.Issued.IsZero() {
		trace.Issued = at
	}
	ahead := at.Sub(now)
	good := ahead <= Skew && -ahead <= maxAge
	compare(trace, "IssueInstant of the "+e.Tag, "about "+stamp(now), stamp(at), good)
	switch {
	case ahead > Skew:
		return refuse(vpn.CodeSAMLNotYetValid, "The clock of the IdP is %s ahead of ours: it made the answer at %s, and it is %s here. Correct the clocks; at most %s is possible.", span(ahead), stamp(at), stamp(now), span(Skew))
	case -ahead > maxAge:
		return refuse(vpn.CodeSAMLExpired, "The IdP made the answer at %s, and it is %s here: its clock is %s behind ours, or the answer was kept back. At most %s is possible.", stamp(at), stamp(now), span(-ahead), span(maxAge))
	}
	return nil
}

// window checks NotBefore and NotOnOrAfter of an element, as far as it has them.
func window(e *etree.Element, trace *vpn.SAMLTrace, now time.Time) error {
	if attribute(e, "NotBefore") != "" {
		from, err := moment(e, "NotBefore")
		if err != nil {
			return err
		}
		good := !from.After(now.Add(Skew))
		compare(trace, "NotBefore of the "+e.Tag, "at most "+stamp(now), stamp(from), good)
		if !good {
			return refuse(vpn.CodeSAMLNotYetValid, "The %s of the answer are valid from %s on, and it is %s here: the clock of the IdP is at least %s ahead of ours. Correct the clocks.", e.Tag, stamp(from), stamp(now), span(from.Sub(now)))
		}
	}
	if end := attribute(e, "NotOnOrAfter"); end != "" {
		return before("NotOnOrAfter of the "+e.Tag, end, trace, now)
	}
	return nil
}

// before checks that an end is not reached.
func before(what, value string, trace *vpn.SAMLTrace, now time.Time) error {
	end, err := readTime(value)
	if err != nil {
		return misshapen("its %s is no time: %s.", what, shown(value))
	}
	good := now.Before(end.Add(Skew))
	compare(trace, what, "later than "+stamp(now), stamp(end), good)
	if good {
		return nil
	}
	return refuse(vpn.CodeSAMLExpired, "The answer was valid until %s (%s), and it is %s here: the clock of the IdP is %s or more behind ours, or the answer was kept back.", stamp(end), what, stamp(now), span(now.Sub(end)))
}

// moment is an attribute that is a time.
func moment(e *etree.Element, key string) (time.Time, error) {
	value := attribute(e, key)
	at, err := readTime(value)
	if err != nil {
		return at, misshapen("the %s of its %s is no time: %s.", key, name(e), shown(value))
	}
	return at, nil
}

// readTime reads a time of XML Schema. One without a zone is UTC, as SAML has it.
func readTime(value string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(layout, strings.TrimSpace(value)); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("time %q", value)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// span is a duration in a sentence.
func span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	}
	return fmt.Sprintf("%d seconds", int(d.Seconds()))
}
