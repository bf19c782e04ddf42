// Package control holds the use cases: everything that a console page, the portal or an API may
// have done. Each one says who may do it, asks package vpn whether it is allowed, and makes the
// change together with its audit record in one transaction. What the dataplane must know is
// pushed afterwards by one reconciler, never from inside a transaction.
//
// The package works with the database as package store gives it, and declares the other interfaces
// that it needs (Dataplane, PKI, Resolver); main fits the rooms that implement them.
package control
