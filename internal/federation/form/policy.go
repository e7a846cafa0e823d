package form

import (
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/social"
)

// OwnTrack is the document of a track by itself.
func (s Site) OwnTrack(x *Song) *vocab.Object {
	o := s.Own(x)
	s.allow(o, x.Replies)
	return o
}

// allow says on a thing of an act who may comment on it, in GoToSocial's words. Liking
// and sharing is everybody's.
func (s Site) allow(o *vocab.Object, replies social.Policy) {
	act, who := o.Author(), vocab.Public
	switch replies {
	case social.Followers:
		who = act + "/followers"
	case social.Nobody: // but itself
		who = act
	}
	rule := func(who string) map[string]any {
		return map[string]any{"automaticApproval": []string{who}, "manualApproval": []string{}}
	}
	o.Put("interactionPolicy", map[string]any{"canReply": rule(who), "canLike": rule(vocab.Public), "canAnnounce": rule(vocab.Public)})
}
