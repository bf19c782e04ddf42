package endpoint

import (
	"cmp"
	"context"
	"strings"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// linkPath is where the public pages answer for a one-time link.
const linkPath = "/file/"

// maxShownLinks bounds the one-time links that a page lists: every open one, and the newest of the others.
const maxShownLinks = vpn.MaxOpenLinks

// MadeLink is a one-time link with its address, which is shown once.
type MadeLink struct {
	vpn.ConfigurationLink
	URL vpn.Secret
}

// MakeLink makes a one-time link to the endpoint's client configuration file; with a client certificate named, to the file with the
// certificate and its key. Fields: client, hours. Conflict where the public pages are not served.
func (s *Service) MakeLink(ctx context.Context, by control.Principal, id vpn.EndpointID, client vpn.CertificateID, hours string) (made MadeLink, err error) {
	base := strings.TrimSuffix(s.core.Settings.PublicURL, "/")
	if err := s.core.Allow(ctx, by, vpn.CreateConfigurationLink, string(id)); err != nil {
		return made, err
	}
	if base == "" {
		return made, vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "The public pages are not served, so a one-time link leads nowhere. Set public_listen and public_url in the configuration file.")
	}
	if _, _, _, err := s.plainConfiguration(ctx, by, id); err != nil {
		return made, err // there is no file
	}
	err = s.core.Change(ctx, by, vpn.CreateConfigurationLink, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		e, err := tx.Endpoint(ctx, id)
		if err != nil {
			return err
		}
		var certificate vpn.Certificate
		if e.Mutual() && client == "" {
			var c vpn.Check
			c.Bad("client", "Choose the client certificate that the file has.")
			return c.Err()
		}
		if client != "" {
			if err := by.Recheck(ctx, tx, vpn.ExportClientCertificateKey, string(client)); err != nil {
				return err
			}
			if certificate, _, err = s.clientCredential(ctx, tx, e, client); err != nil {
				return err
			}
		}
		open, err := tx.CountOpenConfigurationLinks(ctx, id, s.core.Now())
		if err != nil {
			return err
		}
		link, token, err := vpn.NewConfigurationLink(id, certificate, hours, open, s.core.Now())
		if err != nil {
			return err
		}
		link.Maker, link.MadeBy = vpn.AdministratorID(by.ID), by.Name
		if err := tx.CreateConfigurationLink(ctx, link); err != nil {
			return err
		}
		made = MadeLink{link, vpn.Secret(base + linkPath + token.Reveal())}
		a.After = control.Describe(link)
		return nil
	})
	return made, err
}

// Settings are those of the deployment that the configuration sets.
func (s *Service) Settings() control.Settings { return s.core.Settings }

// Links lists the endpoint's one-time links: those that are open, and the newest of the others.
func (s *Service) Links(ctx context.Context, by control.Principal, id vpn.EndpointID) (out []vpn.ConfigurationLink, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnEndpoints, string(id), func(tx *store.Tx) error {
		out, err = tx.ConfigurationLinks(ctx, id, s.core.Now(), maxShownLinks)
		return err
	})
	return out, err
}

// WithdrawLink has an open one-time link open nothing any more. One that is not open stays as it is.
func (s *Service) WithdrawLink(ctx context.Context, by control.Principal, id vpn.EndpointID, link vpn.ConfigurationLinkID) error {
	return s.core.Change(ctx, by, vpn.WithdrawConfigurationLink, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		l, err := tx.ConfigurationLink(ctx, id, link)
		if err != nil {
			return err
		}
		if _, err := tx.WithdrawConfigurationLink(ctx, link, s.core.Now()); err != nil {
			return err
		}
		a.After = control.Describe(l)
		return nil
	})
}

// LinkOffer is what a visitor with a one-time link sees: before the file is downloaded, and until the end of the link after that.
type LinkOffer struct {
	Endpoint string // its name
	Client   string // common name of the certificate in the file; empty: the file has none
	FileName string
	EndsAt   time.Time
	UsedAt   time.Time       // when the file was downloaded; zero: it was not
	Password bool            // users type a user name and a password
	Needs    vpn.ClientNeeds // what the program of the user has to be able to do
	Waits    bool            // the endpoint takes no clients yet
}

// OfferLink tells what a one-time link opens, and uses nothing up. A link that was used tells it until its end: its visitor goes on with
// the steps. vpn.ErrConfigurationLink where it opens nothing.
func (s *Service) OfferLink(ctx context.Context, token vpn.Secret) (offer LinkOffer, err error) {
	link, err := s.visitedLink(ctx, token, vpn.ConfigurationLink.Explains)
	if err != nil {
		return offer, err
	}
	side, p, file, err := s.plainConfiguration(ctx, control.SystemPrincipal("one-time link"), link.Endpoint)
	if err != nil {
		return offer, closedLink(err)
	}
	if link.Certificate != "" {
		err := s.core.View(ctx, func(tx *store.Tx) error {
			c, err := tx.Certificate(ctx, link.Certificate)
			p.Client = &vpn.ProfileClient{Name: c.FileBase()}
			return err
		})
		if err != nil {
			return offer, closedLink(err)
		}
	}
	e := side.Endpoint
	return LinkOffer{
		Endpoint: cmp.Or(e.Name, string(e.ID)), Client: link.Client, FileName: p.FileName(), EndsAt: link.EndsAt, UsedAt: link.UsedAt,
		Password: e.AsksPassword(), Needs: vpn.ClientNeeds{Browser: e.Federated(), Code: file.Code}, Waits: file.Unusable,
	}, nil
}

// isOpen tells whether a link gives its file.
func isOpen(l vpn.ConfigurationLink, now time.Time) bool { return l.State(now) == vpn.LinkOpen }

// visitedLink reads the link of an address. It is refused where does is false for it, and where its maker may not hand out its file now.
func (s *Service) visitedLink(ctx context.Context, token vpn.Secret, does func(vpn.ConfigurationLink, time.Time) bool) (link vpn.ConfigurationLink, err error) {
	err = s.core.View(ctx, func(tx *store.Tx) error {
		if link, err = tx.ConfigurationLinkOf(ctx, vpn.TokenDigest(token)); err != nil {
			return err
		}
		return s.checkLink(ctx, tx, link, does)
	})
	return link, closedLink(err)
}

// closedLink is the answer to a visitor where a link was refused: the reason is for the console.
func closedLink(err error) error {
	switch kind := vpn.KindOf(err); {
	case err == nil:
		return nil
	case kind == vpn.NotFound, kind == vpn.Denied, kind == vpn.Invalid:
		return vpn.ErrConfigurationLink
	case kind == vpn.Conflict:
		return vpn.Refuse(vpn.Unavailable, vpn.CodeEndpointUnavailable, "The configuration file cannot be made at present. Try again later, or ask the person who sent you the link.").Because(err)
	}
	return err
}

// checkLink refuses a link for which does is false, and one whose maker could not download the file now.
func (s *Service) checkLink(ctx context.Context, tx *store.Tx, link vpn.ConfigurationLink, does func(vpn.ConfigurationLink, time.Time) bool) error {
	if !does(link, s.core.Now()) {
		return vpn.ErrConfigurationLink
	}
	maker := control.Principal{Kind: control.Administrator, ID: string(link.Maker), Name: link.MadeBy}
	if err := maker.Recheck(ctx, tx, vpn.ExportClientVpnClientConfiguration, string(link.Endpoint)); err != nil {
		return err
	}
	if link.Certificate == "" {
		return nil
	}
	e, err := tx.Endpoint(ctx, link.Endpoint)
	if err != nil {
		return err
	}
	_, _, err = s.clientCredential(ctx, tx, e, link.Certificate)
	return err
}

// UseLink gives the file of a one-time link and uses the link up. source is the visitor's address, request names the request in the
// audit trail. vpn.ErrConfigurationLink where the link gives no file.
func (s *Service) UseLink(ctx context.Context, token vpn.Secret, commandLine bool, source, request string) (file Configuration, err error) {
	link, err := s.visitedLink(ctx, token, isOpen)
	if err != nil {
		return file, err
	}
	visitor := control.Principal{Kind: control.System, Name: "one-time link of " + link.MadeBy, Source: source, Request: request}
	side, p, file, err := s.plainConfiguration(ctx, visitor, link.Endpoint)
	if err != nil {
		return Configuration{}, closedLink(err)
	}
	err = s.core.Update(ctx, func(tx *store.Tx) error {
		if err := s.checkLink(ctx, tx, link, isOpen); err != nil {
			return err
		}
		used, err := tx.UseConfigurationLink(ctx, link.ID, source, s.core.Now())
		if err != nil || !used {
			return cmp.Or(err, error(vpn.ErrConfigurationLink))
		}
		p.CommandLine = commandLine && side.Endpoint.Federated()
		if link.Certificate != "" {
			if _, p.Client, err = s.clientCredential(ctx, tx, side.Endpoint, link.Certificate); err != nil {
				return err
			}
		}
		file.FileName = p.FileName()
		if file.Text, err = p.Render(); err != nil {
			return err
		}
		download := vpn.ProfileDownload{Endpoint: link.Endpoint, Revision: side.Revision(), Certificate: link.Certificate, By: visitor.Name, At: s.core.Now()}
		if err := tx.CreateProfileDownload(ctx, download); err != nil {
			return err
		}
		record := s.core.Record(visitor, vpn.ExportClientVpnClientConfiguration, string(link.Endpoint))
		record.After = control.Describe(map[string]string{"link": string(link.ID), "client_certificate": string(link.Certificate), "common_name": link.Client})
		return tx.Audit(ctx, record)
	})
	if err != nil {
		return Configuration{}, closedLink(err)
	}
	return file, nil
}
