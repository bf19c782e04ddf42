package dataplane

import "testing"

func TestSubjectName(t *testing.T) {
	for subject, want := range map[string]string{
		"CN=mallory":         "mallory",
		"CN=Mallory, Eve":    "Mallory, Eve",
		"":                   "",
		"O=Org, CN=mallory":  "O=Org, CN=mallory",
		"CN=mallory, O=Org":  "CN=mallory, O=Org",
		"UID=7 + CN=mallory": "UID=7 + CN=mallory",
	} {
		if got := subjectName(subject); got != want {
			t.Errorf("subject %q is shown as %q, want %q", subject, got, want)
		}
	}
}
