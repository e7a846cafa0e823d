package site_test

import (
	"net/http"
	"net/url"
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
	page := "/act/reef-records"
	cy.has("/studio", "A label")
	cy.has(label, "About the label")
	cy.lacks(label, "About the act", "the act wears", "the act’s money", "for the act", "the act’s music")
	dee.has(act, "About the act", "the act wears", "the act’s music")
	cy.has(page, "What its acts publish under its name stands here.")
	cy.lacks(label+"/followers", "the act")
	cy.has(label+"/statement", "A label earns by credit sheets")
	cy.sends(http.StatusConflict, "/studio/releases", "act", labelID)
	cy.has("/search?q=reef", "Reef Records")
	s.ok(s.studio.SetRole(t.Context(), music.Viewer{Admin: true}, id.Act(actID), s.ada.Account, music.Owner))
	rel, _ := s.public(id.Act(actID), music.Facts{Title: "Crossing", Label: "reef  RECORDS"}, "One")
	r := rel.ID
	cy.sends(http.StatusUnprocessableEntity, label+"/label", "do", "ask", "act", "nobody")
	cy.sends(http.StatusSeeOther, label+"/label", "do", "ask", "act", "the-ferrymen")
	cy.sends(http.StatusConflict, label+"/label", "do", "ask", "act", "the-ferrymen")
	cy.has(label, "Asked, not answered yet")
	cy.lacks(page, "The Ferrymen")
	cy.lacks("/release/"+string(r), page)
	cy.sends(http.StatusNotFound, act+"/label", "do", "join", "other", labelID)
	dee.has(act, "Asks this act to be on it")
	dee.has("/notifications", "The Ferrymen is asked to be on the label Reef Records", url.QueryEscape(act+"#h-lab"))
	cy.lacks("/notifications", "The Ferrymen")
	dee.sends(http.StatusSeeOther, act+"/label", "do", "join", "other", labelID)
	cy.has(page, `<p class="label">Label`, "The Ferrymen", "Crossing", "/release/"+string(r))
	cy.has("/notifications", "The Ferrymen is on the label Reef Records now", url.QueryEscape(page))
	dee.lacks("/notifications", "Reef Records")
	cy.has("/account/notifications", "What labels and acts agree on")
	cy.has("/release/"+string(r), `href="`+page+`"`)
	cy.sends(http.StatusSeeOther, label+"/label", "do", "end", "other", actID)
	cy.lacks(page, "The Ferrymen")
	dee.lacks(act, "Reef Records")
	dee.has("/notifications", "The Ferrymen is on the label Reef Records no longer")
}
