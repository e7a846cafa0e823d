package store

import (
	"context"
	"errors"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

const noInvitation = "There is no such invitation."

func (tx accountTx) SetLang(ctx context.Context, who id.Account, lang string) error {
	return wrap(tx.Q.AccountSetLang(ctx, sqlgen.AccountSetLangParams{Lang: lang, ID: string(who)}), "language")
}

func (tx accountTx) SetPending(ctx context.Context, who id.Account, email string) error {
	return changed(tx.Q.AccountSetPending(ctx, sqlgen.AccountSetPendingParams{Pending: email, ID: string(who)}))(noAccount)
}

func (tx accountTx) SetAddress(ctx context.Context, who id.Account, email string, confirmed time.Time) error {
	n, err := tx.Q.AccountConfirm(ctx, sqlgen.AccountConfirmParams{Email: email, Confirmed: confirmed.UnixMilli(), ID: string(who)})
	return changed(n, tx.dialect.explain(err))(noAccount)
}

func (tx accountTx) YieldAddress(ctx context.Context, email string, owner id.Account) error {
	return wrap(tx.Q.AccountYield(ctx, sqlgen.AccountYieldParams{Email: email, Owner: string(owner)}), "address")
}

func (tx accountTx) InsertLink(ctx context.Context, hash []byte, who id.Account, kind, email string, until time.Time) error {
	return wrap(tx.Q.LinkInsert(ctx, sqlgen.LinkInsertParams{Hash: hash, Account: string(who), Kind: kind, Email: email, Until: until.UnixMilli()}), "link")
}

func (tx accountTx) ByLink(ctx context.Context, kind string, hash []byte) (account.Account, string, error) {
	r, err := tx.Q.LinkByHash(ctx, sqlgen.LinkByHashParams{Hash: hash, Kind: kind, Now: tx.Ms()})
	return person(r.Account), r.SentTo, missing(err, noAccount)
}

func (tx accountTx) DropLinks(ctx context.Context, who id.Account, kind string) error {
	return wrap(tx.Q.LinkVoid(ctx, sqlgen.LinkVoidParams{Account: string(who), Kind: kind}), "links")
}

func (tx accountTx) ExpireLetters(ctx context.Context) error {
	return wrap(errors.Join(tx.Q.LinkExpire(ctx, tx.Ms()), tx.Q.InvitationExpire(ctx, tx.Ms())), "letters")
}

func (tx accountTx) InsertInvitation(ctx context.Context, in account.Invitation, hash []byte) error {
	return wrap(tx.Q.InvitationInsert(ctx, sqlgen.InvitationInsertParams{
		ID: in.ID, Hash: hash, Maker: in.Maker, Email: in.Email, Role: string(in.Role), Lang: in.Lang, Made: in.Made.UnixMilli(), Until: in.Until.UnixMilli(),
	}), "invitation")
}

func (tx accountTx) Invitation(ctx context.Context, invitation string) (account.Invitation, error) {
	r, err := tx.Q.InvitationByID(ctx, sqlgen.InvitationByIDParams{ID: invitation, Now: tx.Ms()})
	return invited(r), missing(err, noInvitation)
}

func (tx accountTx) ByInvitation(ctx context.Context, hash []byte) (account.Invitation, error) {
	r, err := tx.Q.InvitationByHash(ctx, sqlgen.InvitationByHashParams{Hash: hash, Now: tx.Ms()})
	return invited(r), missing(err, noInvitation)
}

func (tx accountTx) SetInvitation(ctx context.Context, invitation string, hash []byte) error {
	return changed(tx.Q.InvitationSetHash(ctx, sqlgen.InvitationSetHashParams{Hash: hash, ID: invitation}))(noInvitation)
}

func (tx accountTx) Invitations(ctx context.Context, maker string) ([]account.Invitation, error) {
	rows, err := tx.Q.InvitationList(ctx, sqlgen.InvitationListParams{Maker: maker, Now: tx.Ms()})
	return each(rows, invited), wrap(err, "invitations")
}

func (tx accountTx) DeleteInvitation(ctx context.Context, invitation, maker string) error {
	return changed(tx.Q.InvitationDelete(ctx, sqlgen.InvitationDeleteParams{ID: invitation, Maker: maker}))(noInvitation)
}

func invited(r sqlgen.Invitation) account.Invitation {
	return account.Invitation{ID: r.ID, Maker: r.Maker, Email: r.Email, Role: account.Role(r.Role), Lang: r.Lang, Made: utc(r.Made), Until: utc(r.Until)}
}
