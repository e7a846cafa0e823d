package site

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/web"
)

// Notices are what people are told.
type Notices interface {
	List(ctx context.Context, a id.Account, after string, n int) (notice.List, error)
	Unread(ctx context.Context, a id.Account) (int64, error)
	Read(ctx context.Context, a id.Account, until time.Time, name string) error
	Choices(ctx context.Context, a id.Account) ([]notice.Choice, error)
	Choose(ctx context.Context, a id.Account, list ...notice.Choice) error
	// Stop ends the letters of whoever a letter's link is for.
	Stop(ctx context.Context, token string) error
}

// NotificationsPage is what somebody was told, the latest first.
type NotificationsPage struct {
	web.Page
	Days  []NoticeDay
	Until int64 // Unix milliseconds: what came later is not on the page
	More  string
}

// NoticeDay is one day of it.
type NoticeDay struct {
	When  time.Time
	Lines []NoticeLine
}

// NoticeLine is one notice.
type NoticeLine struct {
	Icon, Text, URL string
	Who             string // who did it, when they are several
	Clock           string
	Seen            bool
}

// perNotices is how many a page shows.
const perNotices = 50

var noticeIcons = map[notice.Kind]string{
	notice.Release: "vinyl-record", notice.Comment: "waveform", notice.Answer: "waveform", notice.Like: "heart", notice.Boost: "share-network", notice.Follower: "users",
	notice.Earned: "currency-dollar", notice.Owed: "warning-circle", notice.Receipt: "receipt", notice.Unpaid: "warning-circle", notice.Ended: "info", notice.Moved: "users", notice.Fan: "users", notice.Invited: "plus", notice.Label: "users",
}

func (v *visit) notifications() error {
	list, err := v.site.Notices.List(v.Context(), v.viewer.Account, v.URL.Query().Get("after"), perNotices)
	if err != nil {
		return err
	}
	p := &NotificationsPage{Page: v.base("Notifications", ""), More: v.pagePath("after", list.Next)}
	p.NoIndex = true
	for i := range list.Rows {
		row := &list.Rows[i]
		if i == 0 {
			p.Until = row.At.UnixMilli()
		}
		at := row.At.UTC()
		day := at.Truncate(24 * time.Hour)
		if n := len(p.Days); n == 0 || !p.Days[n-1].When.Equal(day) {
			p.Days = append(p.Days, NoticeDay{When: day})
		}
		d := &p.Days[len(p.Days)-1]
		d.Lines = append(d.Lines, v.noticeLine(row))
	}
	return v.show("notifications", p)
}

func (v *visit) noticeLine(n *notice.Notice) NoticeLine {
	line := NoticeLine{Icon: noticeIcons[n.Kind], Text: v.site.Renderer.Told(v.Request, n), URL: web.ToldAt(n), Clock: n.At.UTC().Format("15:04"), Seen: n.Seen}
	if n.N > 1 {
		line.Who = strings.Join(n.Who, ", ")
	}
	if !n.Seen {
		line.URL = "/notifications/open?" + url.Values{"name": {n.Name}, "to": {line.URL}}.Encode()
	}
	return line
}

// openNotice leads to what a notice is about, which is read then.
func (v *visit) openNotice() error {
	q := v.URL.Query()
	if name := q.Get("name"); name != "" {
		if err := v.site.Notices.Read(v.Context(), v.viewer.Account, time.Time{}, name); err != nil {
			return err
		}
	}
	return v.goTo(q.Get("to"), "")
}

// readNotices marks as read what the page showed.
func (v *visit) readNotices() error {
	ms, err := strconv.ParseInt(v.form.Get("until"), 10, 64)
	until := time.Time{}
	if err == nil && ms > 0 {
		until = time.UnixMilli(ms)
	}
	if err := v.site.Notices.Read(v.Context(), v.viewer.Account, until, ""); err != nil {
		return err
	}
	return v.goTo("/notifications", "")
}

// NoticeChoicesPage is how somebody is told.
type NoticeChoicesPage struct {
	web.Page
	Yours, Acts []web.Field
	Address     string // where letters go, "" nowhere
	Unsure      bool   // nobody has shown that it is theirs, so none goes there
}

// kindWords are the kinds for people.
var kindWords = map[notice.Kind]web.Field{
	notice.Release: {Label: "New releases of acts you follow"}, notice.Moved: {Label: "Acts you follow that moved"}, notice.Answer: {Label: "Answers to your comments"}, notice.Invited: {Label: "Invitations to playlists"}, notice.Fan: {Label: "Who follows you on other servers"}, notice.Receipt: {Label: "Your receipts"},
	notice.Unpaid: {Label: "A month that is not paid"}, notice.Ended: {Label: "The end of your subscription"}, notice.Comment: {Label: "Comments on your music"},
	notice.Like: {Label: "Who likes your music"}, notice.Boost: {Label: "Who shares your music"}, notice.Follower: {Label: "New followers"}, notice.Label: {Label: "What labels and acts agree on"},
	notice.Earned: {Label: "What a month brought"}, notice.Owed: {Label: "Money that waits for a wallet"},
}

var wayOptions = []web.Option{
	{Value: string(notice.Here), Label: "Here"}, {Value: string(notice.Daily), Label: "Here, and in a daily letter"},
	{Value: string(notice.Weekly), Label: "Here, and in a weekly letter"}, {Value: string(notice.Never), Label: "Not at all"},
}

func (v *visit) noticeChoices() error {
	list, err := v.site.Notices.Choices(v.Context(), v.viewer.Account)
	if err != nil {
		return err
	}
	a, err := v.site.Accounts.Account(v.Context(), v.viewer.Account)
	if err != nil {
		return err
	}
	p := &NoticeChoicesPage{Page: v.base("What you are told", ""), Address: a.Email, Unsure: a.Confirmed.IsZero() && v.site.Post.Server() != ""}
	p.NoIndex = true
	for _, c := range list {
		f := kindWords[c.Kind]
		f.Name, f.Type, f.Value, f.Options = string(c.Kind), "select", string(c.Way), wayOptions
		switch {
		case !c.Kind.ForActs():
			p.Yours = append(p.Yours, f)
		case v.viewer.Has(account.Artist):
			p.Acts = append(p.Acts, f)
		}
	}
	return v.show("notice-choices", p)
}

func (v *visit) saveNoticeChoices() error {
	var list []notice.Choice
	for k := range kindWords {
		if way := v.form.Get(string(k)); way != "" {
			list = append(list, notice.Choice{Kind: k, Way: notice.Way(way)})
		}
	}
	if err := v.site.Notices.Choose(v.Context(), v.viewer.Account, list...); err != nil {
		return err
	}
	return v.goTo("/account/notifications", "Saved.")
}

// StopPage ends letters, for whoever has the link of one, signed in or not.
type StopPage struct {
	web.Page
	Token   string
	Stopped bool
}

// stopPage only asks: programs that look into letters open links, too.
func (v *visit) stopPage() *StopPage {
	v.keepSecret()
	p := &StopPage{Page: v.base("Letters", ""), Token: v.URL.Query().Get("token")}
	p.Bare, p.NoIndex = true, true
	return p
}

func (v *visit) stopLetters() error { return v.show("stop", v.stopPage()) }

// doStopLetters takes the page's form, and what mail programs send by themselves
// (RFC 8058).
func (v *visit) doStopLetters() error {
	p := v.stopPage()
	if err := v.site.Notices.Stop(v.Context(), p.Token); err != nil {
		return err
	}
	p.Stopped = true
	return v.show("stop", p)
}
