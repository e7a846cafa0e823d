package account

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// Settings are what the operator decides on the pages rather than in the
// configuration file.
type Settings struct {
	Name          string // of the node
	About         string // a few sentences for its front page
	OperatorName  string // who answers for it
	OperatorPlace string
	OpenSignUp    bool // anyone may make an account
	OpenStudio    bool // any listener may open a studio
	OpenInvite    bool // members may invite others
}

// The keys under which settings are stored.
const (
	keyName, keyAbout      = "node.name", "node.about"
	keyOperator, keyPlace  = "operator.name", "operator.place"
	keySignUp, keyStudio   = "open.signup", "open.studio"
	keyInvite              = "open.invite"
	keySetup               = "setup.hash" // hex SHA-256 of the setup link's secret
	yes, no                = "yes", "no"
	aboutMost, defaultName = 2000, "A 9ten node"
)

// cache holds the settings between changes: every page shows them.
type cache struct{ p atomic.Pointer[Settings] }

func readSettings(m map[string]string) Settings {
	n := Settings{
		Name: m[keyName], About: m[keyAbout], OperatorName: m[keyOperator], OperatorPlace: m[keyPlace],
		OpenSignUp: m[keySignUp] == yes, OpenStudio: m[keyStudio] != no, OpenInvite: m[keyInvite] == yes,
	}
	if n.Name == "" {
		n.Name = defaultName
	}
	return n
}

func flag(b bool) string {
	if b {
		return yes
	}
	return no
}

// save writes tidy settings in a transaction.
func (n Settings) save(ctx context.Context, tx Tx) error {
	m := map[string]string{
		keyName: n.Name, keyAbout: n.About, keyOperator: n.OperatorName, keyPlace: n.OperatorPlace,
		keySignUp: flag(n.OpenSignUp), keyStudio: flag(n.OpenStudio), keyInvite: flag(n.OpenInvite),
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if err := tx.SetSetting(ctx, k, m[k]); err != nil {
			return err
		}
	}
	return nil
}

// clean tidies settings. Faults: Invalid, on the field.
func (n Settings) clean() (Settings, error) {
	var err error
	n.Name, err = cleanText("node", "The node's name", n.Name, defaultName, 60)
	for _, f := range []struct {
		field, what string
		text        *string
		most        int
	}{
		{"about", "The text about the node", &n.About, aboutMost},
		{"operator", "The operator's name", &n.OperatorName, 100},
		{"place", "The place", &n.OperatorPlace, 100},
	} {
		if *f.text == "" || err != nil {
			continue
		}
		*f.text, err = cleanText(f.field, f.what, *f.text, "", f.most)
	}
	return n, err
}

// Settings returns the node's settings.
func (s *Service) Settings(ctx context.Context) (Settings, error) {
	if p := s.settings.p.Load(); p != nil {
		return *p, nil
	}
	var n Settings
	err := s.store.AccountView(ctx, func(tx Tx) error {
		m, err := tx.Settings(ctx)
		n = readSettings(m)
		return err
	})
	if err == nil {
		s.settings.p.CompareAndSwap(nil, &n)
	}
	return n, err
}

// SaveSettings replaces the node's settings. Faults: Unauthenticated,
// Forbidden, Invalid.
func (s *Service) SaveSettings(ctx context.Context, p Principal, n Settings) error {
	if err := p.Require(Admin); err != nil {
		return err
	}
	n, err := n.clean()
	if err != nil {
		return err
	}
	err = s.store.AccountUpdate(ctx, func(tx Tx) error {
		return errors.Join(n.save(ctx, tx), tx.Audit(ctx, p.actor(), "node.settings", "node", ""))
	})
	if err == nil {
		s.settings.p.Store(&n)
	}
	return err
}

// IsSetUp reports whether the node has an admin.
func (s *Service) IsSetUp(ctx context.Context) (done bool, err error) {
	err = s.store.AccountView(ctx, func(tx Tx) error {
		n, err := tx.CountRole(ctx, Admin)
		done = n > 0
		return err
	})
	return done, err
}

// SetupLink makes the secret of the setup link, which is for the terminal
// alone; the one before it is void. It is "" when the node has an admin.
func (s *Service) SetupLink(ctx context.Context) (text string, err error) {
	err = s.store.AccountUpdate(ctx, func(tx Tx) error {
		text = ""
		if n, err := tx.CountRole(ctx, Admin); err != nil || n > 0 {
			return err
		}
		t, hash := secret()
		text = t
		return tx.SetSetting(ctx, keySetup, hex.EncodeToString(hash))
	})
	return text, err
}

// SetupLinkHolds tells whether a setup link's secret is the one that is good
// now. Faults: Forbidden when it is not, Conflict when the node is set up.
func (s *Service) SetupLinkHolds(ctx context.Context, token string) error {
	_, hash, ok := hashOf(token)
	return s.store.AccountView(ctx, func(tx Tx) error {
		if n, err := tx.CountRole(ctx, Admin); err != nil || n > 0 {
			return errors.Join(err, errSetUp())
		}
		if !ok {
			return errSetupLink()
		}
		return setupLink(ctx, tx, hash)
	})
}

// setupLink compares the hash of a link's secret with the node's.
func setupLink(ctx context.Context, tx Tx, hash []byte) error {
	m, err := tx.Settings(ctx)
	if err != nil {
		return err
	}
	want, err := hex.DecodeString(m[keySetup])
	if err != nil || subtle.ConstantTimeCompare(want, hash) != 1 {
		return errSetupLink()
	}
	return nil
}

func errSetUp() error {
	return fault.New(fault.Conflict, "This node is set up already. Sign in instead.")
}

// A Setup is what the setup page asks.
type Setup struct {
	SignUp
	Settings Settings
}

// Setup makes the first admin and names the node, once. token is the setup
// link's. Faults: Forbidden when the link is not the one in the terminal;
// Conflict when the node is set up; those of SignUp.
func (s *Service) Setup(ctx context.Context, token string, in Setup, c Client) (out SignedIn, err error) {
	_, hash, ok := hashOf(token)
	if !ok {
		return out, errSetupLink()
	}
	err = s.setup(ctx, in, func(tx Tx, a Account) error {
		if err := setupLink(ctx, tx, hash); err != nil {
			return err
		}
		out, err = begin(ctx, tx, a, c)
		return err
	})
	return out, err
}

func errSetupLink() error {
	return fault.New(fault.Forbidden, "This setup link is not the one that is good now: each start of the node makes a new one. Open the link that the terminal shows last.")
}

// SetupHere is Setup on the command line: whoever can write the data
// directory needs no link. Faults: Conflict, those of SignUp.
func (s *Service) SetupHere(ctx context.Context, in Setup) (a Account, err error) {
	err = s.setup(ctx, in, func(_ Tx, made Account) error { a = made; return nil })
	return a, err
}

func (s *Service) setup(ctx context.Context, in Setup, then func(Tx, Account) error) error {
	n, err := in.Settings.clean()
	if err != nil {
		return err
	}
	a, hash, err := s.prepare(ctx, in.SignUp, Admin)
	if err != nil {
		return err
	}
	err = s.store.AccountUpdate(ctx, func(tx Tx) error {
		if admins, err := tx.CountRole(ctx, Admin); err != nil || admins > 0 {
			return errors.Join(err, errSetUp())
		}
		a.ID, a.Created = id.New[id.Account](tx.Now()), tx.Now()
		if err := s.insert(ctx, tx, a, hash); err != nil {
			return err
		}
		if err := then(tx, a); err != nil {
			return err
		}
		return errors.Join(n.save(ctx, tx), tx.SetSetting(ctx, keySetup, ""), tx.Audit(ctx, string(a.ID), "node.setup", "node", ""))
	})
	if err == nil {
		s.settings.p.Store(&n)
	}
	return err
}
