package probe

import (
	"context"
	"net/netip"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// answerWithin is how long a test takes at most, with the dataplane's part.
const answerWithin = 2*vpn.ProbeTime + time.Second

// Test asks a host of a target network, and keeps what came back. No answer is a result, no error. Fields: kind, address,
// port.
func (s *Service) Test(ctx context.Context, by control.Principal, endpoint vpn.EndpointID, id vpn.AssociationID, spec vpn.ProbeSpec) (vpn.Probe, error) {
	if err := s.core.Allow(ctx, by, vpn.TestClientVpnTargetNetwork, string(endpoint)); err != nil {
		return vpn.Probe{}, err
	}
	var a vpn.Association
	err := s.core.View(ctx, func(tx *store.Tx) (err error) { _, a, err = target(ctx, tx, endpoint, id); return err })
	if err != nil {
		return vpn.Probe{}, err
	}
	p, err := a.Probe(spec)
	if err != nil {
		return p, err
	}
	if !s.limit.Allow() {
		return p, vpn.Refuse(vpn.Throttled, vpn.CodeRequestLimitExceeded, "There were several tests in the last seconds. Wait a moment and test again.")
	}
	recording := context.WithoutCancel(ctx) // what is sent is recorded, also where the request was given up
	sending, cancel := context.WithTimeout(recording, answerWithin)
	defer cancel()
	answer, err := s.dataplane.Probe(sending, vpn.ProbeRequest{Endpoint: endpoint, Association: id, Address: p.Address, Echo: p.Kind == vpn.ProbeICMP})
	if err != nil {
		return p, s.failed(recording, by, endpoint, p, err)
	}
	p.Way, p.Source, p.Outcome, p.From, p.RoundTrip = answer.Way, answer.Source, answer.Outcome, answer.From, answer.RoundTrip
	if p.Kind == vpn.ProbeTCP {
		if err := s.open(sending, &p); err != nil {
			return p, s.failed(recording, by, endpoint, p, err)
		}
	}
	p.At, p.By = s.core.Now(), by.Name
	return p, s.core.Change(recording, by, vpn.TestClientVpnTargetNetwork, string(endpoint), func(tx *store.Tx, record *vpn.AuditRecord) error {
		record.After = control.Describe(p)
		return tx.SaveProbe(recording, p)
	})
}

// failed records a test that came to no outcome, of which packets may have been sent, and gives its error.
func (s *Service) failed(ctx context.Context, by control.Principal, endpoint vpn.EndpointID, p vpn.Probe, why error) error {
	err := s.core.Change(ctx, by, vpn.TestClientVpnTargetNetwork, string(endpoint), func(_ *store.Tx, record *vpn.AuditRecord) error {
		record.After, record.Result = control.Describe(p), why.Error()
		return nil
	})
	if err != nil {
		s.core.Log.WarnContext(ctx, "a test of a target network was not recorded", "err", err, "endpoint", endpoint)
	}
	return why
}

// open opens the TCP port of a test and notes what came of it.
func (s *Service) open(ctx context.Context, p *vpn.Probe) error {
	limited, cancel := context.WithTimeout(ctx, vpn.ProbeTime)
	defer cancel()
	begun := time.Now()
	err := s.connect(limited, netip.AddrPortFrom(p.Address, p.Port), p.Source)
	p.RoundTrip = time.Since(begun)
	p.Outcome, err = outcomeOf(err)
	return err
}
