package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/jobs"
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/store"
	"github.com/michaelperna/9ten/internal/web/letter"
)

// The jobs that have the letters of a day and of a week sent.
const (
	jobDaily  = "notice.day"  // 07:00
	jobWeekly = "notice.week" // 07:05 on Mondays
)

// notices are what people are told, with the links of their letters.
type notices struct {
	*notice.Desk
	keys keys
}

func (n *node) openNotices() {
	n.notices = notices{&notice.Desk{Store: n.db, Send: enqueueDigest, Anyone: n.cfg.Mail.Server == ""}, n.keys}
	for kind, way := range map[string]notice.Way{jobDaily: notice.Daily, jobWeekly: notice.Weekly} {
		n.jobs.Handle(kind, jobs.Options{}, func(ctx context.Context, _ jobs.Job) error {
			sent, err := n.notices.Post(ctx, way, calendar.DayOf(n.now()))
			if sent > 0 {
				n.log.Info("letters that tell what happened", "way", way, "n", sent)
			}
			return err
		})
	}
	n.jobs.At(jobDaily, jobs.Date{Hour: 7})
	n.jobs.At(jobWeekly, jobs.Date{Weekday: 1, Hour: 7, Minute: 5})
}

// enqueueDigest has a letter sent that tells what happened.
func enqueueDigest(ctx context.Context, tx notice.Tx, a id.Account, about string) error {
	e := account.Errand{Kind: account.ErrandDigest, Account: a, About: about}
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return store.Base(tx).Enqueue(ctx, jobLetter, e.Key(), b, time.Time{})
}

// digest writes such a letter: to nobody when all of it was read meanwhile.
func (n *node) digest(ctx context.Context, lang string, to account.Link, e account.Errand) (p post, err error) {
	list, err := n.notices.Letter(ctx, e.Account, e.About)
	if err != nil || len(list) == 0 {
		return p, err
	}
	p.to = to.To
	p.unsubscribe = n.cfg.BaseURL + "/letters/stop?token=" + url.QueryEscape(n.notices.token(e.Account))
	p.letter, err = n.mail.letters.Digest(lang, n.name(ctx), to.Account.Name, list, letter.Links{Stop: p.unsubscribe, Choose: n.cfg.BaseURL + "/account/notifications"})
	return p, err
}

// token is what a letter's link ends letters with, for good: who has it can do
// nothing else with it.
func (n notices) token(a id.Account) string {
	h := hmac.New(sha256.New, n.keys.secret)
	h.Write([]byte("9ten/letters-stop/v1\x00" + a))
	return string(a) + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}

// Stop ends the letters of whoever a link is for. Faults: Forbidden.
func (n notices) Stop(ctx context.Context, token string) error {
	name, _, _ := strings.Cut(token, ".")
	a, err := id.Parse[id.Account](name)
	if err != nil || !hmac.Equal([]byte(token), []byte(n.token(a))) {
		return fault.New(fault.Forbidden, "This link is not whole. Sign in and say on your page of notifications that no letters shall come.")
	}
	return n.StopLetters(ctx, a)
}
