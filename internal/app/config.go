package app

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/michaelperna/9ten/internal/fault"
)

// Config is everything an operator can set, and its comments are the manual:
// `9ten config` prints them beside the values in force and where each came
// from. A value is taken from, in rising order: the default, the file
// `9ten.toml` in the data directory (or --config), the environment
// (NINETEN_ and the key in upper case, dots as underscores), the flags.
type Config struct {
	// DataDir is the one folder that holds everything: database, music, keys, logs of the ledger. Back it up.
	DataDir string `key:"data_dir" default:"./data"`
	// Listen is the address the node answers on. Put a reverse proxy with HTTPS in front of it for the open internet.
	Listen string `key:"listen" default:"127.0.0.1:9010"`
	// BaseURL is how listeners reach this node. Its host becomes the node's name on the ledger: choose it once.
	BaseURL string `key:"base_url" default:"http://localhost:9010"`
	// TrustedProxies are the addresses (CIDR) whose X-Forwarded-For is believed. Empty: nobody's.
	TrustedProxies []string `key:"trusted_proxies" default:""`

	Database   DatabaseConfig   `key:"database"`
	Log        LogConfig        `key:"log"`
	Media      MediaConfig      `key:"media"`
	Ledger     LedgerConfig     `key:"ledger"`
	Federation FederationConfig `key:"federation"`
	Mail       MailConfig       `key:"mail"`
	Clock      ClockConfig      `key:"clock"`
}

// DatabaseConfig says where the database is.
type DatabaseConfig struct {
	// URL of a Postgres database (postgres://user:password@host/name). Empty: SQLite in the data directory.
	URL string `key:"url" default:"" secret:"true"`
}

// LogConfig says what is logged and how.
type LogConfig struct {
	// Level is debug, info, warn or error.
	Level string `key:"level" default:"info" oneof:"debug info warn error"`
	// Format is text for people or json for machines.
	Format string `key:"format" default:"text" oneof:"text json"`
}

// MediaConfig bounds what uploads may cost.
type MediaConfig struct {
	// FFmpeg is the ffmpeg command. "auto" looks for it on the PATH; "off" plays originals as they are.
	FFmpeg string `key:"ffmpeg" default:"auto"`
	// MaxFileBytes is the largest file that may be uploaded.
	MaxFileBytes int64 `key:"max_file_bytes" default:"2147483648" min:"1048576"`
	// AccountBytes is how much music the acts of one account may keep here, in bytes of uploaded files; 0 is no bound. Admins have none.
	AccountBytes int64 `key:"account_bytes" default:"53687091200" min:"0"`
	// CacheBytes is how much disk ready-made segments may take; older ones are made again when wanted.
	CacheBytes int64 `key:"cache_bytes" default:"2147483648" min:"0"`
	// Workers is how many files are prepared at once; each keeps up to two processor cores busy.
	Workers int64 `key:"workers" default:"1" min:"1"`
}

// LedgerConfig says which ledger settles the months.
type LedgerConfig struct {
	// Mode is embedded: the contract runs inside this node, on its own hash-chained ledger; or fabric: on a Hyperledger Fabric network of several nodes, see docs/operate/ledger.md.
	Mode   string       `key:"mode" default:"embedded" oneof:"embedded fabric"`
	Fabric FabricConfig `key:"fabric"`
}

// FabricConfig says where the node's part of a Fabric network runs.
type FabricConfig struct {
	// Bin is the folder of Fabric's own commands peer and orderer. Empty: the folder fabric beside the 9ten binary, where `make fabric` puts them.
	Bin string `key:"bin" default:""`
	// Host is the name or address by which other nodes reach this node's peer and orderer. Empty: the host of base_url.
	Host string `key:"host" default:""`
	// Listen is the address they bind. Empty: all addresses, or 127.0.0.1 where host leads to this machine alone.
	Listen string `key:"listen" default:""`
	// Port is the first of six in a row: peer, orderer, and four that are for this machine alone. Open the first two to other nodes.
	Port int64 `key:"port" default:"9020" min:"1024"`
	// Federation is peer: this node's peer keeps the network's whole ledger; or client: it keeps the ledger of its cluster alone and uses the network's through other members' peers, see docs/operate/ledger-clusters.md.
	Federation string `key:"federation" default:"peer" oneof:"peer client"`
}

// FederationConfig says how the node meets other servers.
type FederationConfig struct {
	// Mode on lets people of other servers (Mastodon and its like) follow acts here; listed does so for the servers alone that the page Federation or 9ten federation allow names. It takes a base_url with https; a demonstration never federates.
	Mode string `key:"mode" default:"on" oneof:"on listed off"`
	// Signed is whether other servers must sign what they read here (authorised fetch): a server that is blocked reads nothing any more, and software that does not sign does not either. Pages stay everybody's.
	Signed bool `key:"signed" default:"false"`
	// Index is whether this node and the others of its cluster (of its network, where that has none) find each other's music: each lists its public releases at /ap/index and reads once a day what the others list that do so too. It takes a ledger on fabric.
	Index bool `key:"index" default:"false"`
	// Reach are networks (CIDR) in which other servers may be reached although their addresses are not public. Empty: public addresses alone.
	Reach []string `key:"reach" default:""`
}

// MailConfig says how letters leave, see docs/operate/mail.md.
type MailConfig struct {
	// Server is the mail server (SMTP) that takes the node's letters, with its port, such as mail.example:587. Empty: letters are put into the folder mail in the data directory.
	Server string `key:"server" default:""`
	// TLS is starttls, which most servers want on port 587; tls, on port 465; or none, for a server on this machine.
	TLS string `key:"tls" default:"starttls" oneof:"starttls tls none"`
	// User is as whom the node signs in there. Empty: it does not.
	User string `key:"user" default:""`
	// Password of that user.
	Password string `key:"password" default:"" secret:"true"`
	// From is the address that letters come from. Empty: 9ten at the host of base_url.
	From string `key:"from" default:""`
	// CA is a file with the certificate of the server's authority (PEM), where the machine does not know it.
	CA string `key:"ca" default:""`
}

// ClockConfig is for demonstrations only.
type ClockConfig struct {
	// Start sets the clock of a directory made by `9ten setup --demo` (RFC 3339). Pages, receipts and settlements then say so.
	Start string `key:"start" default:""`
}

// A Setting is one configured value and where it came from.
type Setting struct {
	Key    string `json:"key"`
	Env    string `json:"env"`
	Value  string `json:"value"`
	Source string `json:"source"` // default, file, environment or flag
	Doc    string `json:"doc"`
	secret bool
	field  reflect.Value
	tag    reflect.StructTag
}

// Shown is the value as it may be printed: secrets are hidden.
func (s Setting) Shown() string {
	if s.secret && s.Value != "" {
		return "(hidden)"
	}
	return s.Value
}

// LoadConfig reads the configuration. file may be "", then 9ten.toml in the
// data directory is read if it is there. flags maps keys to values given on
// the command line. It returns an Invalid fault that names the key, its source
// and what is expected.
func LoadConfig(file string, flags map[string]string, getenv func(string) string) (*Config, []Setting, error) {
	c := new(Config)
	settings := collectAll(c)
	byKey := make(map[string]*Setting, len(settings))
	for i := range settings {
		s := &settings[i]
		byKey[s.Key] = s
		if err := s.set(s.tag.Get("default"), "default"); err != nil {
			return nil, nil, err
		}
	}
	overlay := func() error {
		for i := range settings {
			if v := getenv(settings[i].Env); v != "" {
				if err := settings[i].set(v, "environment"); err != nil {
					return err
				}
			}
		}
		for k, v := range flags {
			s, ok := byKey[k]
			if !ok {
				return fault.New(fault.Invalid, "There is no setting %q. `9ten config` lists them all.", k)
			}
			if err := s.set(v, "flag"); err != nil {
				return err
			}
		}
		return nil
	}
	// Twice, because the data directory says where the file is.
	if err := overlay(); err != nil {
		return nil, nil, err
	}
	if err := readFile(c, file, byKey); err != nil {
		return nil, nil, err
	}
	if err := overlay(); err != nil {
		return nil, nil, err
	}
	if err := c.check(); err != nil {
		return nil, nil, err
	}
	return c, settings, nil
}

func readFile(c *Config, file string, byKey map[string]*Setting) error {
	required := file != ""
	if !required {
		file = filepath.Join(c.DataDir, "9ten.toml")
	}
	text, err := os.ReadFile(file)
	switch {
	case os.IsNotExist(err) && !required:
		return nil
	case err != nil:
		return fault.Wrap(err, fault.Invalid, "The configuration file %s cannot be read.", file)
	}
	values, err := parseTOML(text)
	if err != nil {
		return fault.New(fault.Invalid, "%s: %v", file, err)
	}
	for k, v := range values {
		s, ok := byKey[k]
		if !ok {
			return fault.New(fault.Invalid, "%s sets %q, which is no setting. `9ten config` lists them all.", file, k)
		}
		if err := s.set(v, "file"); err != nil {
			return err
		}
	}
	return nil
}

// parseTOML flattens a file into dotted keys and plain values.
func parseTOML(text []byte) (map[string]string, error) {
	var tree map[string]any
	if _, err := toml.Decode(string(text), &tree); err != nil {
		return nil, err
	}
	out := map[string]string{}
	return out, flatten("", tree, out)
}

func flatten(prefix string, tree map[string]any, out map[string]string) error {
	for k, v := range tree {
		key := prefix + k
		switch v := v.(type) {
		case map[string]any:
			if err := flatten(key+".", v, out); err != nil {
				return err
			}
		case []any:
			parts := make([]string, len(v))
			for i, p := range v {
				s, ok := p.(string)
				if !ok {
					return fmt.Errorf("%s: a list of texts is expected", key)
				}
				parts[i] = s
			}
			out[key] = strings.Join(parts, ",")
		case string, int64, bool:
			out[key] = fmt.Sprint(v)
		case time.Time:
			out[key] = v.Format(time.RFC3339)
		default:
			return fmt.Errorf("%s: a %T is not understood here", key, v)
		}
	}
	return nil
}

// collectAll lists every setting of c, bound to its field.
func collectAll(c *Config) []Setting { return collect(reflect.ValueOf(c).Elem(), "") }

// collect lists the settings below v in the order they are written.
func collect(v reflect.Value, prefix string) []Setting {
	var out []Setting
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := prefix + f.Tag.Get("key")
		if f.Type.Kind() == reflect.Struct {
			out = append(out, collect(v.Field(i), key+".")...)
			continue
		}
		out = append(out, Setting{
			Key:    key,
			Env:    "NINETEN_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_")),
			Doc:    manual()[v.Type().Name()+"."+f.Name],
			secret: f.Tag.Get("secret") == "true",
			field:  v.Field(i), tag: f.Tag,
		})
	}
	return out
}

// set parses text into the field and remembers where it came from.
func (s *Setting) set(text, source string) error {
	bad := func(want string) error {
		return fault.On(s.Key, fault.Invalid, "%s is %q (from the %s), but %s is expected.", s.Key, text, source, want)
	}
	if one := s.tag.Get("oneof"); one != "" && !strings.Contains(" "+one+" ", " "+text+" ") {
		return bad("one of " + strings.ReplaceAll(one, " ", ", "))
	}
	switch s.field.Kind() {
	case reflect.String:
		s.field.SetString(text)
	case reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return bad("a whole number")
		}
		if low := s.tag.Get("min"); low != "" {
			if m, _ := strconv.ParseInt(low, 10, 64); n < m {
				return bad("at least " + low)
			}
		}
		s.field.SetInt(n)
	case reflect.Slice:
		var list []string
		for p := range strings.SplitSeq(text, ",") {
			if p = strings.TrimSpace(p); p != "" {
				list = append(list, p)
			}
		}
		s.field.Set(reflect.ValueOf(list))
	}
	s.Value, s.Source = text, source
	return nil
}

// check finds what a single key cannot tell.
func (c *Config) check() error {
	u, err := url.Parse(c.BaseURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return fault.On("base_url", fault.Invalid, "base_url is %q, but an address such as https://music.example is expected, without a path.", c.BaseURL)
	}
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fault.On("listen", fault.Invalid, "listen is %q, but an address with a port such as 127.0.0.1:9010 is expected.", c.Listen)
	}
	for _, p := range c.TrustedProxies {
		if _, _, err := net.ParseCIDR(p); err != nil {
			return fault.On("trusted_proxies", fault.Invalid, "trusted_proxies has %q, but ranges such as 127.0.0.1/32 are expected.", p)
		}
	}
	if err := c.Mail.check(); err != nil {
		return err
	}
	if c.Clock.Start != "" {
		if _, err := time.Parse(time.RFC3339, c.Clock.Start); err != nil {
			return fault.On("clock.start", fault.Invalid, "clock.start is %q, but a time such as 2026-10-01T00:00:00Z is expected.", c.Clock.Start)
		}
	}
	return nil
}

// NodeID is the node's name on the ledger: the host of its address, lower case.
func (c *Config) NodeID() string {
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}
