package api

import (
	"context"
	"net/http"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/notice"
)

// Notices are what people are told.
type Notices interface {
	List(ctx context.Context, a id.Account, after string, n int) (notice.List, error)
	Unread(ctx context.Context, a id.Account) (int64, error)
	Read(ctx context.Context, a id.Account, until time.Time, name string) error
	Choices(ctx context.Context, a id.Account) ([]notice.Choice, error)
	Choose(ctx context.Context, a id.Account, list ...notice.Choice) error
}

// notices are what people are told.
func (a *API) notices(r *router) {
	const tag = "Notifications"
	add(r, operation{method: http.MethodGet, path: "/notifications", id: "list-notifications", tag: tag, scope: account.ScopeRead, summary: "What happened that you have to do with, the latest first; it is kept for 90 days"}, a.listNotices)
	add(r, operation{method: http.MethodPost, path: "/notifications/read", id: "read-notifications", tag: tag, scope: account.ScopeLibrary, summary: "Mark one as read, or all until a time"}, a.readNotices)
	add(r, operation{method: http.MethodGet, path: "/notifications/choices", id: "list-notification-choices", tag: tag, scope: account.ScopeRead, summary: "How you are told of each kind"}, a.noticeChoices)
	add(r, operation{method: http.MethodPut, path: "/notifications/choices", id: "set-notification-choices", tag: tag, scope: account.ScopeLibrary, summary: "Say how you are told of kinds; of others as before"}, a.setNoticeChoices)
}

// Notice is what somebody was told.
type Notice struct {
	Name       string       `json:"name" doc:"Names it among yours"`
	Kind       notice.Kind  `json:"kind" enum:"release,comment,answer,like,boost,follower,fan,invited,label,earned,owed,receipt,unpaid,ended,moved"`
	At         int64        `json:"at_ms" doc:"Unix milliseconds: when the last of them happened"`
	Read       bool         `json:"read"`
	Count      int64        `json:"count" doc:"How many did it that day"`
	Who        []string     `json:"who,omitempty" doc:"Up to three of them: @name of somebody here, @name@host of somebody elsewhere. Who here likes and follows is not named"`
	Act        id.Act       `json:"act,omitempty" doc:"Of this node"`
	ActName    string       `json:"act_name,omitempty"`
	ActHandle  string       `json:"act_handle,omitempty" doc:"Of an act elsewhere with its host"`
	Release    id.Release   `json:"release,omitempty"`
	Title      string       `json:"title,omitempty" doc:"Of the release or the playlist"`
	Track      id.Track     `json:"track,omitempty" doc:"None: the release as a whole"`
	TrackTitle string       `json:"track_title,omitempty"`
	Comment    id.Comment   `json:"comment,omitempty"`
	Playlist   id.Playlist  `json:"playlist,omitempty" doc:"To which somebody invites you"`
	Label      id.Act       `json:"label,omitempty" doc:"Which the act is on, or is asked by"`
	LabelName  string       `json:"label_name,omitempty"`
	LabelAt    string       `json:"label_handle,omitempty"`
	Step       notice.Step  `json:"step,omitempty" enum:"asked,joined,declined,parted" doc:"What became of that"`
	Period     string       `json:"period,omitempty" doc:"The month, 2026-11"`
	Earned     *money.Micro `json:"earned_micro,omitempty" doc:"Of the act in that month"`
}

func noticeOf(n *notice.Notice) Notice {
	out := Notice{Name: n.Name, Kind: n.Kind, At: unixMS(n.At), Read: n.Seen, Count: n.N, Who: n.Who, Act: n.Act, ActName: n.ActName, ActHandle: n.ActHandle,
		Release: n.Release, Title: n.Title, Track: n.Track, TrackTitle: n.TrackTitle, Comment: n.Comment, Playlist: n.List, Label: n.Label, LabelName: n.LabelName, LabelAt: n.LabelHandle, Step: n.Step}
	if n.Period != 0 {
		out.Period = n.Period.String()
	}
	if n.Kind == notice.Earned || n.Kind == notice.Owed {
		out.Earned = &n.Earned
	}
	return out
}

// NoticePage is a page of them, and how many are not read in all.
type NoticePage struct {
	Page[Notice]
	Unread int64 `json:"unread"`
}

func (a *API) listNotices(ctx context.Context, in *PageInput) (*output[NoticePage], error) {
	who := account.From(ctx).Account
	l, err := a.Notices.List(ctx, who, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	n, err := a.Notices.Unread(ctx, who)
	if err != nil {
		return nil, err
	}
	return reply(NoticePage{Page[Notice]{each(l.Rows, noticeOf), l.Next}, n})
}

type readInput struct {
	Body struct {
		Name  string `json:"name,omitempty" doc:"One of them"`
		Until int64  `json:"until_ms,omitempty" minimum:"0" doc:"All that happened until then, Unix milliseconds; without it and without a name, all there are"`
	}
}

func (a *API) readNotices(ctx context.Context, in *readInput) (*struct{}, error) {
	until := time.Time{}
	if in.Body.Until > 0 {
		until = time.UnixMilli(in.Body.Until)
	}
	return nil, a.Notices.Read(ctx, account.From(ctx).Account, until, in.Body.Name)
}

// NoticeChoice is how somebody is told of a kind.
type NoticeChoice struct {
	Kind notice.Kind `json:"kind" enum:"release,comment,answer,like,boost,follower,fan,invited,label,earned,owed,receipt,unpaid,ended,moved"`
	Way  notice.Way  `json:"way" enum:"none,here,day,week" doc:"Not at all, here, or here and in a daily or weekly letter"`
}

func (a *API) noticeChoices(ctx context.Context, _ *struct{}) (*output[[]NoticeChoice], error) {
	list, err := a.Notices.Choices(ctx, account.From(ctx).Account)
	if err != nil {
		return nil, err
	}
	return reply(each(list, func(c *notice.Choice) NoticeChoice { return NoticeChoice(*c) }))
}

func (a *API) setNoticeChoices(ctx context.Context, in *struct{ Body []NoticeChoice }) (*struct{}, error) {
	return nil, a.Notices.Choose(ctx, account.From(ctx).Account, each(in.Body, func(c *NoticeChoice) notice.Choice { return notice.Choice(*c) })...)
}
