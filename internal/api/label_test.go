package api_test

import (
	"net/http"
	"testing"

	"github.com/michaelperna/9ten/internal/api"
	"github.com/michaelperna/9ten/internal/notice"
)

// A label asks an act, which agrees; either ends it, and nobody else does.
func TestLabelByProgram(t *testing.T) {
	h := newHouse(t)
	cy, dee, eve := h.artist("cy"), h.artist("dee"), h.artist("eve")
	var label api.Act
	cy.do(http.MethodPost, "/studio/acts", map[string]any{"handle": "reef", "name": "Reef", "label": true}, http.StatusCreated, &label)
	if !label.Label {
		t.Errorf("%+v", label)
	}
	act := dee.makes("tide")
	roster, labels := "/studio/acts/"+string(label.ID)+"/roster", "/studio/acts/"+act.ID+"/labels"
	listed := func(who caller, at string) (list []api.Signed) {
		t.Helper()
		who.do(http.MethodGet, at, nil, http.StatusOK, &list)
		return list
	}
	shown := func() (l api.Label) {
		t.Helper()
		eve.do(http.MethodGet, "/acts/reef/label", nil, http.StatusOK, &l)
		return l
	}
	eve.refused(http.MethodGet, roster, nil, http.StatusForbidden)
	eve.refused(http.MethodPut, roster+"/tide", nil, http.StatusForbidden)
	cy.refused(http.MethodPut, roster+"/reef", nil, http.StatusUnprocessableEntity)
	cy.do(http.MethodPut, roster+"/tide", nil, http.StatusNoContent, nil)
	if l := listed(cy, roster); len(l) != 1 || l[0].Act.Handle != "tide" || l[0].Agreed || len(shown().Acts) != 0 {
		t.Errorf("%+v", l)
	}
	told := func(who caller) api.Notice {
		t.Helper()
		var p api.NoticePage
		if who.do(http.MethodGet, "/notifications", nil, http.StatusOK, &p); len(p.Rows) != 1 {
			t.Fatalf("%+v", p.Rows)
		}
		return p.Rows[0]
	}
	if n := told(dee); n.Kind != notice.Label || n.Step != notice.Asked || n.Label != label.ID || n.LabelName != "Reef" || n.LabelAt != "reef" || n.ActHandle != "tide" {
		t.Errorf("%+v", n)
	}
	cy.refused(http.MethodPut, labels+"/reef", nil, http.StatusForbidden)
	dee.do(http.MethodPut, labels+"/reef", nil, http.StatusNoContent, nil)
	if l := listed(dee, labels); len(l) != 1 || l[0].Act.Handle != "reef" || !l[0].Agreed || len(shown().Acts) != 1 {
		t.Errorf("%+v", l)
	}
	eve.refused(http.MethodDelete, roster+"/tide", nil, http.StatusForbidden)
	dee.do(http.MethodDelete, labels+"/reef", nil, http.StatusNoContent, nil)
	dee.refused(http.MethodPut, labels+"/reef", nil, http.StatusNotFound)
	cy.do(http.MethodPut, roster+"/tide", nil, http.StatusNoContent, nil)
	cy.do(http.MethodDelete, roster+"/tide", nil, http.StatusNoContent, nil)
	if l := listed(cy, roster); len(l) != 0 {
		t.Errorf("%+v", l)
	}
}
