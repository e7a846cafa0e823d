package store

import (
	"context"
	"crypto/sha256"
	"math"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

var _ account.Store = (*DB)(nil)

const (
	noAccount = "There is no such account here."
	noDevice  = "There is no such device."
	noToken   = "There is no such token."
)

// AccountView runs fn on a snapshot for the accounts.
func (db *DB) AccountView(ctx context.Context, fn func(account.Tx) error) error {
	return db.View(ctx, func(tx *Tx) error { return fn(accountTx{tx}) })
}

// AccountUpdate runs fn in a write transaction for the accounts.
func (db *DB) AccountUpdate(ctx context.Context, fn func(account.Tx) error) error {
	return db.Update(ctx, func(tx *Tx) error { return fn(accountTx{tx}) })
}

// Base returns the transaction behind a domain's, so that several domains can
// take part in one: what deletes an account is an account.Tx, and each eraser
// needs its own. It panics for a Tx that is not of this package: the wiring
// is broken.
func Base(tx any) *Tx { return tx.(interface{ base() *Tx }).base() }

func (tx *Tx) base() *Tx { return tx }

// Audit keeps who did what to what, and why.
func (tx *Tx) Audit(ctx context.Context, actor, action, about, note string) error {
	return wrap(tx.Q.AuditInsert(ctx, sqlgen.AuditInsertParams{
		ID: string(id.New[id.Entry](tx.Now)), At: tx.Ms(), Actor: actor, Action: action, About: about, Note: note,
	}), "audit")
}

type accountTx struct{ *Tx }

func (tx accountTx) Now() time.Time { return tx.Tx.Now }

func (tx accountTx) Settings(ctx context.Context) (map[string]string, error) {
	rows, err := tx.Q.SettingAll(ctx)
	m := make(map[string]string, len(rows))
	for _, r := range rows {
		m[r.Key] = r.Value
	}
	return m, wrap(err, "settings")
}

func (tx accountTx) SetSetting(ctx context.Context, key, value string) error {
	return wrap(tx.Q.SettingSet(ctx, sqlgen.SettingSetParams{Key: key, Value: value}), "setting")
}

func (tx accountTx) InsertAccount(ctx context.Context, a account.Account, password string) error {
	return tx.dialect.explain(wrap(tx.Q.AccountInsert(ctx, sqlgen.AccountInsertParams{
		ID: string(a.ID), Handle: a.Handle, Email: a.Email, Name: a.Name, Role: string(a.Role), Password: password, Created: a.Created.UnixMilli(),
		Lang: a.Lang, Confirmed: stored(a.Confirmed), Pending: a.Pending,
	}), "account"))
}

func (tx accountTx) Account(ctx context.Context, who id.Account) (account.Account, error) {
	r, err := tx.Q.AccountByID(ctx, string(who))
	return person(r), missing(err, noAccount)
}

func (tx accountTx) ByHandle(ctx context.Context, handle string) (account.Account, error) {
	r, err := tx.Q.AccountByHandle(ctx, handle)
	return person(r), missing(err, noAccount)
}

func (tx accountTx) Login(ctx context.Context, login string) (account.Account, string, error) {
	r, err := tx.Q.AccountByLogin(ctx, sqlgen.AccountByLoginParams{Handle: login, Email: login, Handle2: login})
	return person(r), r.Password, missing(err, noAccount)
}

func (tx accountTx) Password(ctx context.Context, who id.Account) (string, error) {
	p, err := tx.Q.AccountPassword(ctx, string(who))
	return p, missing(err, noAccount)
}

func (tx accountTx) Accounts(ctx context.Context, after id.Account, n int) ([]account.Account, error) {
	rows, err := tx.Q.AccountList(ctx, sqlgen.AccountListParams{After: string(after), N: limit(n)})
	return each(rows, person), wrap(err, "accounts")
}

func (tx accountTx) Find(ctx context.Context, text string, after id.Account, n int) ([]account.Account, error) {
	// An underscore, which handles may have, matches itself and more: no harm.
	pattern := "%" + strings.ReplaceAll(text, "%", "") + "%"
	rows, err := tx.Q.AccountFind(ctx, sqlgen.AccountFindParams{After: string(after), Pattern: pattern, N: limit(n)})
	return each(rows, person), wrap(err, "accounts")
}

func (tx accountTx) CountRole(ctx context.Context, r account.Role) (int64, error) {
	n, err := tx.Q.AccountCountRole(ctx, string(r))
	return n, wrap(err, "roles")
}

func (tx accountTx) SetRole(ctx context.Context, who id.Account, r account.Role) error {
	return changed(tx.Q.AccountSetRole(ctx, sqlgen.AccountSetRoleParams{Role: string(r), ID: string(who)}))(noAccount)
}

func (tx accountTx) SetPassword(ctx context.Context, who id.Account, password string) error {
	if err := tx.DropLinks(ctx, who, "reset"); err != nil {
		return err
	}
	return changed(tx.Q.AccountSetPassword(ctx, sqlgen.AccountSetPasswordParams{Password: password, ID: string(who)}))(noAccount)
}

func (tx accountTx) SetReset(ctx context.Context, who id.Account, hash []byte, until time.Time) error {
	return changed(tx.Q.AccountSetReset(ctx, sqlgen.AccountSetResetParams{ResetHash: hash, ResetUntil: until.UnixMilli(), ID: string(who)}))(noAccount)
}

func (tx accountTx) ByReset(ctx context.Context, hash []byte) (account.Account, error) {
	r, err := tx.Q.AccountByReset(ctx, sqlgen.AccountByResetParams{ResetHash: hash, Now: tx.Ms()})
	return person(r), missing(err, noAccount)
}

func (tx accountTx) SetProfile(ctx context.Context, who id.Account, name, email string) error {
	n, err := tx.Q.AccountSetProfile(ctx, sqlgen.AccountSetProfileParams{Name: name, Email: email, Same: email, ID: string(who)})
	return changed(n, tx.dialect.explain(err))(noAccount)
}

func (tx accountTx) SetHistoryPaused(ctx context.Context, who id.Account, paused bool) error {
	return changed(tx.Q.AccountSetHistoryPaused(ctx, sqlgen.AccountSetHistoryPausedParams{Paused: paused, ID: string(who)}))(noAccount)
}

func (tx accountTx) DeleteAccount(ctx context.Context, a account.Account) error {
	if err := tx.Q.RetiredInsert(ctx, sqlgen.RetiredInsertParams{Hash: handleHash(a.Handle), At: tx.Ms()}); err != nil {
		return wrap(err, "retire handle")
	}
	if err := tx.Q.InvitationDeleteOf(ctx, string(a.ID)); err != nil {
		return wrap(err, "invitations")
	}
	return changed(tx.Q.AccountDelete(ctx, string(a.ID)))(noAccount)
}

func (tx accountTx) Retired(ctx context.Context, handle string) (bool, error) {
	_, err := tx.Q.RetiredByHash(ctx, handleHash(handle))
	if err = missing(err, ""); fault.Is(err, fault.NotFound) {
		return tx.personCalled(ctx, handle)
	}
	return err == nil, wrap(err, "retired handle")
}

func handleHash(handle string) []byte {
	sum := sha256.Sum256([]byte(handle))
	return sum[:]
}

func (tx accountTx) InsertSession(ctx context.Context, s account.Session) error {
	return wrap(tx.Q.SessionInsert(ctx, sqlgen.SessionInsertParams{
		Hash: s.Hash, Account: string(s.Account), Agent: s.Agent, Created: s.Created.UnixMilli(), Seen: s.Seen.UnixMilli(), Expires: s.Expires.UnixMilli(),
	}), "session")
}

func (tx accountTx) Session(ctx context.Context, hash []byte) (account.Session, account.Account, error) {
	r, err := tx.Q.SessionByHash(ctx, hash)
	return session(r.Session), person(r.Account), missing(err, "There is no such session.")
}

func (tx accountTx) Sessions(ctx context.Context, who id.Account) ([]account.Session, error) {
	rows, err := tx.Q.SessionOf(ctx, sqlgen.SessionOfParams{Account: string(who), Now: tx.Ms()})
	return each(rows, session), wrap(err, "sessions")
}

func (tx accountTx) TouchSession(ctx context.Context, hash []byte, seen, expires time.Time) error {
	return wrap(tx.Q.SessionSeen(ctx, sqlgen.SessionSeenParams{Seen: seen.UnixMilli(), Expires: expires.UnixMilli(), Hash: hash}), "session")
}

func (tx accountTx) EndSession(ctx context.Context, hash []byte) error {
	return wrap(tx.Q.SessionDelete(ctx, hash), "session")
}

func (tx accountTx) EndSessions(ctx context.Context, who id.Account, keep []byte) error {
	if keep == nil {
		keep = []byte{} // no session has it; null would compare with nothing
	}
	return wrap(tx.Q.SessionDeleteOf(ctx, sqlgen.SessionDeleteOfParams{Account: string(who), Keep: keep}), "sessions")
}

func (tx accountTx) ExpireSessions(ctx context.Context) error {
	return wrap(tx.Q.SessionExpire(ctx, tx.Ms()), "sessions")
}

func (tx accountTx) InsertDevice(ctx context.Context, d account.Device) error {
	return tx.dialect.explain(wrap(tx.Q.DeviceInsert(ctx, sqlgen.DeviceInsertParams{
		ID: d.ID[:], Account: string(d.Account), Alg: d.Alg, Spki: d.SPKI, Name: d.Name, Created: d.Created.UnixMilli(),
	}), "device"))
}

func (tx accountTx) Device(ctx context.Context, key id.Bytes16) (account.Device, error) {
	r, err := tx.Q.DeviceByID(ctx, key[:])
	return device(r), missing(err, noDevice)
}

func (tx accountTx) Devices(ctx context.Context, who id.Account) ([]account.Device, error) {
	rows, err := tx.Q.DeviceOf(ctx, string(who))
	return each(rows, device), wrap(err, "devices")
}

func (tx accountTx) RevokeDevice(ctx context.Context, who id.Account, key id.Bytes16) error {
	return changed(tx.Q.DeviceRevoke(ctx, sqlgen.DeviceRevokeParams{At: tx.Ms(), ID: key[:], Account: string(who)}))(noDevice)
}

func (tx accountTx) InsertToken(ctx context.Context, t account.Token) error {
	scopes := make([]string, len(t.Scopes))
	for i, s := range t.Scopes {
		scopes[i] = string(s)
	}
	return wrap(tx.Q.TokenInsert(ctx, sqlgen.TokenInsertParams{
		ID: string(t.ID), Account: string(t.Account), Hash: t.Hash, Name: t.Name, Scopes: strings.Join(scopes, " "),
		Created: t.Created.UnixMilli(), Expires: stored(t.Expires),
	}), "token")
}

func (tx accountTx) Token(ctx context.Context, hash []byte) (account.Token, account.Account, error) {
	r, err := tx.Q.TokenByHash(ctx, hash)
	return token(r.Token), person(r.Account), missing(err, noToken)
}

func (tx accountTx) Tokens(ctx context.Context, who id.Account) ([]account.Token, error) {
	rows, err := tx.Q.TokenOf(ctx, string(who))
	return each(rows, token), wrap(err, "tokens")
}

func (tx accountTx) TouchToken(ctx context.Context, t id.Token, seen time.Time) error {
	return wrap(tx.Q.TokenSeen(ctx, sqlgen.TokenSeenParams{Seen: seen.UnixMilli(), ID: string(t)}), "token")
}

func (tx accountTx) DeleteToken(ctx context.Context, who id.Account, t id.Token) error {
	return changed(tx.Q.TokenDelete(ctx, sqlgen.TokenDeleteParams{ID: string(t), Account: string(who)}))(noToken)
}

func (tx accountTx) DeleteTokens(ctx context.Context, who id.Account) error {
	return wrap(tx.Q.TokenDeleteOf(ctx, string(who)), "tokens")
}

func (tx accountTx) Audited(ctx context.Context, after string, n int) ([]account.Record, error) {
	rows, err := tx.Q.AuditList(ctx, sqlgen.AuditListParams{After: after, N: limit(n)})
	return each(rows, func(r sqlgen.Audit) account.Record {
		return account.Record{ID: r.ID, At: utc(r.At), Actor: r.Actor, Action: r.Action, About: r.About, Note: r.Note}
	}), wrap(err, "audit")
}

func person(r sqlgen.Account) account.Account {
	return account.Account{
		ID: id.Account(r.ID), Handle: r.Handle, Name: r.Name, Email: r.Email, Role: account.Role(r.Role),
		HistoryPaused: r.HistoryPaused, Created: utc(r.Created), Lang: r.Lang, Confirmed: utc(r.Confirmed), Pending: r.Pending,
	}
}

func session(r sqlgen.Session) account.Session {
	return account.Session{Hash: r.Hash, Account: id.Account(r.Account), Agent: r.Agent, Created: utc(r.Created), Seen: utc(r.Seen), Expires: utc(r.Expires)}
}

func device(r sqlgen.Device) account.Device {
	d := account.Device{Account: id.Account(r.Account), Alg: r.Alg, SPKI: r.Spki, Name: r.Name, Created: utc(r.Created), Revoked: utc(r.Revoked)}
	copy(d.ID[:], r.ID)
	return d
}

func token(r sqlgen.Token) account.Token {
	t := account.Token{ID: id.Token(r.ID), Account: id.Account(r.Account), Hash: r.Hash, Name: r.Name, Created: utc(r.Created), Seen: utc(r.Seen), Expires: utc(r.Expires)}
	for _, s := range strings.Fields(r.Scopes) {
		t.Scopes = append(t.Scopes, account.Scope(s))
	}
	return t
}

// changed turns a change that found no row into a NotFound fault.
func changed(n int64, err error) func(sentence string) error {
	return func(sentence string) error {
		if err == nil && n == 0 {
			return fault.New(fault.NotFound, "%s", sentence)
		}
		return err
	}
}

// each maps rows to what the domain calls them.
func each[R, D any](rows []R, f func(R) D) []D {
	out := make([]D, len(rows))
	for i, r := range rows {
		out[i] = f(r)
	}
	return out
}

// limit bounds a number of rows to what a query takes.
func limit(n int) int32 { return int32(max(0, min(n, math.MaxInt32))) }

// stored is a time in milliseconds; the zero time is 0, as utc reads it.
func stored(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
