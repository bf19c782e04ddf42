// Package admin is the set of the actions of the console. A package below it holds the actions on one
// noun, one file each: an action reads the request, calls one use case, and puts the refusal beside its
// field or redirects. It has no rule of its own: package control decides who may do what, and the
// policies of package web are checked before a handler runs.
package admin
