package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

func confFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	c, rest, err := Load(nil, []string{"PATH=/bin"})
	if err != nil {
		t.Fatal(err)
	}
	if len(rest) != 0 || c.DataDir != "/var/lib/sallyport" || c.Database.Reveal() != "/var/lib/sallyport/sallyport.db" || c.Postgres() ||
		c.Seal.File != "/var/lib/sallyport/seal.key" || c.Data.Socket != "/run/sallyport/socket/dataplane.sock" || c.Console.Listen.String() != "127.0.0.1:8443" || c.Node.Name == "" {
		t.Errorf("got %+v", c)
	}
	for _, s := range append(settings(), twins()...) {
		if err := s.set(&Config{}, s.preset); s.preset != "" && err != nil {
			t.Errorf("preset of %s: %v", s.key, err)
		}
		if s.help == "" || !strings.HasSuffix(s.help, ".") {
			t.Errorf("%s has no sentence of help", s.key)
		}
		if !strings.Contains(Help(), s.key+" (default: ") {
			t.Errorf("help lacks %s", s.key)
		}
	}
}

// OpenVPN does not take every path, so a run directory that it refuses is refused at the start.
func TestRunDirectoryFitsOpenVPN(t *testing.T) {
	t.Parallel()
	for dir, want := range map[string]bool{"/run/sallyport": true, "/srv/u_1.a-b/run": true, "/srv/My Projects/run": false, "/srv/\u00fc/run": false} {
		c, _, err := Load(nil, []string{"SALLYPORT_RUN_DIR=" + dir, "SALLYPORT_DATA_DIR=/srv/My Projects/\u00fc"})
		if err == nil {
			err = c.Validate()
		}
		if (err == nil) != want || err != nil && !strings.Contains(err.Error(), "SALLYPORT_RUN_DIR") {
			t.Errorf("%s: %v, want it taken: %v", dir, err, want)
		}
	}
}

func TestWeightOfSources(t *testing.T) {
	t.Parallel()
	file := confFile(t, "# comment\n\nlog_level = warn\nlog_format = \"json\"\nsession_idle = 5m\n")
	c, rest, err := Load([]string{"serve", "--config", file, "--log-level=error", "x"}, []string{"SALLYPORT_LOG_LEVEL=debug", "SALLYPORT_SESSION_IDLE=10m"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Log.Level != "error" || c.Log.Format != "json" || c.Session.Idle != 10*time.Minute {
		t.Errorf("got %+v %+v", c.Log, c.Session)
	}
	if strings.Join(rest, " ") != "serve x" {
		t.Errorf("rest: %q", rest)
	}
	if c, _, err = Load(nil, []string{"SALLYPORT_CONFIG=" + file}); err != nil || c.Log.Level != "warn" {
		t.Errorf("SALLYPORT_CONFIG: %v, %+v", err, c.Log)
	}
}

func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()
	dsn := confFile(t, "postgres://u:hunter2@db/sallyport\n")
	key := strings.Repeat("ab", 32)
	c, _, err := Load(nil, []string{"SALLYPORT_DATABASE_FILE=" + dsn, "SALLYPORT_SEAL_KEY=" + key})
	if err != nil {
		t.Fatal(err)
	}
	if !c.Postgres() || c.Database.Reveal() != "postgres://u:hunter2@db/sallyport" {
		t.Error("database_file was not read")
	}
	if b, err := c.Seal.Decode(); err != nil || len(b) != 32 {
		t.Errorf("seal key: %v", err)
	}
	if s := fmt.Sprintf("%v %+v", c, c); strings.Contains(s, "hunter2") {
		t.Error("printing the settings shows the database's password")
	}
	c, _, err = Load([]string{"--seal-key-file=/k"}, []string{"SALLYPORT_SEAL_KEY=" + key})
	if err != nil || c.Seal.Key != "" || c.Seal.File != "/k" {
		t.Errorf("a flag does not outweigh its twin's variable: %v %v", c.Seal.File, err)
	}
}

// Every error names the setting in the form that was used: flag, variable or key of the file.
func TestRefusals(t *testing.T) {
	t.Parallel()
	file := confFile(t, "consol_listen = 127.0.0.1:1\n")
	noEquals := confFile(t, "\nhello\n")
	for name, c := range map[string]struct {
		args, env []string
		want      []string
	}{
		"misspelt in file":     {[]string{"--config=" + file}, nil, []string{"consol_listen (" + file + ", line 1)", "did you mean console_listen?"}},
		"misspelt variable":    {nil, []string{"SALLYPORT_DATADIR=/x"}, []string{"SALLYPORT_DATADIR: ", "did you mean SALLYPORT_DATA_DIR?"}},
		"misspelt flag":        {[]string{"--zone=a"}, nil, []string{"--zone: ", "did you mean --zones?"}},
		"nothing near":         {[]string{"--qqqqqqqqqqqq=a"}, nil, []string{"sallyport help config"}},
		"no value":             {[]string{"--zones"}, nil, []string{"--zones: a value must follow"}},
		"not key = value":      {[]string{"--config=" + noEquals}, nil, []string{"line 2"}},
		"named file is absent": {[]string{"--config=/nonexistent"}, nil, []string{"/nonexistent"}},
		"seal key for all":     {[]string{"--seal-key=" + strings.Repeat("ab", 32)}, nil, []string{"--seal-key: ", "SALLYPORT_SEAL_KEY or --seal-key-file"}},
		"password for all":     {[]string{"--database", "postgres://u:hunter2@db/x"}, nil, []string{"--database: ", "SALLYPORT_DATABASE or --database-file"}},
		"another for all":      {[]string{"--database", "postgres://db/x?password=hunter2"}, nil, []string{"--database: ", "SALLYPORT_DATABASE or --database-file"}},
		"secret in two ways":   {nil, []string{"SALLYPORT_DATABASE=x", "SALLYPORT_DATABASE_FILE=/x"}, []string{"SALLYPORT_DATABASE_FILE: ", "set already, by SALLYPORT_DATABASE"}},
		"secret file absent":   {nil, []string{"SALLYPORT_DATABASE_FILE=/nonexistent"}, []string{"SALLYPORT_DATABASE_FILE: ", "no such file"}},
		"bad seal key":         {nil, []string{"SALLYPORT_SEAL_KEY=abc"}, []string{"SALLYPORT_SEAL_KEY: ", "32 bytes"}},
		"bad listen":           {nil, []string{"SALLYPORT_CONSOLE_LISTEN=8443"}, []string{"SALLYPORT_CONSOLE_LISTEN: "}},
		"bad bool":             {[]string{"--console-plain-http=perhaps"}, nil, []string{"--console-plain-http: "}},
		"bad duration":         {[]string{"--session-idle=1"}, nil, []string{"--session-idle: "}},
		"idle over absolute":   {[]string{"--session-idle=13h"}, nil, []string{"session_absolute: 12h0m0s is less than --session-idle"}},
		"idle too short":       {[]string{"--session-idle=1s"}, nil, []string{"--session-idle: "}},
		"bad proxy":            {[]string{"--trusted-proxies=10.0.0.0/8,x"}, nil, []string{"--trusted-proxies: ", `"x"`}},
		"proxy everybody":      {[]string{"--trusted-proxies=0.0.0.0/0"}, nil, []string{"--trusted-proxies: "}},
		"plain in public":      {[]string{"--console-plain-http=true"}, []string{"SALLYPORT_CONSOLE_LISTEN=:80"}, []string{"--console-plain-http: ", "SALLYPORT_CONSOLE_LISTEN is [::]:80"}},
		"certificate, no key":  {[]string{"--console-tls-certificate=/c"}, nil, []string{"--console-tls-certificate: set console_tls_key"}},
		"key, no certificate":  {[]string{"--console-tls-key=/k"}, nil, []string{"--console-tls-key: set console_tls_certificate"}},
		"plain with TLS":       {[]string{"--console-tls-key=/k", "--console-tls-certificate=/c", "--console-plain-http=true"}, nil, []string{"--console-plain-http: "}},
		"bad public name":      {[]string{"--public-name=a b"}, nil, []string{"--public-name: "}},
		"domain is an address": {[]string{"--vpn-domain=10.0.0.1"}, nil, []string{"--vpn-domain: "}},
		"URL without scheme":   {[]string{"--public-url=vpn.example.com"}, nil, []string{"--public-url: "}},
		"URL with path":        {[]string{"--public-url=https://vpn.example.com/x"}, nil, []string{"--public-url: "}},
		"URL in the clear":     {[]string{"--public-url=http://vpn.example.com"}, nil, []string{"--public-url: "}},
		"bad node name":        {[]string{"--node-name=a/b"}, nil, []string{"--node-name: "}},
		"no zones":             {[]string{"--zones="}, nil, []string{"--zones: "}},
		"zone twice":           {[]string{"--zones=a,b,a"}, nil, []string{"--zones: "}},
		"bad zone":             {[]string{"--zones=A"}, nil, []string{"--zones: "}},
		"bad level and format": {[]string{"--log-level=loud", "--log-format=xml"}, nil, []string{"--log-level: ", "--log-format: "}},
		"system's users":       {[]string{"--worker-uid-base=10"}, nil, []string{"--worker-uid-base: "}},
		"not a number":         {[]string{"--worker-uid-base=x"}, nil, []string{"--worker-uid-base: "}},
		"web as root":          {[]string{"--web-user=root"}, nil, []string{"--web-user: "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := Load(c.args, c.env)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
		})
	}
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--console-plain-http=true"},
		{"--console-plain-http=true", "--console-listen=0.0.0.0:80", "--trusted-proxies=10.1.2.3"},
		{"--console-listen=:8443"}, {"--console-listen=localhost:8443"},
		{"--public-url=http://127.0.0.1:9000", "--public-listen=127.0.0.1:9000", "--public-plain-http=true"}, {"--public-url=https://vpn.example.com/"},
		{"--public-name=192.0.2.1"}, {"--vpn-domain=vpn.example.com"}, {"--zones=eu-1a, eu-1b"},
		{"--data-dir=./x"}, {"--", "--x"},
	} {
		if c, _, err := Load(args, nil); err != nil || !filepath.IsAbs(c.DataDir) {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// A host with any name starts.
func TestNodeNameOfTheHost(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"vpn1": "vpn1", "vpn1.example.com": "vpn1.example.com", "my_host": "my-host", "(none)": "none", "": "node", "___": "node", "bücher": "b-cher", "a..b": "node",
	} {
		if got := nodeName(host); got != want || !isHost(got) {
			t.Errorf("%q: got %q, want %q", host, got, want)
		}
	}
}

// What only the configuration sets is listed with its source; a secret is not shown.
func TestStartSettings(t *testing.T) {
	t.Parallel()
	cfg, _, err := Load([]string{"--console-listen", "127.0.0.1:9443"}, []string{"SALLYPORT_SEAL_KEY=" + strings.Repeat("ab", 32), "SALLYPORT_CONFIG=/dev/null", "SALLYPORT_RULE_QUOTA=7"})
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]vpn.StartSetting{}
	for _, s := range cfg.Start {
		if shown[s.Key] = s; s.Help == "" || strings.Contains(s.Value, "abab") {
			t.Errorf("got %+v", s)
		}
	}
	if s := shown["console_listen"]; s.Value != "127.0.0.1:9443" || s.Source != "--console-listen" {
		t.Errorf("got %+v", s)
	}
	if s := shown["seal_key"]; !s.Secret || s.Value != "" || s.Source != "SALLYPORT_SEAL_KEY" {
		t.Errorf("got %+v", s)
	}
	if s := shown["session_idle"]; s.Value != "1h" || s.Source != "" {
		t.Errorf("got %+v", s)
	}
	if _, deployment := shown["rule_quota"]; deployment {
		t.Error("a setting of the Settings page is listed too")
	}
}
