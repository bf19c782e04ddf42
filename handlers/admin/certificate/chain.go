package certificate

import (
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// chainFacts are the authorities above a certificate, up to the root.
func chainFacts(c vpn.Certificate) []parts.Pair {
	if c.Use == vpn.UseAuthority {
		return []parts.Pair{parts.Fact("Chain", "It signed itself: it is the root")}
	}
	var facts []parts.Pair
	for i, above := range vpn.ChainOf(c.Chain) {
		facts = append(facts, parts.Pair{Label: parts.YesNo(i == 0, "Chain", "Chain, above it"), Value: above.Name, Help: "Valid until " + views.Date(above.NotAfter) + "."})
	}
	return facts
}
