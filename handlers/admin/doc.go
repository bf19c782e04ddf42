// Package admin holds the console's actions, one file each: bind, call one use case, put the
// refusal beside its field or redirect. It holds no rule of its own: who may do what is decided
// by package control, and by the policies of package web before a handler runs.
package admin
