// Package web is the console's HTTP front: which URLs there are and who may open each
// (routes.go), sessions, the same-origin check, security headers, limits, and the one place where
// an error becomes a status and a page. Actions are in handlers, their looks in views.
package web
