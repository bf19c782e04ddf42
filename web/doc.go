// Package web is the HTTP server of the console: every URL with its policy (routes.go), sessions, the
// same-origin check, security headers, limits, and the translation of errors into a status and a
// page. Actions are in handlers, pages in views.
package web
