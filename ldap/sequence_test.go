package ldap_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"

	"sallyport/lab/directory"
	"sallyport/lab/netlab"
	"sallyport/vpn"
)

// scripted is a directory with the user alice that notes what it is asked, a line for each operation.
type scripted struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (s *scripted) note(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
}

// found is the question of an attempt.
func (s *scripted) found(context.Context, string) error {
	s.note("may the password be tried?")
	return nil
}

// asked gives what was noted since the last call.
func (s *scripted) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.lines
	s.lines = nil
	return out
}

func reply(id any, tag ber.Tag, children ...*ber.Packet) []byte {
	message, op := ber.NewSequence(""), ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	for _, c := range children {
		op.AppendChild(c)
	}
	message.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	message.AppendChild(op)
	return message.Bytes()
}

func octetString(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

func result(id any, tag ber.Tag, code int) []byte {
	return reply(id, tag, ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""), octetString(""), octetString(""))
}

// entry is alice as a search finds the user.
func entry(id any) []byte {
	attributes := ber.NewSequence("")
	for name, value := range map[string]string{"uid": "alice", "entryUUID": "uuid-1"} {
		values := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		values.AppendChild(octetString(value))
		attribute := ber.NewSequence("")
		attribute.AppendChild(octetString(name))
		attribute.AppendChild(values)
		attributes.AppendChild(attribute)
	}
	return reply(id, goldap.ApplicationSearchResultEntry, octetString("uid=alice,dc=example,dc=test"), attributes)
}

func (s *scripted) answer(c net.Conn) {
	s.note("connection")
	for {
		p, err := ber.ReadPacket(c)
		if err != nil {
			s.note("end")
			return
		}
		id, op := p.Children[0].Value, p.Children[1]
		var out []byte
		switch op.Tag {
		case goldap.ApplicationBindRequest:
			dn, password := op.Children[1].Data.String(), op.Children[2].Data.String()
			service := dn == "cn=admin" && password == directory.Password
			s.note(fmt.Sprintf("bind, service account %v, with a password %v, controls %d", service, password != "", len(p.Children)-2))
			code := goldap.LDAPResultInvalidCredentials
			if service {
				code = goldap.LDAPResultSuccess
			}
			out = result(id, goldap.ApplicationBindResponse, code)
		case goldap.ApplicationSearchRequest:
			filter, err := goldap.DecompileFilter(op.Children[6])
			if err != nil {
				s.note(err.Error())
			}
			for _, name := range []string{"alice", "nosuch"} {
				filter = strings.ReplaceAll(filter, name, "NAME")
			}
			s.note("search " + op.Children[0].Data.String() + " " + filter)
			if strings.Contains(fmt.Sprintf("%q", op.Children[6].Bytes()), "alice") {
				out = entry(id)
			}
			out = append(out, result(id, goldap.ApplicationSearchResultDone, goldap.LDAPResultSuccess)...)
		}
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

// An unknown user and a wrong password have the directory asked the same, in the same order: neither takes longer. The
// attempt's own question comes at the same place.
func TestUnknownUserIsAskedAboutAsAWrongPassword(t *testing.T) {
	t.Parallel()
	s := &scripted{}
	options := serve(t, authority().IssueFor(t, "127.0.10.20"), s.answer)
	try := func(name string, want vpn.Code) []string {
		t.Helper()
		d := open(t, options)
		_, err := d.SignIn(t.Context(), vpn.SignInAttempt{Name: name, Password: "guess", Found: s.found})
		wantCode(t, name, err, want)
		d.Close() // with the connection that rests for the next search
		var out []string
		netlab.Eventually(t, 20*time.Second, "the server reads the end of both connections", func() bool {
			out = append(out, s.asked()...)
			return strings.Count(strings.Join(out, "\n"), "end") == 2
		})
		return out
	}
	wrong, unknown := try("alice", vpn.CodeUserCredentials), try("nosuch", vpn.CodeUserUnknown)
	if len(wrong) < 6 || !slices.Equal(wrong, unknown) {
		t.Errorf("for a wrong password:\n%s\nfor an unknown user:\n%s", strings.Join(wrong, "\n"), strings.Join(unknown, "\n"))
	}
	t.Logf("the directory is asked:\n%s", strings.Join(wrong, "\n"))
}
