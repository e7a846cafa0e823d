package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
)

func noenv(string) string { return "" }

func TestConfigPrecedence(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "9ten.toml")
	if err := os.WriteFile(file, []byte("listen = \"127.0.0.1:1\"\nbase_url = \"https://File.example/\"\n[log]\nlevel = \"warn\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"NINETEN_DATA_DIR": dir, "NINETEN_LISTEN": "127.0.0.1:2", "NINETEN_LOG_FORMAT": "json"}
	c, settings, err := LoadConfig("", map[string]string{"listen": "127.0.0.1:3"}, func(k string) string { return env[k] })
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:3" || c.BaseURL != "https://File.example" || c.NodeID() != "file.example" || c.Log.Level != "warn" || c.Log.Format != "json" {
		t.Errorf("config = %+v", c)
	}
	want := map[string]string{"listen": "flag", "base_url": "file", "log.format": "environment", "media.ffmpeg": "default"}
	for _, s := range settings {
		if w, ok := want[s.Key]; ok && s.Source != w {
			t.Errorf("%s comes from the %s, want %s", s.Key, s.Source, w)
		}
		if s.Doc == "" {
			t.Errorf("%s is not described", s.Key)
		}
	}
}

func TestConfigRefuses(t *testing.T) {
	for name, c := range map[string]struct{ file, key, value string }{
		"unknown key in the file": {file: "lissten = \"x\"\n"},
		"broken file":             {file: "listen = \n"},
		"a list of numbers":       {file: "trusted_proxies = [1]\n"},
		"unknown flag":            {key: "speed", value: "9"},
		"address without port":    {key: "listen", value: "localhost"},
		"base with a path":        {key: "base_url", value: "http://x.example/music"},
		"base without scheme":     {key: "base_url", value: "x.example"},
		"level":                   {key: "log.level", value: "loud"},
		"number":                  {key: "media.workers", value: "two"},
		"too small":               {key: "media.workers", value: "0"},
		"proxy":                   {key: "trusted_proxies", value: "10.0.0.1"},
		"clock":                   {key: "clock.start", value: "yesterday"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if c.file != "" {
				if err := os.WriteFile(filepath.Join(dir, "9ten.toml"), []byte(c.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			flags := map[string]string{"data_dir": dir}
			if c.key != "" {
				flags[c.key] = c.value
			}
			_, _, err := LoadConfig("", flags, noenv)
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("err = %v, want an invalid fault", err)
			}
			if c.key != "" && !strings.Contains(fault.Message(err), c.key) {
				t.Errorf("%q does not name the key %s", fault.Message(err), c.key)
			}
		})
	}
	if _, _, err := LoadConfig("/nowhere/9ten.toml", nil, noenv); !fault.Is(err, fault.Invalid) {
		t.Errorf("a named file that is missing must be refused, got %v", err)
	}
}

func TestSecretsAreHidden(t *testing.T) {
	_, settings, err := LoadConfig("", map[string]string{"data_dir": t.TempDir(), "database.url": "postgres://u:secret@h/d"}, noenv)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings {
		if strings.Contains(s.Shown(), "secret") {
			t.Errorf("%s shows a secret", s.Key)
		}
	}
}

func FuzzConfigFile(f *testing.F) {
	f.Add([]byte("listen = \"127.0.0.1:1\"\n[media]\nworkers = 3\n"))
	f.Add([]byte("a = [1, \"x\"]\n[b.c]\nd = 1.5\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		values, err := parseTOML(text)
		if err != nil {
			return
		}
		c := new(Config)
		for _, s := range collectAll(c) {
			if v, ok := values[s.Key]; ok {
				_ = s.set(v, "file") // must not panic
			}
		}
	})
}
