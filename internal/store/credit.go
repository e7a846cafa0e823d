package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx socialTx) Credits(ctx context.Context, r id.Release) (social.Credits, error) {
	c, err := tx.Q.RemoteCreditsOf(ctx, string(r))
	return social.Credits{State: c.State, Trouble: c.Trouble, Proved: utc(c.Proved), Fetched: utc(c.Fetched), Tried: utc(c.Tried)}, missing(err, "Nobody has asked who is paid for this release.")
}

func (tx socialTx) PutCredits(ctx context.Context, r id.Release, c social.Credits) error {
	return wrap(tx.Q.RemoteCreditsPut(ctx, sqlgen.RemoteCreditsPutParams{Release: string(r), State: c.State, Trouble: text(c.Trouble), Proved: ms(c.Proved), Fetched: ms(c.Fetched), Tried: ms(c.Tried)}), "credits")
}

func (tx socialTx) CreditsDue(ctx context.Context, before, since time.Time, each, n int) ([]id.Release, error) {
	rows, err := tx.Q.RemoteCreditsDue(ctx, sqlgen.RemoteCreditsDueParams{Before: ms(before), Since: ms(since), Each: int64(each), Lim: int32(n)})
	out := make([]id.Release, len(rows))
	for i, r := range rows {
		out[i] = id.Release(r)
	}
	return out, wrap(err, "credits")
}

func (tx socialTx) KeepProof(ctx context.Context, body []byte) ([]byte, error) {
	h := sha256.Sum256(body)
	return h[:], wrap(tx.Q.RemoteProofPut(ctx, sqlgen.RemoteProofPutParams{Hash: h[:], Body: body, Fetched: tx.Ms()}), "proof")
}

func (tx socialTx) Payee(ctx context.Context, a id.Act) (p social.Payee, err error) {
	r, err := tx.Q.RemotePayeeOf(ctx, string(a))
	if err != nil {
		return p, missing(err, noAct)
	}
	p = social.Payee{Act: a, Actor: r.Actor, Host: r.Host, Handle: r.Handle, Name: r.Name, Picture: r.Picture, Proved: utc(r.Proved)}
	rows, err := tx.Q.RemoteWalletsOf(ctx, string(a))
	for _, w := range rows {
		p.Wallets = append(p.Wallets, music.Wallet{Address: w.Address, Bps: w.Bps})
	}
	return p, wrap(err, "wallets")
}

func (tx socialTx) PutPayee(ctx context.Context, p social.Payee, proof []byte) error {
	err := tx.Q.RemotePayeePut(ctx, sqlgen.RemotePayeePutParams{Act: string(p.Act), Actor: p.Actor, Host: p.Host, Handle: text(p.Handle), Name: text(p.Name), Picture: text(p.Picture), Proof: proof, Proved: ms(p.Proved)})
	if err != nil {
		return wrap(err, "payee")
	}
	if err := tx.Q.RemoteWalletsClear(ctx, string(p.Act)); err != nil {
		return wrap(err, "wallets")
	}
	for i, w := range p.Wallets {
		if err := tx.Q.RemoteWalletInsert(ctx, sqlgen.RemoteWalletInsertParams{Act: string(p.Act), Line: int64(i), Address: w.Address, Bps: w.Bps}); err != nil {
			return wrap(err, "wallet")
		}
	}
	return nil
}

func (tx socialTx) ConfirmPayee(ctx context.Context, p social.Payee) error {
	return wrap(tx.Q.RemotePayeeConfirm(ctx, sqlgen.RemotePayeeConfirmParams{Handle: text(p.Handle), Name: text(p.Name), Picture: text(p.Picture), Proved: ms(p.Proved), Act: string(p.Act)}), "payee")
}

func (tx socialTx) HasSheet(ctx context.Context, s social.CreditSheet) (bool, error) {
	_, err := tx.Q.RemoteSheetOf(ctx, sqlgen.RemoteSheetOfParams{Track: string(s.Track), Version: int64(s.Version)})
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, wrap(err, "sheet")
	}
	return true, tx.sameSheet(ctx, s)
}

func (tx socialTx) PutSheet(ctx context.Context, s social.CreditSheet, proof []byte) error {
	n, err := tx.Q.RemoteSheetInsert(ctx, sqlgen.RemoteSheetInsertParams{Track: string(s.Track), Version: int64(s.Version), Name: s.Name, Since: ms(s.Since), Proof: proof})
	if err != nil {
		return wrap(err, "sheet")
	}
	if n == 0 {
		return tx.sameSheet(ctx, s)
	}
	across, err := tx.Q.RemoteSheetsAcross(ctx, sqlgen.RemoteSheetsAcrossParams{Track: string(s.Track), Version: int64(s.Version), Since: ms(s.Since)})
	if err != nil {
		return wrap(err, "sheets")
	}
	if across > 0 {
		return fault.New(fault.Conflict, "Version %d of a credit sheet is in force before an earlier one.", s.Version)
	}
	for _, x := range s.Shares {
		if err := tx.Q.RemoteShareInsert(ctx, sqlgen.RemoteShareInsertParams{Track: string(s.Track), Version: int64(s.Version), Act: string(x.Act), Bps: x.Bps}); err != nil {
			return wrap(err, "share")
		}
	}
	return nil
}

// sameSheet refuses a version that says something else than it did.
func (tx socialTx) sameSheet(ctx context.Context, s social.CreditSheet) error {
	was, err := tx.Q.RemoteSheetOf(ctx, sqlgen.RemoteSheetOfParams{Track: string(s.Track), Version: int64(s.Version)})
	if err != nil {
		return wrap(err, "sheet")
	}
	rows, err := tx.Q.RemoteSharesOf(ctx, sqlgen.RemoteSharesOfParams{Track: string(s.Track), Version: int64(s.Version)})
	if err != nil {
		return wrap(err, "shares")
	}
	same := len(rows) == len(s.Shares) && was.Since == ms(s.Since)
	for _, r := range rows {
		same = same && slices.ContainsFunc(s.Shares, func(x music.Share) bool { return string(x.Act) == r.Act && x.Bps == r.Bps })
	}
	if !same {
		return fault.New(fault.Conflict, "Version %d of a credit sheet is not what it was.", s.Version)
	}
	return nil
}

func (tx socialTx) Parts(ctx context.Context, r id.Release) (map[id.Track][]social.Part, error) {
	rows, err := tx.Q.RemoteSharesOfRelease(ctx, sqlgen.RemoteSharesOfReleaseParams{Release: string(r), At: tx.Ms()})
	out := map[id.Track][]social.Part{}
	for _, x := range rows {
		t := id.Track(x.ID)
		out[t] = append(out[t], social.Part{Payee: social.Payee{Act: id.Act(x.Act), Host: x.Host, Handle: x.Handle, Name: x.Name}, Bps: x.Bps, Paid: x.Wallets > 0})
	}
	return out, wrap(err, "shares")
}

// Homes are the nodes of acts elsewhere that a month of this node ever gave
// something.
func (db *DB) Homes(ctx context.Context) (out map[id.Act]string, err error) {
	out = map[id.Act]string{}
	err = db.Read(ctx, func(tx *Tx) error {
		rows, err := tx.Q.RemotePayeeHomes(ctx)
		for _, r := range rows {
			out[id.Act(r.Act)] = r.Host
		}
		return wrap(err, "homes")
	})
	return out, err
}
