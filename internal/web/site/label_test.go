package site_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// An artist founds a label and asks an act of somebody else, who agrees: what the act
// publishes under the label's name is on its page, and leads there, until one ends it.
func TestLabel(t *testing.T) {
	s := newShop(t)
	cy, dee := s.artist("cy"), s.artist("dee")
	label := cy.sends(http.StatusSeeOther, "/studio/acts", "name", "Reef Records", "kind", "label")
	act := dee.sends(http.StatusSeeOther, "/studio/acts", "name", "The Ferrymen")
	labelID, actID := strings.TrimPrefix(label, "/studio/act/"), strings.TrimPrefix(act, "/studio/act/")
	cy.has("/studio", "A label")
	cy.sends(http.StatusConflict, "/studio/releases", "act", labelID)
	cy.has("/search?q=reef", "Reef Records")
	s.ok(s.studio.SetRole(t.Context(), music.Viewer{Admin: true}, id.Act(actID), s.ada.Account, music.Owner))
	rel, _ := s.public(id.Act(actID), music.Facts{Title: "Crossing", Label: "reef  RECORDS"}, "One")
	r := rel.ID
	page := "/act/reef-records"
	cy.sends(http.StatusUnprocessableEntity, label+"/label", "do", "ask", "act", "nobody")
	cy.sends(http.StatusSeeOther, label+"/label", "do", "ask", "act", "the-ferrymen")
	cy.sends(http.StatusConflict, label+"/label", "do", "ask", "act", "the-ferrymen")
	cy.has(label, "Asked, not answered yet")
	cy.lacks(page, "The Ferrymen")
	cy.lacks("/release/"+string(r), page)
	cy.sends(http.StatusNotFound, act+"/label", "do", "join", "other", labelID)
	dee.has(act, "Asks this act to be on it")
	dee.sends(http.StatusSeeOther, act+"/label", "do", "join", "other", labelID)
	cy.has(page, `<p class="label">Label`, "The Ferrymen", "Crossing", "/release/"+string(r))
	cy.has("/release/"+string(r), `href="`+page+`"`)
	cy.sends(http.StatusSeeOther, label+"/label", "do", "end", "other", actID)
	cy.lacks(page, "The Ferrymen")
	dee.lacks(act, "Reef Records")
}
