package endpoint

import (
	"time"

	"sallyport/control/endpoint"
	views "sallyport/views/admin"
	"sallyport/views/parts"
)

// clientListFact is the certificate revocation list of the client authority, with the names of the other endpoints that obey it.
func clientListFact(v endpoint.View, l endpoint.ClientList, now time.Time, may bool) parts.Pair {
	shown := views.ClientCRL{Text: "None", Shared: l.Shared, Open: views.RevocationListPath(v.ClientCA, ""), Warning: l.List.Warning(now, l.Renews)}
	if may {
		shown.Import = views.RevocationListPath(v.ClientCA, "", "import")
	}
	if l.Present {
		shown.Text = parts.Count(l.List.Entries, "revoked certificate")
		if !l.List.NextUpdate.IsZero() {
			shown.Export = views.RevocationListPath(v.ClientCA, "", "export")
			shown.Text += ", next update " + l.List.NextUpdate.UTC().Format("2 January 2006, 15:04 UTC")
		}
	} else {
		shown.Shared = nil
	}
	return parts.Pair{Label: "Client certificate CRL", Value: shown.Text, Body: views.ClientCRLFact(shown), Wide: true}
}
