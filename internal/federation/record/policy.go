package record

import (
	"slices"
	"strings"

	"github.com/michaelperna/9ten/internal/federation/form"
	"github.com/michaelperna/9ten/internal/federation/vocab"
	"github.com/michaelperna/9ten/internal/social"
)

// policies are who may do what with a thing of an act, as GoToSocial's interactionPolicy
// says: what it does not speak of is everybody's.
func policies(o *vocab.Object) social.Policies {
	said, _ := o.Extra["interactionPolicy"].(map[string]any)
	out := social.Policies{}
	for verb, rule := range form.Rules {
		if r, ok := under(said, rule).(map[string]any); ok {
			out[verb] = policy(r)
		}
	}
	return out
}

// policy is who may by one rule, "" for everybody. Whom the act has to let in one by one
// may not here, since nobody asks it; where some others may who are not named by
// themselves, that is taken for its followers.
func policy(rule map[string]any) social.Policy {
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
