package admin

import "sallyport/views/parts"

// Settings is the page of the deployment's settings.
type Settings struct {
	Form  parts.Form
	Facts []parts.Pair // that only the host can change
	Start []parts.Pair // settings of the configuration file
}
