package signin

import "sallyport/control/turn"

// LimitAnswers has fewer answers of a source wait.
func (s *Service) LimitAnswers(wanted int) {
	s.answers = turn.Sources{OfOne: turn.Limit{Places: 1, Wanted: wanted}, OfAll: answersOfAll}
}
