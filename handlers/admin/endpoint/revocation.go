package endpoint

import (
	"time"

	"sallyport/control/endpoint"
	views "sallyport/views/admin"
	"sallyport/views/parts"
)

// clientListFacts are the lists of the client authorities. That of a second one has its name.
func clientListFacts(lists []endpoint.ClientList, now time.Time, may bool) (facts []parts.Pair) {
	for i, l := range lists {
		label := "Client certificate CRL"
		if i > 0 {
			label += " of " + l.CA.Label()
		}
		facts = append(facts, clientListFact(label, l, now, may))
	}
	return facts
}

// clientListFact is the certificate revocation list of the client authority, with the names of the other endpoints that obey it.
func clientListFact(label string, l endpoint.ClientList, now time.Time, may bool) parts.Pair {
	shown := views.ClientCRL{Text: "None", Shared: l.Shared, Open: views.RevocationListPath(l.CA.ID, ""), Warning: l.List.Warning(now, l.Renews)}
	if may {
		shown.Import = views.RevocationListPath(l.CA.ID, "", "import")
	}
	if l.Present {
		shown.Text = parts.Count(l.List.Entries, "revoked certificate")
		if !l.List.NextUpdate.IsZero() {
			shown.Export = views.RevocationListPath(l.CA.ID, "", "export")
			shown.Text += ", next update " + l.List.NextUpdate.UTC().Format("2 January 2006, 15:04 UTC")
		}
	} else {
		shown.Shared = nil
	}
	return parts.Pair{Label: label, Value: shown.Text, Body: views.ClientCRLFact(shown), Wide: true}
}
