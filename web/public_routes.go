package web

import (
	"github.com/labstack/echo/v4"

	selfservice "sallyport/control/portal"
	"sallyport/handlers/portal"
	"sallyport/static"
)

// publicRoute is one URL of the public pages with its handler and policy. GET never changes anything, but for the way to an
// identity provider: it makes a request, which connects no client.
type publicRoute struct {
	method  string
	path    string
	handler echo.HandlerFunc
	policy  publicPolicy
}

// publicPolicy says who may use a public route. The zero value admits no client, so that a route without a policy
// cannot be registered.
type publicPolicy int

const (
	_                    publicPolicy = iota
	everyVisitor                      // every client
	fromIdentityProvider              // every client, by a form of an identity provider's page: acsPattern
	portalUser                        // users who are signed in to the self-service portal
	portalMFAUser                     // they, and those whose session is for setting up an authenticator alone
)

func (p publicPolicy) guard(next echo.HandlerFunc, users *selfservice.Service) echo.HandlerFunc {
	switch p {
	case portalUser:
		return limitBody(maxPublicForm, maxPublicDrained)(usersOnly(users, false, next))
	case portalMFAUser:
		return limitBody(maxPublicForm, maxPublicDrained)(usersOnly(users, true, next))
	case everyVisitor:
		return limitBody(maxPublicForm, maxPublicDrained)(next)
	case fromIdentityProvider:
		return takeTurns(next)
	default:
		panic("web: a public route without a policy")
	}
}

// publicRoutes is every URL of the public pages.
func publicRoutes(h *portal.Portal, s portal.Services) []publicRoute {
	return []publicRoute{
		{get, "/healthz", healthz(s.Core.Ready), everyVisitor},
		{get, "/crl/:file", h.Lists.Send, everyVisitor},
		{get, "/static/*", echo.WrapHandler(static.Handler()), everyVisitor},

		{get, "/logo/:logo", h.SelfService.Logo, everyVisitor},
		{get, "/", h.SelfService.Entry, everyVisitor},
		{get, "/find", h.SelfService.Find, everyVisitor},
		{get, "/endpoints/:endpoint", h.SelfService.Door, everyVisitor},
		{post, "/endpoints/:endpoint/sign-in", h.SelfService.SignIn, everyVisitor},
		{get, "/endpoints/:endpoint/saml", h.SelfService.Begin, everyVisitor},
		{get, selfservice.Path, h.SelfService.Home, portalUser},
		{get, "/portal/devices", h.Devices.Show, portalUser},
		{post, "/portal/devices", h.Devices.Make, portalUser},
		{post, "/portal/devices/:device/renew", h.Devices.Renew, portalUser},
		{get, "/portal/devices/:device/remove", h.Devices.AskRemove, portalUser},
		{post, "/portal/devices/:device/remove", h.Devices.Remove, portalUser},
		{post, "/portal/endpoints/:endpoint/configuration", h.SelfService.Download, portalUser},
		{get, "/portal/access", h.Access.Show, portalUser},
		{get, "/portal/access/sessions/:session/end", h.Access.AskEnd, portalUser},
		{post, "/portal/access/sessions/:session/end", h.Access.End, portalUser},
		{get, "/portal/access/sign-ins/:signin/not-me", h.Access.AskReport, portalUser},
		{post, "/portal/access/sign-ins/:signin/not-me", h.Access.Report, portalUser},
		{get, "/portal/installers/:platform", h.SelfService.Installer, portalUser},
		{post, "/portal/sign-out", h.SelfService.SignOut, portalMFAUser},
		{get, selfservice.MFAPath, h.MFA.Show, portalMFAUser},
		{get, selfservice.MFAPath + "/new", h.MFA.New, portalMFAUser},
		{post, selfservice.MFAPath + "/new", h.MFA.Begin, portalMFAUser},
		{post, selfservice.MFAPath + "/confirm", h.MFA.Confirm, portalMFAUser},
		{post, selfservice.MFAPath + "/cancel", h.MFA.Cancel, portalMFAUser},
		{get, selfservice.MFAPath + "/recovery-codes", h.MFA.Renewal, portalUser},
		{post, selfservice.MFAPath + "/recovery-codes", h.MFA.Renew, portalUser},
		{post, selfservice.MFAPath + "/recovery-codes/file", h.MFA.File, portalUser},

		{get, "/file/:token", scripted(h.SelfService.OpenLink), everyVisitor},
		{post, "/file/:token", scripted(h.SelfService.UseLink), everyVisitor},
		{get, "/a/:token", h.SignIns.Open, everyVisitor},
		{get, "/a/:token/sign-in", h.SignIns.Begin, everyVisitor},
		{get, "/a/:token/confirm", h.SignIns.Confirm, everyVisitor},
		{post, "/a/:token/confirm", h.SignIns.Decide, everyVisitor},
		{get, "/saml/:provider/metadata", h.SAML.Metadata, everyVisitor},
		{get, "/saml/:provider/test/:token", h.SAML.Test, everyVisitor},
		{get, "/saml/:provider/tested", h.SAML.Tested, everyVisitor},
		{post, "/saml/:provider/acs", h.SignIns.Accept, fromIdentityProvider},
	}
}
