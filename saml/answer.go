package saml

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"time"

	crewjam "github.com/crewjam/saml"

	"sallyport/vpn"
)

// Accept judges the form that a browser brings from the IdP in answer to a request. The answer's Seen is filled whether or
// not it is accepted. Errors: *vpn.Error of the kind Denied with the code of the reason and a sentence for an administrator;
// vpn.Error.ToldToClient has the person's.
//
// The caller has bounded the form by vpn.MaxSAMLForm, has found the request that the answer may answer, and sees to it that
// an AssertionID is used once.
func (sp *ServiceProvider) Accept(form url.Values, expect vpn.SAMLExpect) (answer vpn.SAMLAnswer, err error) {
	now := sp.now()
	answer.Seen.ReceivedAt = now
	defer func() {
		if p := recover(); p != nil { // of the library: it has had such faults
			err = misshapen("it has a form that this program cannot judge.").Because(fmt.Errorf("panic: %v", p))
		}
		if err != nil {
			answer = vpn.SAMLAnswer{Seen: answer.Seen}
		}
	}()
	raw, err := document(form)
	if err != nil {
		return answer, err
	}
	answer.Seen.Size = len(raw)
	m, err := guard(raw)
	if err != nil {
		return answer, err
	}
	trace := &answer.Seen
	if err := sp.issuer(m, trace); err != nil {
		return answer, err
	}
	if err := sp.status(m, trace); err != nil {
		return answer, err
	}
	if m.assertion == nil {
		return answer, refuse(vpn.CodeSAMLAssertionCount, "The answer of the identity provider has no Assertion.")
	}
	if err := vetAssertion(m.assertion); err != nil {
		return answer, err
	}
	id, subjectErr := sp.subject(m.assertion, trace)
	attributes := sp.attributes(m.assertion)
	trace.Attributes = traced(attributes)
	if err := sp.signed(m, trace, now); err != nil {
		return answer, err
	}
	proved, libraryErr := sp.libraryAt(now).ParseXMLResponse(raw, []string{expect.RequestID}, sp.library.AcsURL)
	if private, ok := libraryErr.(*crewjam.InvalidResponseError); ok { //nolint:errorlint // the library gives it as it is, and its text says nothing
		libraryErr = private.PrivateErr
	}
	if fault := signatureFault(libraryErr); fault != nil {
		return answer, fault
	}
	if subjectErr != nil {
		return answer, subjectErr
	}
	if err := sp.conditions(m, expect, trace, now); err != nil {
		return answer, err
	}
	if err := sp.confirmation(m.assertion, expect, trace, now); err != nil {
		return answer, err
	}
	if libraryErr != nil {
		return answer, refuse(vpn.CodeSAMLAnswerRefused, "The answer of the identity provider is not accepted: %s.", shown(libraryErr.Error())).Because(libraryErr)
	}
	return sp.read(answer, proved, m, id, attributes)
}

// read makes the result of an answer that the library has proved. What the library read from the signed bytes and what
// the guard judged must be the same.
func (sp *ServiceProvider) read(answer vpn.SAMLAnswer, proved *crewjam.Assertion, m message, id nameID, attributes []vpn.SAMLAttribute) (vpn.SAMLAnswer, error) {
	differs := proved.ID == "" || proved.ID != attribute(m.assertion, "ID") || proved.Issuer.Value != sp.idp.EntityID ||
		proved.Subject == nil || proved.Subject.NameID == nil || strings.TrimSpace(proved.Subject.NameID.Value) != id.value
	count := 0
	for _, statement := range proved.AttributeStatements {
		for _, a := range statement.Attributes {
			if count >= len(attributes) || attributes[count].Name != a.Name || !hasValues(a.Values, attributes[count].Values) {
				differs = true
			}
			count++
		}
	}
	if differs || count != len(attributes) {
		return answer, refuse(vpn.CodeSAMLSignatureMisplaced, "The part of the answer that is signed does not say what the answer says.")
	}
	answer.AssertionID = proved.ID
	answer.NotOnOrAfter = forgettable(m, answer.Seen.ReceivedAt)
	answer.SessionEnds = sessionEnds(proved)
	answer.User = sp.user(id, attributes, &answer.Seen)
	return answer, nil
}

// hasValues tells whether the values of an attribute are among those that the library read, in their order. It reads values too
// that are no texts.
func hasValues(proved []crewjam.AttributeValue, judged []string) bool {
	for _, v := range proved {
		if len(judged) > 0 && strings.TrimSpace(v.Value) == judged[0] {
			judged = judged[1:]
		}
	}
	return len(judged) == 0
}

// sessionEnds is the earliest end that the IdP sets a session; zero: it sets none.
func sessionEnds(proved *crewjam.Assertion) (first time.Time) {
	for _, statement := range proved.AuthnStatements {
		if end := statement.SessionNotOnOrAfter; end != nil && !end.IsZero() && (first.IsZero() || end.Before(first)) {
			first = end.UTC()
		}
	}
	return first
}

// forgettable is when an accepted answer is refused in any case.
func forgettable(m message, now time.Time) time.Time {
	end := now.Add(maxAge + Skew)
	if at, err := moment(m.assertion, "IssueInstant"); err == nil {
		end = at.Add(maxAge)
	}
	return end.Add(time.Second)
}

// document takes the XML document of an answer out of the form.
func document(form url.Values) ([]byte, error) {
	if form.Has("SAMLart") {
		return nil, refuse(vpn.CodeSAMLArtifactRefused, "The identity provider sent a reference to the answer (HTTP-Artifact), which would have to be fetched from it. Have it send answers by HTTP-POST.")
	}
	values := form["SAMLResponse"]
	if len(values) != 1 || values[0] == "" {
		return nil, misshapen("the form has %d fields SAMLResponse and not one.", len(values))
	}
	if n := base64.StdEncoding.DecodedLen(len(values[0])); n > 2*vpn.MaxSAMLForm {
		return nil, vpn.SAMLAnswerTooLarge(int64(n))
	}
	raw, err := base64.StdEncoding.DecodeString(values[0])
	if err != nil {
		return nil, misshapen("the field SAMLResponse is not base64.").Because(err)
	}
	if len(raw) > vpn.MaxSAMLAnswer {
		return nil, vpn.SAMLAnswerTooLarge(int64(len(raw)))
	}
	return raw, nil
}

// guard checks what costs little before anything is verified.
func guard(raw []byte) (message, error) {
	if kind := markup(raw, false); kind != "" {
		return message{}, refuse(vpn.CodeSAMLMarkupRefused, "The answer of the identity provider has %s. No IdP needs one in an answer, and it can change what is read.", kind)
	}
	if n := elements(raw); n > maxElements {
		return message{}, refuse(vpn.CodeSAMLAnswerTooComplex, "The answer of the identity provider has %d elements; %d KB of groups have at most %d.", n, vpn.MaxSAMLAnswer>>10, maxElements)
	}
	root, err := parse(raw)
	if err != nil {
		return message{}, misshapen("it is no XML document (%s).", shown(err.Error())).Because(err)
	}
	return structure(root)
}

// signed checks the form of the signatures and who made them.
func (sp *ServiceProvider) signed(m message, trace *vpn.SAMLTrace, now time.Time) error {
	if m.responseSignature != nil {
		trace.Signed = append(trace.Signed, "Response")
	}
	if m.assertionSignature != nil {
		trace.Signed = append(trace.Signed, "Assertion")
	}
	if err := m.signatures(); err != nil {
		return err
	}
	if end := sp.idp.ValidUntil; !end.IsZero() && !now.Before(end) {
		return refuse(vpn.CodeSAMLMetadataExpired, "The stored metadata of the IdP ended on %s. Get its new metadata and modify the provider.", day(end))
	}
	return sp.vetSigners(m, trace, now)
}
