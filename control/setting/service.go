// Package setting holds the use cases of the deployment-wide settings.
package setting

import (
	"context"
	"encoding/json"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Service is the use cases of settings.
type Service struct{ core *control.Core }

// New makes the use cases.
func New(core *control.Core) *Service { return &Service{core: core} }

// View is the settings in the order of vpn.DeploymentSettings.
type View struct {
	Settings []Setting
	Version  int // for Save
}

// Setting is one setting with the value in force.
type Setting struct {
	vpn.Setting
	Value  string
	Source string    // the place in the configuration that sets it, so that it cannot be changed; "" where it can
	Saved  bool      // an administrator saved the value
	Since  time.Time // when an administrator saved it, as far as the audit trail knows; zero: it does not
	By     string    // who did
}

// Settings gives the settings that are in force, and where each comes from.
func (s *Service) Settings(ctx context.Context, by control.Principal) (View, error) {
	var v View
	err := s.core.Read(ctx, by, vpn.DescribeSettings, "", func(tx *store.Tx) error {
		saved, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		v = s.view(saved)
		records, err := tx.AuditRecords(ctx, vpn.List{Size: vpn.MaxPageSize, Filter: map[string]string{"action": string(vpn.ModifySettings)}})
		v.date(records.Items)
		return err
	})
	return v, err
}

// date says since when each setting has its value. records are newest first; one of a refusal has no values.
func (v *View) date(records []vpn.AuditRecord) {
	for _, r := range records {
		var before, after map[string]string
		if json.Unmarshal([]byte(r.Before), &before) != nil || json.Unmarshal([]byte(r.After), &after) != nil {
			continue
		}
		for i := range v.Settings {
			if k := &v.Settings[i]; k.Source == "" && k.Since.IsZero() && before[k.Key] != after[k.Key] {
				k.Since, k.By = r.At, r.Actor
			}
		}
	}
}

func (s *Service) view(saved vpn.SavedSettings) View {
	v := View{Version: saved.Version}
	inForce := saved.InForce(s.core.Settings.Given)
	for _, k := range vpn.DeploymentSettings() {
		given, fixed := s.core.Settings.Given[k.Key]
		_, kept := saved.Values[k.Key]
		v.Settings = append(v.Settings, Setting{Setting: k, Value: inForce[k.Key], Source: given.Source, Saved: kept && !fixed})
	}
	return v
}
