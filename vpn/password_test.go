package vpn_test

import (
	"testing"

	"sallyport/vpn"
)

func TestPasswordsOfLogins(t *testing.T) {
	t.Parallel()
	mfa, plain := vpn.DirectoryOptions{MFA: true}, vpn.DirectoryOptions{}
	for _, c := range []struct {
		name           string
		at             vpn.DirectoryOptions
		sent           vpn.Secret
		password, code string
		refused        vpn.Code
	}{
		{"a password", plain, "secret", "secret", "", ""},
		{"spaces at both ends", plain, ` a"'ä: `, ` a"'ä: `, "", ""},
		{"a password with a code", mfa, "SCRV1:cMOkc3M=:MTIzNDU2", "päss", "123456", ""},
		{"a colon in the password", mfa, vpn.WithCode("a:b", "1:2"), "a:b", "1:2", ""},
		{"a password that looks like a code", mfa, vpn.WithCode(vpn.WithCode("a", "b"), "123456"), "SCRV1:YQ==:Yg==", "123456", ""},
		{"no code asked", mfa, "secret", "", "", vpn.CodeMFACodeMissing},
		{"no code typed", mfa, "SCRV1:cGFzcw==:", "", "", vpn.CodeMFACodeMissing},
		{"spaces for a code", mfa, vpn.WithCode("secret", "  "), "", "", vpn.CodeMFACodeMissing},
		{"malformed", mfa, "SCRV1:p!ss:123456", "", "", vpn.CodeMFACodeMissing},
		{"the form without MFA", plain, "SCRV1:cGFzcw==:MTIzNDU2", "", "", vpn.CodeMFANotUsed},
		{"empty form without MFA", plain, "SCRV1::", "", "", vpn.CodeMFANotUsed},
		{"begins like the form", plain, "SCRV1:p!ss:word", "SCRV1:p!ss:word", "", ""},
		{"begins like the form, one colon", plain, "SCRV1:YQ==", "SCRV1:YQ==", "", ""},
		{"dynamic", mfa, "CRV1::c3RhdGU=::123456", "", "", vpn.CodeMFACodeMissing},
		{"dynamic without MFA", plain, "CRV1::c3RhdGU=::123456", "", "", vpn.CodeMFACodeMissing},
	} {
		password, code, refused := c.at.CheckPassword(c.sent)
		var got vpn.Code
		if refused != nil {
			got = refused.Code
		}
		if password.Reveal() != c.password || code != c.code || got != c.refused {
			t.Errorf("%s: %q, %q, %s", c.name, password.Reveal(), code, got)
		}
	}
}

// A password comes back as it was sent, whatever it is made of, and never in two ways.
func FuzzSplitPassword(f *testing.F) {
	for _, s := range []string{"", "secret", "SCRV1:", "SCRV1::", "SCRV1:YQ==:MTIzNDU2", "SCRV1:YQ=:MQ==", "SCRV1:YR==:MQ==", "CRV1::a::b", "CRV1::", "SCRV1:YQ==:MQ==:x", "SCRV1:\n:", "SCRV1:YQ==:MQ\r=="} {
		f.Add(s, "123456")
	}
	f.Fuzz(func(t *testing.T, text, typed string) {
		password, code, form := vpn.SplitPassword(vpn.Secret(text))
		switch form {
		case vpn.PasswordAlone:
			if password.Reveal() != text || code != "" {
				t.Errorf("%q became %q and %q", text, password.Reveal(), code)
			}
		case vpn.PasswordWithCode:
			if len(code) < 64 && vpn.WithCode(password, code).Reveal() != text {
				t.Errorf("%q is not the one form of %q and %q", text, password.Reveal(), code)
			}
		}
		if password, code, form := vpn.SplitPassword(vpn.WithCode(vpn.Secret(text), typed)); form != vpn.PasswordWithCode || password.Reveal() != text || len(typed) <= 64 && code != typed {
			t.Errorf("%q with %q came back as %q with %q, form %d", text, typed, password.Reveal(), code, form)
		}
	})
}
