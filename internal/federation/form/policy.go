package form

import (
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/social"
)

// Rules are what GoToSocial calls who may do what.
var Rules = map[social.Verb]string{social.Commenting: "canReply", social.Liking: "canLike", social.Boosting: "canAnnounce"}

// Allowed is who may do what with a thing of an act.
type Allowed struct {
	Policies social.Policies
	Label    id.Act // of this node, which announces it, "" none
}

// OwnTrack is the document of a track by itself.
func (s Site) OwnTrack(x *Song) *vocab.Object {
	o := s.Own(x)
	s.allow(o, x.Allowed)
	return o
}

// aloof says on a comment that nobody likes or boosts it: nothing of that is kept here. Who
// answers it is for whose music it is about to say.
func aloof(o *vocab.Object) {
	nobody := map[string]any{"automaticApproval": []string{o.Author()}, "manualApproval": []string{}}
	o.Put("interactionPolicy", map[string]any{Rules[social.Liking]: nobody, Rules[social.Boosting]: nobody})
}

// allow says on a thing of an act who may do what with it, in GoToSocial's words. The act
// itself may, and its label announces what is published under its name.
func (s Site) allow(o *vocab.Object, a Allowed) {
	act, said := o.Author(), map[string]any{}
	for verb, rule := range Rules {
		who := []string{vocab.Public}
		switch a.Policies[verb] {
		case social.Followers:
			who = []string{act + "/followers"}
		case social.Nobody:
			who = []string{act}
		}
		if verb == social.Boosting && a.Label != "" && who[0] != vocab.Public {
			who = append(who, s.Act(a.Label))
		}
		said[rule] = map[string]any{"automaticApproval": who, "manualApproval": []string{}}
	}
	o.Put("interactionPolicy", said)
}
