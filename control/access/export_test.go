package access

// IsKnownBrowser is for the tests of marks.
func (s *Service) IsKnownBrowser(mark string) bool { return s.isKnownBrowser(mark) }
