// Package control is the core of the use cases. A use case is what a console page, the portal or an
// API asks for: it asks for permission, asks package vpn whether the request is allowed, and makes the
// change and its audit record in one transaction. The dataplane is never called inside a transaction:
// the reconciler sends it what changed afterwards.
//
// The core has the Principal (who asks), Core (permission, transaction, audit record, wake-up), and
// what all use cases share. The use cases are packages by noun: network, certificate, endpoint (with
// rules, routes, associations, connections and client configuration files), access (accounts, sessions,
// sign-in), node and tutorial; package runner is what the program does by itself.
//
// Use cases work with the database as package store gives it. Each package declares the other
// interfaces that it needs (Dataplane, PKI, Resolver), and package main connects them.
package control
