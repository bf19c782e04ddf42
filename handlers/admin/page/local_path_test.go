package page

import "testing"

// No redirect leads to another site.
func TestLocalPath(t *testing.T) {
	t.Parallel()
	for s, local := range map[string]bool{
		"/": true, "/endpoints?q=a&page=2": true, "/certificates/blocked#top": true, "/a//b": true, "/%2f%2fevil.example": true,
		"": false, "endpoints": false, "//evil.example": false, "///evil.example": false, "/\\evil.example": false, "\\\\evil.example": false,
		"https://evil.example": false, "javascript:alert(1)": false, " /": false, "/\t/evil.example": false, "/\r\nSet-Cookie: a=b": false,
		"/\n/evil.example": false, "/\x00": false, "/\x0b/evil.example": false, "/\u0085": false,
	} {
		want := "/start"
		if local {
			want = s
		}
		if got := LocalPath(s, "/start"); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}
