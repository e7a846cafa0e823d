package web

import (
	"net/url"
	"strconv"

	"golang.org/x/text/language"

	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/notice"
)

// A teller puts notices into words.
type teller struct {
	words *Catalogue
	lang  language.Tag
}

func (v teller) say(format string, args ...any) string { return v.words.Say(v.lang, format, args...) }

// Told is what a notice says, in one sentence.
func (c *Catalogue) Told(lang language.Tag, n *notice.Notice) string {
	v := teller{c, lang}
	thing := n.Title
	if n.TrackTitle != "" {
		thing = n.TrackTitle
	}
	switch n.Kind {
	case notice.Release:
		return v.say("%[1]s published %[2]s", n.ActName, thing)
	case notice.Comment:
		return v.say("%[1]s commented on %[2]s", v.who(n), thing)
	case notice.Answer:
		return v.say("%[1]s answered your comment on %[2]s", v.who(n), thing)
	case notice.Like, notice.Boost, notice.Follower:
		return v.many(n, thing)
	case notice.Earned:
		return v.say("%[1]s earned %[2]s in %[3]s", n.ActName, dollars(n.Earned), v.month(n.Period))
	case notice.Owed:
		return v.say("%[1]s has no wallet yet: %[2]s of %[3]s wait for one", n.ActName, dollars(n.Earned), v.month(n.Period))
	case notice.Receipt:
		return v.say("Your receipt for %s is ready", v.month(n.Period))
	case notice.Unpaid:
		return v.say("Your subscription is not paid for %s: it ends on the 8th unless it is", v.month(n.Period))
	case notice.Invited:
		by := v.who(n)
		if len(n.Who) == 0 && n.ActName != "" {
			by = n.ActName
		}
		return v.say("%[1]s invites you to work on the playlist %[2]s", by, thing)
	case notice.Label:
		return v.step(n)
	case notice.Fan:
		return v.say("%[1]s follows you on another server, or asks to", v.who(n))
	case notice.Moved:
		return v.say("An act that you follow has moved: you follow %[1]s, @%[2]s, now", n.ActName, n.ActHandle)
	case notice.Ended:
		return v.say("Your subscription has ended")
	}
	return string(n.Kind)
}

// many says what several people did; one from another server is named.
func (v teller) many(n *notice.Notice, thing string) string {
	if n.N == 1 && len(n.Who) == 1 {
		switch n.Kind {
		case notice.Like:
			return v.say("%[1]s likes %[2]s", n.Who[0], thing)
		case notice.Boost:
			return v.say("%[1]s shared %[2]s", n.Who[0], thing)
		}
		return v.say("%[1]s follows %[2]s", n.Who[0], n.ActName)
	}
	switch n.Kind {
	case notice.Like:
		return v.say("%[1]d people like %[2]s", n.N, thing)
	case notice.Boost:
		return v.say("%[1]d people shared %[2]s", n.N, thing)
	}
	return v.say("%[1]d new people follow %[2]s", n.N, n.ActName)
}

// step says what became of an act's being on a label.
func (v teller) step(n *notice.Notice) string {
	switch n.Step {
	case notice.Asked:
		return v.say("%[1]s is asked to be on the label %[2]s", n.ActName, n.LabelName)
	case notice.Joined:
		return v.say("%[1]s is on the label %[2]s now", n.ActName, n.LabelName)
	case notice.Declined:
		return v.say("%[1]s declined to be on the label %[2]s", n.ActName, n.LabelName)
	}
	return v.say("%[1]s is on the label %[2]s no longer", n.ActName, n.LabelName)
}

// who said something: somebody whose name is not known any more is somebody.
func (v teller) who(n *notice.Notice) string {
	if len(n.Who) == 0 {
		return v.say("Somebody")
	}
	return n.Who[0]
}

func (v teller) month(p calendar.Period) string {
	at := p.Start()
	return monthName(v.lang, at.Month()) + " " + strconv.Itoa(at.Year())
}

func dollars(m money.Micro) string {
	s, _ := m.Cents()
	return grouped(s)
}

// ToldAt is the page that a notice is about.
func ToldAt(n *notice.Notice) string {
	switch n.Kind {
	case notice.Comment, notice.Answer:
		return "/release/" + string(n.Release) + "#c-" + string(n.Comment)
	case notice.Release, notice.Like, notice.Boost:
		return "/release/" + string(n.Release)
	case notice.Follower, notice.Moved:
		return "/act/" + url.PathEscape(n.ActHandle)
	case notice.Fan:
		return "/account/person"
	case notice.Invited:
		return "/playlist/" + string(n.List)
	case notice.Label:
		if n.Step == notice.Asked {
			return "/studio/act/" + string(n.Act) + "#h-lab"
		}
		return "/act/" + n.LabelHandle
	case notice.Earned:
		return "/studio/act/" + string(n.Act) + "/statement"
	case notice.Owed:
		return "/studio/act/" + string(n.Act) + "#h-wal"
	case notice.Receipt:
		return "/receipts/" + n.Period.String()
	}
	return "/subscription"
}
