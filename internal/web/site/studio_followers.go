package site

import (
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/social"
	"github.com/michaelperna/9ten/internal/web"
)

// FollowersPage is who on other servers follows an act, and who is blocked by it.
type FollowersPage struct {
	web.Page
	ID, Name    string
	Federates   bool
	Fans        []FanLine
	Blocked     []FanLine
	MoreFans    string // address of the page with more, "" none
	MoreBlocked string
}

func (v *visit) actFollowers() error {
	full, err := v.ownAct()
	if err != nil {
		return err
	}
	p := &FollowersPage{Page: v.named(full.Act.Name, web.NavStudio), ID: string(full.Act.ID), Name: full.Act.Name, Federates: v.site.Servers.Federates()}
	p.NoIndex = true
	ask := func(state social.FollowState, after string) ([]social.Fan, string, error) {
		return v.site.Door.Visitors(v.Context(), v.ears(), full.Act.ID, state, after)
	}
	if p.Fans, p.MoreFans, err = v.fanLines(social.FollowsThem, ask); err != nil {
		return err
	}
	if p.Blocked, p.MoreBlocked, err = v.fanLines(social.FollowBlock, ask); err != nil {
		return err
	}
	return v.show("studio-followers", p)
}

// fanLines are a page of those of a state, and the address of the one with more: each
// state has a page of its own, which the address names.
func (v *visit) fanLines(state social.FollowState, ask func(state social.FollowState, after string) ([]social.Fan, string, error)) (lines []FanLine, more string, err error) {
	name := string(state)
	list, next, err := ask(state, v.URL.Query().Get(name))
	for i := range list {
		lines = append(lines, fanLine(&list[i]))
	}
	return lines, v.pagePath(name, next), err
}

// judgements are what the buttons beside a follower ask for.
var judgements = map[string]social.FollowState{"admit": social.FollowsThem, "remove": "", "block": social.FollowBlock}

// judgement is what the form asks for. Faults: Invalid.
func (v *visit) judgement() (social.FollowState, error) {
	state, ok := judgements[v.form.Get("do")]
	if !ok {
		return "", fault.On("state", fault.Invalid, "Who asked is let in, or not; who follows is removed or blocked.")
	}
	return state, nil
}

// judgeActFollower removes a follower of an act, blocks somebody, or ends that.
func (v *visit) judgeActFollower() error {
	full, err := v.ownAct()
	if err != nil {
		return err
	}
	state, err := v.judgement()
	if err != nil {
		return err
	}
	if err := v.site.Door.Judge(v.Context(), v.ears(), full.Act.ID, v.form.Get("actor"), state); err != nil {
		return err
	}
	said := v.words("Saved.")
	if state == social.FollowBlock {
		said = v.say("%s has nothing to do with them any more. They are told.", full.Act.Name)
	}
	if v.form.Get("back") != "" {
		return v.back(said)
	}
	return v.goTo("/studio/act/"+string(full.Act.ID)+"/followers", said)
}
