// Package identity holds the use cases of identity providers: where VPN users prove who they are.
package identity

import (
	"context"
	"sync"

	"sallyport/control"
	"sallyport/control/turn"
	"sallyport/store"
	"sallyport/vpn"
)

// Source is a directory that users sign in to; package ldap implements it. Errors are Denied with the reason's code, or
// Unavailable.
type Source interface {
	// SignIn proves a password and reads the user with the groups.
	SignIn(ctx context.Context, a vpn.SignInAttempt) (vpn.ProviderUser, error)
	// Find finds the user that a typed name is about, without the groups.
	Find(ctx context.Context, name string) (vpn.ProviderUser, error)
	// LookUp reads a user again, by vpn.ProviderUser.Key.
	LookUp(ctx context.Context, key string) (vpn.ProviderUser, error)
	// FindGroups finds groups by a part of their name.
	FindGroups(ctx context.Context, part string, limit int) ([]vpn.Group, error)
	// Close ends its connections at rest.
	Close()
}

// Opener prepares a source without connecting. Invalid, with fields, where the options cannot be used.
type Opener func(o vpn.DirectoryOptions, password vpn.Secret) (Source, error)

// Service is the use cases of identity providers.
type Service struct {
	core *control.Core
	open Opener
	saml SAML

	mu        sync.Mutex // guards the maps; held for no call of a source
	sources   map[vpn.DirectoryID]openSource
	passes    map[vpn.DirectoryID]Pass
	confirmed map[vpn.DirectoryID]bool
	opened    map[vpn.SAMLProviderID]openSAML
	troubles  control.Recent[[]ProviderTrouble]

	turns turn.Turns[store.SignInID] // of the sign-ins of one account
}

type openSource struct {
	Source
	directory vpn.Directory
}

// New makes the use cases.
func New(core *control.Core, open Opener, saml SAML) *Service {
	return &Service{
		core: core, open: open, saml: saml, opened: map[vpn.SAMLProviderID]openSAML{}, sources: map[vpn.DirectoryID]openSource{}, passes: map[vpn.DirectoryID]Pass{}, confirmed: map[vpn.DirectoryID]bool{},
	}
}

// Source gives a directory as it is configured now. Its connections are kept for the next use.
func (s *Service) Source(ctx context.Context, id vpn.DirectoryID) (vpn.Directory, Source, error) {
	s.mu.Lock()
	kept := s.sources[id]
	s.mu.Unlock()
	var d vpn.Directory
	var password vpn.Secret
	err := s.core.Glance(ctx, func(tx *store.Tx) error {
		version, err := tx.DirectoryVersion(ctx, id)
		if err != nil || kept.Source != nil && kept.directory.Version == version {
			d = kept.directory
			return err
		}
		if d, err = tx.Directory(ctx, id); err == nil {
			password, err = tx.DirectoryPassword(ctx, id)
		}
		return err
	})
	if err != nil {
		s.forget(id)
		return d, nil, err
	}
	if kept.Source != nil && kept.directory.Version == d.Version {
		return d, kept, nil
	}
	source, err := s.open(d.DirectoryOptions, password)
	if err != nil {
		return d, nil, err
	}
	s.mu.Lock()
	kept, ok := s.sources[id]
	s.sources[id] = openSource{source, d}
	s.mu.Unlock()
	if ok {
		kept.Close()
	}
	return d, source, nil
}

func (s *Service) forget(id vpn.DirectoryID) {
	s.mu.Lock()
	kept, ok := s.sources[id]
	delete(s.sources, id)
	s.mu.Unlock()
	if ok {
		kept.Close()
	}
}
