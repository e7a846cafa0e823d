// Package account knows people: who they are, how they prove it, which
// devices and programs act for them, and what they may do on this node.
//
// Of every secret (password, session, link, token) only a hash is kept, and
// each is compared in constant time. The package knows no cookies and writes no
// letters: a transport carries the secrets it returns.
package account

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/limit"
)

// A Role is what an account may do. Each includes those before it.
type Role string

// The roles, from the least to the most.
const (
	Listener  Role = "listener"
	Artist    Role = "artist"    // has the studio
	Moderator Role = "moderator" // takes down, sees what is not public
	Admin     Role = "admin"     // runs the node
)

var ranks = map[Role]int{Listener: 1, Artist: 2, Moderator: 3, Admin: 4}

// Valid reports whether r is one of the four.
func (r Role) Valid() bool { return ranks[r] > 0 }

// Has reports whether r includes o.
func (r Role) Has(o Role) bool { return o.Valid() && ranks[r] >= ranks[o] }

// An Account is a person who can sign in.
type Account struct {
	ID            id.Account
	Handle        string    // unique, lower case: letters, digits, underscore
	Name          string    // as shown
	Email         string    // "" when none was given
	Confirmed     time.Time // when the address was shown to be theirs; zero: not yet
	Pending       string    // an address that waits to be confirmed
	Lang          string    // in which they read: a tag such as de, "" when nobody said
	Role          Role
	HistoryPaused bool
	Created       time.Time
}

// A Session is one browser that is signed in.
type Session struct {
	Hash    []byte // SHA-256 of the token; names the session
	Account id.Account
	Agent   string // what the browser calls itself, shortened
	Created time.Time
	Seen    time.Time // to the hour
	Expires time.Time
	Current bool // in a list: the one that asks
}

// A Device is a key that signs what was heard on one device.
type Device struct {
	ID      id.Bytes16 // first half of SHA-256(SPKI)
	Account id.Account
	Alg     string // ed25519 or p256
	SPKI    []byte // RFC 5280 section 4.1, DER
	Name    string
	Created time.Time
	Revoked time.Time // zero while it may sign
}

// A Token lets a program act for an account, within its scopes.
type Token struct {
	ID      id.Token
	Account id.Account
	Hash    []byte // SHA-256 of the secret
	Name    string
	Scopes  []Scope
	Created time.Time
	Seen    time.Time // to the hour, zero when never used
	Expires time.Time // zero: never
}

// A Record is an entry of the audit log.
type Record struct {
	ID     string
	At     time.Time
	Actor  string // account id, or "operator" for the command line
	Action string // such as "account.role"
	About  string // what it was done to
	Note   string
}

// A Client is where a request comes from.
type Client struct {
	Addr  netip.Addr
	Agent string
	Lang  string // in which its person reads: a tag such as de, "" when nobody said
}

// A Store keeps accounts: a snapshot to read from, and a transaction that is
// durable once Update returns.
type Store interface {
	AccountView(ctx context.Context, fn func(Tx) error) error
	AccountUpdate(ctx context.Context, fn func(Tx) error) error
}

// A Tx is a transaction on accounts. What is looked up and missing is a
// NotFound fault; a handle, address or key that is taken is a Conflict.
type Tx interface {
	Now() time.Time

	Settings(ctx context.Context) (map[string]string, error)
	SetSetting(ctx context.Context, key, value string) error

	InsertAccount(ctx context.Context, a Account, password string) error
	Account(ctx context.Context, who id.Account) (Account, error)
	ByHandle(ctx context.Context, handle string) (Account, error)
	// Login finds an account by handle or address, with its password's hash.
	Login(ctx context.Context, login string) (a Account, password string, err error)
	Password(ctx context.Context, who id.Account) (string, error)
	Accounts(ctx context.Context, after id.Account, n int) ([]Account, error)
	// Find lists accounts whose handle, name or address holds a text, lower
	// case, in the order of [Tx.Accounts].
	Find(ctx context.Context, text string, after id.Account, n int) ([]Account, error)
	CountRole(ctx context.Context, r Role) (int64, error)
	SetRole(ctx context.Context, who id.Account, r Role) error
	// SetPassword also ends what links for a new one were good for.
	SetPassword(ctx context.Context, who id.Account, password string) error
	SetLang(ctx context.Context, who id.Account, lang string) error
	// SetPending keeps the address that waits to be confirmed, SetAddress makes
	// it the account's.
	SetPending(ctx context.Context, who id.Account, email string) error
	SetAddress(ctx context.Context, who id.Account, email string, confirmed time.Time) error
	// YieldAddress takes an address from everybody but its owner who did not confirm it.
	YieldAddress(ctx context.Context, email string, owner id.Account) error
	// InsertLink keeps what a letter's secret is good for; twice does no harm.
	InsertLink(ctx context.Context, hash []byte, who id.Account, kind, email string, until time.Time) error
	// ByLink finds the account of a link, and where its letter went.
	ByLink(ctx context.Context, kind string, hash []byte) (a Account, email string, err error)
	// DropLinks voids them; that they were is known until their time is over.
	DropLinks(ctx context.Context, who id.Account, kind string) error
	// ExpireLetters forgets links and invitations whose time is over.
	ExpireLetters(ctx context.Context) error

	// InsertInvitation keeps an invitation; hash is nil until its letter is written.
	InsertInvitation(ctx context.Context, in Invitation, hash []byte) error
	Invitation(ctx context.Context, invitation string) (Invitation, error)
	ByInvitation(ctx context.Context, hash []byte) (Invitation, error)
	SetInvitation(ctx context.Context, invitation string, hash []byte) error
	// Invitations lists a maker's open ones, or everybody's for "".
	Invitations(ctx context.Context, maker string) ([]Invitation, error)
	DeleteInvitation(ctx context.Context, invitation, maker string) error

	SetReset(ctx context.Context, who id.Account, hash []byte, until time.Time) error
	ByReset(ctx context.Context, hash []byte) (Account, error)
	SetProfile(ctx context.Context, who id.Account, name, email string) error
	SetHistoryPaused(ctx context.Context, who id.Account, paused bool) error
	// DeleteAccount removes the account with its sessions, devices and tokens
	// and retires its handle.
	DeleteAccount(ctx context.Context, a Account) error
	// Retired reports whether a deleted account had the handle, or a listener is or was
	// seen on other servers by it.
	Retired(ctx context.Context, handle string) (bool, error)

	InsertSession(ctx context.Context, s Session) error
	Session(ctx context.Context, hash []byte) (Session, Account, error)
	Sessions(ctx context.Context, who id.Account) ([]Session, error)
	TouchSession(ctx context.Context, hash []byte, seen, expires time.Time) error
	EndSession(ctx context.Context, hash []byte) error
	// EndSessions ends all sessions of an account but the one named by keep.
	EndSessions(ctx context.Context, who id.Account, keep []byte) error
	ExpireSessions(ctx context.Context) error

	InsertDevice(ctx context.Context, d Device) error
	Device(ctx context.Context, key id.Bytes16) (Device, error)
	Devices(ctx context.Context, who id.Account) ([]Device, error)
	RevokeDevice(ctx context.Context, who id.Account, key id.Bytes16) error

	InsertToken(ctx context.Context, t Token) error
	Token(ctx context.Context, hash []byte) (Token, Account, error)
	Tokens(ctx context.Context, who id.Account) ([]Token, error)
	TouchToken(ctx context.Context, t id.Token, seen time.Time) error
	DeleteToken(ctx context.Context, who id.Account, t id.Token) error
	DeleteTokens(ctx context.Context, who id.Account) error

	Audit(ctx context.Context, actor, action, about, note string) error
	// Audited lists records, the newest first, after the one named.
	Audited(ctx context.Context, after string, n int) ([]Record, error)
}

// An Eraser removes what another domain keeps of an account, in the
// transaction that deletes it.
type Eraser func(ctx context.Context, tx Tx, who id.Account) error

// Config is what a Service needs.
type Config struct {
	Store Store
	Now   func() time.Time
	Erase []Eraser // run in order before the account itself is deleted
	// Send has a letter sent once the transaction is durable; nil: there are none.
	Send func(ctx context.Context, tx Tx, e Errand) error
	// Confirms says that letters leave the node, so that an address has to be
	// shown to be theirs before it counts.
	Confirms bool
}

// A Service holds everything that is done with accounts. Its methods may be
// called from many goroutines.
type Service struct {
	store    Store
	now      func() time.Time
	erase    []Eraser
	hasher   *hasher
	byAddr   *limit.Limiter // sign-ins from a network
	byPair   *limit.Limiter // to one account from one network, or by one session
	byLogin  *limit.Limiter // to one account from networks it is not known in
	known    limit.Known    // networks in which an account signed in
	signUps  *limit.Limiter
	settings cache

	send      func(ctx context.Context, tx Tx, e Errand) error
	confirms  bool
	byAsker   *limit.Limiter // networks that ask for a new password
	byAsked   *limit.Limiter // accounts that one is asked for
	byInviter *limit.Limiter
	byAddress *limit.Limiter // letters that ask whether an address is theirs, by account
	byTarget  *limit.Limiter // letters to addresses that nobody has confirmed, by address
}

// New returns a service.
func New(c Config) *Service {
	return &Service{
		store: c.Store, now: c.Now, erase: c.Erase, hasher: newHasher(),
		byAddr: limit.New(5*time.Second, 30), byPair: limit.New(30*time.Second, 10), byLogin: limit.New(10*time.Second, 100), signUps: limit.New(time.Minute, 20),
		send: c.Send, confirms: c.Confirms,
		byAsker: limit.New(time.Minute, 10), byAsked: limit.New(20*time.Minute, 3), byInviter: limit.New(10*time.Minute, 20), byAddress: limit.New(10*time.Minute, 5), byTarget: limit.New(8*time.Hour, 3),
	}
}

// Account returns one account. Faults: NotFound.
func (s *Service) Account(ctx context.Context, who id.Account) (a Account, err error) {
	err = s.store.AccountView(ctx, func(tx Tx) error { a, err = tx.Account(ctx, who); return err })
	return a, err
}

// ByHandle returns the account with a handle. Faults: NotFound.
func (s *Service) ByHandle(ctx context.Context, handle string) (a Account, err error) {
	err = s.store.AccountView(ctx, func(tx Tx) error { a, err = tx.ByHandle(ctx, fold(handle)); return err })
	return a, err
}

// A Profile is what somebody changes of how they are shown and reached. What is
// nil stays.
type Profile struct {
	Name     *string
	Email    *string // "" none
	Password string  // who has the address has the account: another one needs it
}

// SetProfile changes how p is shown and reached. Where letters leave the node,
// another address counts once the link of a letter to it was followed; until
// then writing it again changes nothing, and writing the one that counts takes it
// back. Faults: Unauthenticated; Forbidden for a token that changes the address;
// Invalid, on "password" too; Limited; Conflict when the address is taken.
func (s *Service) SetProfile(ctx context.Context, p Principal, in Profile) error {
	if err := p.signedIn(); err != nil {
		return err
	}
	a, err := s.Account(ctx, p.Account)
	if err != nil {
		return err
	}
	name := a.Name
	if in.Name != nil {
		if name, err = cleanName(*in.Name, ""); err != nil {
			return err
		}
	}
	email := cmp.Or(a.Pending, a.Email)
	if in.Email != nil {
		if email, err = cleanEmail(*in.Email); err != nil {
			return err
		}
	}
	if email != a.Email && email != a.Pending {
		if in.Password == "" && !p.Token {
			return fault.On("password", fault.Invalid, "Another address needs your password.")
		}
		if err := s.confirm(ctx, p, "password", in.Password); err != nil {
			return err
		}
	}
	err = s.store.AccountUpdate(ctx, func(tx Tx) error { return s.setProfile(ctx, tx, p.Account, name, email) })
	return taken(err, "email", "There is an account with that address already.")
}

func (s *Service) setProfile(ctx context.Context, tx Tx, who id.Account, name, email string) error {
	a, err := tx.Account(ctx, who)
	if err != nil {
		return err
	}
	switch {
	case email != "" && email == a.Pending:
		return tx.SetProfile(ctx, who, name, a.Email)
	case s.confirms && email != "" && email != a.Email:
		return errors.Join(tx.SetProfile(ctx, who, name, a.Email), s.ask(ctx, tx, a, email))
	}
	if old := s.reaches(a); old != "" && old != email {
		if err := s.post(ctx, tx, Errand{Kind: ErrandMoved, Account: who, Email: old}); err != nil {
			return err
		}
	}
	return errors.Join(forgetPending(ctx, tx, who), tx.SetProfile(ctx, who, name, email))
}

// SetHistoryPaused stops or resumes keeping what p listens to. Faults:
// Unauthenticated.
func (s *Service) SetHistoryPaused(ctx context.Context, p Principal, paused bool) error {
	if err := p.signedIn(); err != nil {
		return err
	}
	return s.store.AccountUpdate(ctx, func(tx Tx) error { return tx.SetHistoryPaused(ctx, p.Account, paused) })
}

// taken gives a Conflict its field and sentence.
func taken(err error, field, sentence string) error {
	if !fault.Is(err, fault.Conflict) || fault.Field(err) != "" {
		return err
	}
	return fault.On(field, fault.Conflict, "%s", fault.Term(sentence))
}
