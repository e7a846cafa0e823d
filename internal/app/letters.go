package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/store"
	"github.com/michaelperna/9ten/internal/web/letter"
)

// jobLetter writes a letter and hands it to the mail server.
const jobLetter = "mail.letter"

// letterTries is how often a letter is tried that the mail server puts off: with
// pauses of an hour at the end, for two days.
const letterTries = 54

// A post is a letter that is ready, and where it goes; to nobody when there is
// nothing to be said any more.
type post struct {
	to          string
	letter      letter.Letter
	unsubscribe string
}

// enqueueLetter has a letter sent if and only if a transaction is durable.
func enqueueLetter(ctx context.Context, tx account.Tx, e account.Errand) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return store.Base(tx).Enqueue(ctx, jobLetter, e.Key(), b, time.Time{})
}

// deliver writes a letter and sends it. What is refused for good is given up at
// once, which the operator's page and doctor show.
func (n *node) deliver(ctx context.Context, j jobs.Job) error {
	var e account.Errand
	if err := json.Unmarshal(j.Payload, &e); err != nil {
		return jobs.Stop(fmt.Errorf("letter: %w", err))
	}
	p, err := n.compose(ctx, e, n.keys.letter(j.ID))
	if err != nil || p.to == "" {
		return err
	}
	err = n.mail.send(ctx, j.ID, p.to, p.letter, p.unsubscribe)
	if fault.Is(err, fault.Invalid) {
		return jobs.Stop(err)
	}
	return err
}

// expireLetters forgets letters that were sent into the node's folder, and those that
// were given up, with the addresses in them and what the mail server said.
func (n *node) expireLetters(ctx context.Context) error {
	return errors.Join(n.mail.expire(), n.jobs.ExpireDead(ctx, jobLetter, n.now().Add(-lettersFor)))
}

// letter is the secret of a letter's link: the same whenever the letter is
// written again, so that none that arrived is void.
func (k keys) letter(job string) []byte {
	h := hmac.New(sha256.New, k.secret)
	h.Write([]byte("9ten/letter/v1\x00" + job))
	return h.Sum(nil)
}

// compose writes the letter of an errand.
func (n *node) compose(ctx context.Context, e account.Errand, secret []byte) (p post, err error) {
	w, name := n.mail.letters, n.name(ctx)
	at := func(path, token string) string { return n.cfg.BaseURL + path + url.QueryEscape(token) }
	lang := func(a account.Account) string {
		if e.Lang != "" {
			return e.Lang
		}
		return a.Lang
	}
	if e.Kind == account.ErrandInvite {
		in, from, token, err := n.accounts.InviteLetter(ctx, e, secret)
		if err != nil {
			return p, err
		}
		p.to = in.Email
		p.letter, err = w.Invite(lang(account.Account{}), name, from, at("/signup?invitation=", token))
		return p, err
	}
	links := map[string]func(context.Context, account.Errand, []byte) (account.Link, error){
		account.ErrandReset: n.accounts.ResetLetter, account.ErrandConfirm: n.accounts.ConfirmLetter,
	}
	link, ok := links[e.Kind]
	if !ok {
		link = func(ctx context.Context, e account.Errand, _ []byte) (account.Link, error) {
			return n.accounts.NoticeLetter(ctx, e)
		}
	}
	l, err := link(ctx, e, secret)
	if err != nil || l.To == "" {
		return p, err
	}
	a := l.Account
	p.to = l.To
	switch e.Kind {
	case account.ErrandReset:
		p.letter, err = w.Reset(lang(a), name, a.Name, at("/reset?token=", l.Secret))
	case account.ErrandConfirm:
		p.letter, err = w.Confirm(lang(a), name, a.Handle, at("/address?token=", l.Secret))
	case account.ErrandPassword:
		p.letter, err = w.Password(lang(a), name, a.Name)
	case account.ErrandMoved:
		p.letter, err = w.Moved(lang(a), name, a.Name)
	case account.ErrandDigest:
		return n.digest(ctx, lang(a), l, e)
	default:
		err = jobs.Stop(fmt.Errorf("there is no letter %q", strings.ToValidUTF8(e.Kind, "")))
	}
	return p, err
}
