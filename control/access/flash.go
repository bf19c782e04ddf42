package access

import (
	"context"
	"encoding/json"

	"sallyport/store"
	"sallyport/vpn"
)

// FlashMessage is shown once on the next page.
type FlashMessage struct {
	Kind string      `json:"kind"` // success, warning or danger
	Text string      `json:"text"`
	Next []FlashLink `json:"next,omitempty"` // the next steps, shown after the text
}

// FlashLink is a next step.
type FlashLink struct {
	Label string `json:"label"`
	Href  string `json:"href"` // a path of the console
}

// Flash keeps a message for the next page of the session.
func (s *Service) Flash(ctx context.Context, token string, m FlashMessage) error {
	return s.core.Update(ctx, func(tx *store.Tx) error {
		session, err := tx.Session(ctx, hashToken(token))
		if err != nil {
			return err
		}
		messages := append(decodeFlashes(session.Flash), m)
		encoded, err := json.Marshal(messages)
		if err != nil {
			return err
		}
		return tx.SaveSessionFlash(ctx, session.Hash, string(encoded))
	})
}

// TakeFlashes returns the kept messages and deletes them.
func (s *Service) TakeFlashes(ctx context.Context, token string) ([]FlashMessage, error) {
	var session vpn.WebSession
	err := s.core.View(ctx, func(tx *store.Tx) (err error) { session, err = tx.Session(ctx, hashToken(token)); return err })
	if err != nil || session.Flash == "" {
		return nil, err
	}
	err = s.core.Update(ctx, func(tx *store.Tx) (err error) {
		// Read again: another request may have added a message in the meantime.
		if session, err = tx.Session(ctx, hashToken(token)); err != nil {
			return err
		}
		return tx.SaveSessionFlash(ctx, session.Hash, "")
	})
	if err != nil {
		return nil, err
	}
	return decodeFlashes(session.Flash), nil
}

func decodeFlashes(s string) []FlashMessage {
	var out []FlashMessage
	if json.Unmarshal([]byte(s), &out) != nil {
		return nil
	}
	return out
}
