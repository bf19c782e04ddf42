package quickstart

import (
	"context"
	"time"

	"sallyport/control"
	"sallyport/control/endpoint"
	"sallyport/store"
	"sallyport/vpn"
)

// work makes the parts of a quick start in its transaction. Each part has the audit record that it would have by itself.
type work struct {
	*Service
	tx   *store.Tx
	by   control.Principal
	spec vpn.QuickStartSpec
}

func (w work) audit(ctx context.Context, action vpn.Action, subject string, made any) error {
	record := w.core.Record(w.by, action, subject)
	record.After = control.Describe(made)
	return w.tx.Audit(ctx, record)
}

// place is the network with its subnet. Without a typed range there is none, which needed refuses. endpoints are those that
// there are. Fields: name, cidr, subnet, zone.
func place(spec vpn.QuickStartSpec, endpoints []vpn.Endpoint, now time.Time) (n vpn.Network, subnet vpn.Subnet, err error) {
	if spec.CIDR == "" {
		return n, subnet, nil
	}
	n, err = vpn.NewNetwork(vpn.NetworkSpec{Name: spec.Name, CIDRs: spec.CIDR}, endpoints, now)
	if err != nil {
		return n, subnet, vpn.QuickStartFields(err, map[string]string{"name": "name", "cidrs": "cidr"})
	}
	subnet, err = vpn.NewSubnet(vpn.SubnetSpec{Name: spec.Name, CIDR: spec.Subnet, Zone: spec.Zone}, n, nil, now)
	return n, subnet, vpn.QuickStartFields(err, map[string]string{"name": "name", "cidr": "subnet", "zone": "zone"})
}

func (w work) network(ctx context.Context, n vpn.Network, subnet vpn.Subnet) error {
	all, err := w.tx.AllEndpoints(ctx)
	if err != nil {
		return err
	}
	if _, _, err := place(w.spec, all, w.core.Now()); err != nil { // an endpoint that was created meanwhile has these addresses
		return err
	}
	if err := w.tx.CreateNetwork(ctx, n); err != nil {
		return err
	}
	if err := w.audit(ctx, vpn.CreateVpc, string(n.ID), n); err != nil {
		return err
	}
	if err := w.tx.CreateSubnet(ctx, subnet); err != nil {
		return err
	}
	return w.audit(ctx, vpn.CreateSubnet, string(subnet.ID), subnet)
}

// publicName saves the public name where none is set. named tells that one was before the transaction.
func (w work) publicName(ctx context.Context, named bool) error {
	if named || w.spec.PublicName == "" {
		return nil
	}
	given := w.core.Settings.Given
	saved, err := w.tx.LockSettings(ctx)
	if err != nil {
		return err
	}
	values := saved.InForce(given)
	if values["public_name"] != "" || values["vpn_domain"] != "" {
		return nil // it was set meanwhile, and files may have it
	}
	record := w.core.Record(w.by, vpn.ModifySettings, "")
	record.Before = control.Describe(values)
	values["public_name"] = w.spec.PublicName
	if err := saved.Edit(saved.Version, values, given); err != nil {
		return err
	}
	record.After = control.Describe(saved.InForce(given))
	if err := w.tx.SaveSettings(ctx, saved); err != nil {
		return err
	}
	return w.tx.Audit(ctx, record)
}

func (w work) endpoint(ctx context.Context, d endpoint.Draft) (vpn.Endpoint, error) {
	record := w.core.Record(w.by, vpn.CreateClientVpnEndpoint, "")
	e, err := w.endpoints.CreateDraft(ctx, w.tx, &record, d)
	if err != nil {
		return e, vpn.QuickStartFields(err, map[string]string{"name": "name", "client_cidr": "client_cidr", "port": "port", "listen_addr": "port"})
	}
	return e, w.tx.Audit(ctx, record)
}

// open associates the subnet and lets all users reach the network.
func (w work) open(ctx context.Context, e *vpn.Endpoint, n vpn.Network, subnet vpn.Subnet) error {
	association, routes, err := e.Associate(n, subnet, nil, w.core.Now())
	if err != nil {
		return err
	}
	if err := w.tx.CreateAssociation(ctx, association); err != nil {
		return err
	}
	for _, r := range routes {
		if err := w.tx.CreateRoute(ctx, r); err != nil {
			return err
		}
	}
	if err := w.audit(ctx, vpn.AssociateClientVpnTargetNetwork, string(e.ID), association); err != nil {
		return err
	}
	d, err := w.core.Deployment(ctx, w.tx)
	if err != nil {
		return err
	}
	for _, cidr := range n.CIDRs {
		rule, err := e.Authorize(vpn.RuleSpec{Destination: cidr.String(), AllUsers: true}, nil, d.Quotas, w.core.Now())
		if err != nil {
			return err
		}
		if err := w.tx.CreateRule(ctx, rule); err != nil {
			return err
		}
		if err := w.audit(ctx, vpn.AuthorizeClientVpnIngress, string(e.ID), rule); err != nil {
			return err
		}
	}
	return w.tx.SaveEndpoint(ctx, *e)
}
