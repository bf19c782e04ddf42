package endpoint

import (
	"context"
	"slices"
	"time"

	"sallyport/control"
	"sallyport/control/certificate"
	"sallyport/store"
	"sallyport/vpn"
)

// Configuration is a client configuration file ready for download.
type Configuration struct {
	FileName string
	LineName string // of the file for the command line
	Text     string
	Unusable bool // the endpoint is not available, so no client can connect yet
	Code     bool // users type an MFA code
}

// ConfigurationPreview makes the plain file for the page that offers it. It is not audited as an
// export. The error says why there is no file.
func (s *Service) ConfigurationPreview(ctx context.Context, by control.Principal, id vpn.EndpointID) (Configuration, error) {
	_, _, file, err := s.plainConfiguration(ctx, by, id)
	return file, err
}

// ClientConfiguration renders the endpoint's client configuration file, and audits it as an export.
// With a client certificate named, the file has the certificate and its private key, which takes the
// permission of vpn.ExportClientCertificateKey. Field: client.
func (s *Service) ClientConfiguration(ctx context.Context, by control.Principal, id vpn.EndpointID, client vpn.CertificateID) (Configuration, error) {
	return s.export(ctx, by, id, client, false)
}

// CommandLineConfiguration is ClientConfiguration for the command line of OpenVPN, where users sign in in the browser: the
// client prints the address. Conflict where they do not.
func (s *Service) CommandLineConfiguration(ctx context.Context, by control.Principal, id vpn.EndpointID, client vpn.CertificateID) (Configuration, error) {
	return s.export(ctx, by, id, client, true)
}

func (s *Service) export(ctx context.Context, by control.Principal, id vpn.EndpointID, client vpn.CertificateID, commandLine bool) (Configuration, error) {
	// The plain file has the endpoint's tls-crypt key, so it takes an account that may change.
	if err := s.core.Allow(ctx, by, vpn.ExportClientVpnClientConfiguration, string(id)); err != nil {
		return Configuration{}, err
	}
	side, p, file, err := s.plainConfiguration(ctx, by, id)
	if err != nil {
		return Configuration{}, err // there is no file, so nothing is audited
	}
	p.CommandLine = commandLine
	if file.Text, err = p.Render(); err != nil {
		return Configuration{}, err
	}
	file.FileName = p.FileName()
	download := vpn.ProfileDownload{Endpoint: id, Revision: side.Revision(), Certificate: client, By: by.Name, At: s.core.Now()}
	if client == "" {
		return file, s.recordExport(ctx, by, download)
	}
	if p.Client, err = s.profileClient(ctx, by, side.Endpoint, download); err != nil {
		return Configuration{}, err
	}
	file.FileName = p.FileName()
	file.Text, err = p.Render()
	return file, err
}

// PlainFile is the file of ClientConfiguration without a certificate, or of CommandLineConfiguration, with its revision, for the
// self-service portal, which has asked for permission and records the download.
func (s *Service) PlainFile(ctx context.Context, id vpn.EndpointID, commandLine bool) (file Configuration, revision string, err error) {
	side, p, file, err := s.plainConfiguration(ctx, control.SystemPrincipal("self-service portal"), id)
	if err == nil && commandLine {
		p.CommandLine = true
		file.FileName = p.FileName()
		file.Text, err = p.Render()
	}
	return file, side.Revision(), err
}

// DeviceFile is PlainFile with the certificate and key of a device.
func (s *Service) DeviceFile(ctx context.Context, id vpn.EndpointID, client vpn.ProfileClient, commandLine bool) (file Configuration, revision string, err error) {
	side, p, file, err := s.plainConfiguration(ctx, control.SystemPrincipal("self-service portal"), id)
	if err != nil {
		return Configuration{}, "", err
	}
	p.Client, p.CommandLine = &client, commandLine
	file.FileName = p.FileName()
	file.Text, err = p.Render()
	return file, side.Revision(), err
}

// DeviceAuthority is the authority that issues certificates of devices for an endpoint: it asks for a certificate and a sign-in, and the
// authority of its certificates is kept here with its key. It is false where there is none.
func DeviceAuthority(ctx context.Context, tx *store.Tx, e vpn.Endpoint, now time.Time) (authority vpn.Certificate, ok bool, err error) {
	if !e.UserBased() {
		return vpn.Certificate{}, false, nil
	}
	ids, err := clientAuthorities(ctx, tx, e)
	if err != nil {
		return vpn.Certificate{}, false, err
	}
	for _, id := range slices.Backward(ids) { // the one that was added last stays longer
		if authority, err = tx.Certificate(ctx, id); err != nil || authority.CanIssue(now) {
			return authority, err == nil, err
		}
	}
	return vpn.Certificate{}, false, nil
}

func (s *Service) plainConfiguration(ctx context.Context, by control.Principal, id vpn.EndpointID) (vpn.Side, vpn.Profile, Configuration, error) {
	view, err := s.Endpoint(ctx, by, id)
	if err != nil {
		return vpn.Side{}, vpn.Profile{}, Configuration{}, err
	}
	side := view.Side()
	p := side.Profile()
	p.RandomPrefix = s.names.wildcard(ctx, view.Remote)
	line := p
	line.CommandLine = true
	file := Configuration{FileName: p.FileName(), LineName: line.FileName(), Unusable: view.State != vpn.EndpointAvailable, Code: p.Code}
	if file.Text, err = p.Render(); err != nil {
		return side, p, Configuration{}, err
	}
	return side, p, file, nil
}

// recordExport records that a plain file was downloaded, in the audit trail too: the file holds the endpoint's
// tls-crypt key.
func (s *Service) recordExport(ctx context.Context, by control.Principal, d vpn.ProfileDownload) error {
	return s.core.Update(ctx, func(tx *store.Tx) error {
		if err := by.Recheck(ctx, tx, vpn.ExportClientVpnClientConfiguration, string(d.Endpoint)); err != nil {
			return err
		}
		if err := tx.CreateProfileDownload(ctx, d); err != nil {
			return err
		}
		return tx.Audit(ctx, s.core.Record(by, vpn.ExportClientVpnClientConfiguration, string(d.Endpoint)))
	})
}

// profileClient gives the certificate and key that a download has, and records the download.
func (s *Service) profileClient(ctx context.Context, by control.Principal, e vpn.Endpoint, d vpn.ProfileDownload) (*vpn.ProfileClient, error) {
	var out *vpn.ProfileClient
	id := d.Certificate
	// The permission is that of the key; the record is that of the file that the key is exported in.
	err := s.core.Change(ctx, by, vpn.ExportClientCertificateKey, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		a.Action = vpn.ExportClientVpnClientConfiguration
		c, client, err := s.clientCredential(ctx, tx, e, id)
		if err != nil {
			return err
		}
		out = client
		a.Subject, a.After = string(e.ID), control.Describe(map[string]string{"client_certificate": string(id), "common_name": c.CommonName})
		return tx.CreateProfileDownload(ctx, d)
	})
	return out, err
}

// clientCredential is the certificate and key of a client as a file of the endpoint has them. Field: client.
func (s *Service) clientCredential(ctx context.Context, tx *store.Tx, e vpn.Endpoint, id vpn.CertificateID) (vpn.Certificate, *vpn.ProfileClient, error) {
	c, err := tx.Certificate(ctx, id)
	if err != nil {
		return c, nil, err
	}
	authorities, err := clientAuthorities(ctx, tx, e)
	if err != nil {
		return c, nil, err
	}
	blocked, err := certificate.BlocksOf(ctx, tx, c)
	if err != nil {
		return c, nil, err
	}
	revoked, err := certificate.RevocationsOfCertificates(ctx, tx, c)
	if err != nil {
		return c, nil, err
	}
	var check vpn.Check
	switch {
	case !e.Mutual():
		check.Bad("client", "Clients of this endpoint need no certificate: users sign in at an identity provider.")
	case c.Use != vpn.UseClient:
		check.Bad("client", c.Label()+" is not a client certificate.")
	case c.Authority == "" || !slices.Contains(authorities, c.Authority):
		check.Bad("client", "The endpoint does not accept certificates of the authority that issued "+c.Label()+".")
	case !c.HasKey:
		check.Bad("client", "The private key of "+c.Label()+" is not kept here.")
	case c.Expired(s.core.Now()):
		check.Bad("client", c.Label()+" has expired.")
	case blocked[c.ID] != nil:
		check.Bad("client", c.Label()+" is blocked: every endpoint refuses it. Unblock it first, or issue another one.")
	case revoked[c.ID] != nil:
		check.Bad("client", c.Label()+" is revoked: every endpoint refuses it. Issue another one.")
	}
	if err := check.Err(); err != nil {
		return c, nil, err
	}
	key, err := tx.CertificateKey(ctx, id)
	return c, &vpn.ProfileClient{Name: c.FileBase(), Certificate: c.PEM, Key: key}, err
}

// clientAuthorities are the authorities, kept here, that issue the endpoint's client certificates. There is none where
// the endpoint needs no client certificates.
func clientAuthorities(ctx context.Context, tx *store.Tx, e vpn.Endpoint) ([]vpn.CertificateID, error) {
	var out []vpn.CertificateID
	for _, id := range e.ClientAuthorities() {
		ca, err := tx.Certificate(ctx, id)
		switch {
		case err != nil:
			return nil, err
		case ca.Use == vpn.UseAuthority:
			out = append(out, ca.ID)
		case ca.Authority != "":
			out = append(out, ca.Authority)
		}
	}
	return out, nil
}

// ClientCertificates lists the issued client certificates that could be put into the endpoint's
// configuration file: their key is kept, the endpoint accepts their issuer, and they are neither blocked nor revoked.
func (s *Service) ClientCertificates(ctx context.Context, by control.Principal, id vpn.EndpointID, find string, keep ...vpn.CertificateID) (out certificate.Choices, err error) {
	err = s.core.Read(ctx, by, vpn.ListCertificates, "", func(tx *store.Tx) error {
		e, err := tx.Endpoint(ctx, id)
		if err != nil {
			return err
		}
		authorities, err := clientAuthorities(ctx, tx, e)
		if err != nil {
			return err
		}
		for _, authority := range authorities {
			filter := map[string]string{"use": string(vpn.UseClient), "authority": string(authority)}
			usable := func(c vpn.Certificate) bool {
				return c.HasKey && !c.Expired(s.core.Now()) && c.Authority == authority
			}
			found, err := certificate.Choose(ctx, tx, filter, find, usable, keep...)
			if err != nil {
				return err
			}
			out.List, out.More = append(out.List, found.List...), out.More || found.More
		}
		blocked, err := certificate.BlocksOf(ctx, tx, out.List...)
		if err != nil {
			return err
		}
		revoked, err := certificate.RevocationsOfCertificates(ctx, tx, out.List...)
		out.List = slices.DeleteFunc(out.List, func(c vpn.Certificate) bool { return blocked[c.ID] != nil || revoked[c.ID] != nil })
		return err
	})
	return out, err
}
