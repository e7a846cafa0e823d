package record

import (
	"slices"
	"strings"

	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/social"
)

// replies is who may comment on a thing of an act, as GoToSocial's interactionPolicy says:
// "" where it says nothing, as for everybody. Whom the act has to let in one by one does
// not comment here, since nobody asks it; where some others may who are not named by
// themselves, that is taken for its followers.
func replies(o *vocab.Object, act string) social.Policy {
	policy, _ := o.Extra["interactionPolicy"].(map[string]any)
	rule, ok := under(policy, "canReply").(map[string]any)
	if !ok {
		return ""
	}
	var who []string
	for _, name := range []string{"automaticApproval", "always"} { // the latter until 2025
		switch v := under(rule, name).(type) {
		case string:
			who = append(who, v)
		case []any:
			for _, x := range v {
				if at, ok := x.(string); ok {
					who = append(who, at)
				}
			}
		}
	}
	switch {
	case slices.ContainsFunc(who, vocab.IsPublic):
		return ""
	case slices.ContainsFunc(who, func(at string) bool { return strings.HasSuffix(at, "/followers") }):
		return social.Followers
	}
	return social.Nobody
}

// under is what a thing says under a name, with its prefix or in full, too.
func under(m map[string]any, name string) any {
	for _, prefix := range []string{"", "gts:", "https://gotosocial.org/ns#"} {
		if v, ok := m[prefix+name]; ok {
			return v
		}
	}
	return nil
}
