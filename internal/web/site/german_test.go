package site_test

import (
	"net/http"
	"net/url"
	"testing"
)

// TestGermanPagesSayWhatWentWrong takes errors of every kind in German: pages
// of their own, beside a field, above a form, and notices with values.
func TestGermanPagesSayWhatWentWrong(t *testing.T) {
	n := newNode(t)
	v := n.setUp(true)
	n.join("bo")
	at, err := url.Parse(n.URL)
	if err != nil {
		t.Fatal(err)
	}
	v.Jar.SetCookies(at, []*http.Cookie{{Name: "lang", Value: "de"}})
	v.open("/nowhere").sees(404, "/nowhere", "Unter /nowhere gibt es keine Seite.", "<title>Nicht gefunden ·")
	v.open("/operator/payments").sees(200, "/operator/payments", "<title>Zahlungen von Hand ·")
	pay := func(pairs ...string) *visitor {
		return v.open("/operator/payments").send("/operator/payments", append(pairs, "method", "cash")...)
	}
	pay("handle", "bo", "amount", "ten").sees(422, "/operator/payments", "„ten“ ist kein Betrag: Schreib Dollar wie 10 oder 9.50.")
	pay("handle", "nobody", "amount", "10").sees(422, "/operator/payments", "„nobody“ heißt hier niemand.")
	pay("handle", "bo", "amount", "10", "received", "today").sees(422, "/operator/payments", "„today“ ist kein Tag")
	pay("handle", "bo", "amount", "10", "received", "2026-11-22", "reference", "R1").sees(200, "/operator/payments", "Erfasst: $10.00 von @bo. Dieser Monat ist bezahlt.")
	v.send("/operator/refund", "handle", "bo", "method", "shells").sees(422, "/operator/refund", "Wie wird es zurückgegeben?")
	v.open("/operator/payments?find=nobody").sees(200, "/operator/payments", "„nobody“ heißt hier niemand.")
	v.open("/operator/months/2026-10/settlement").sees(404, "/operator/months/2026-10/settlement", "2026-10 ist nicht abgerechnet.")
	v.open("/operator/people").send("/operator/people", "handle", "x", "password", "a long enough password", "role", "listener").sees(422, "/operator/people", "Ein Benutzername hat 2 bis 30 Buchstaben")
	v.open("/operator/people").send("/operator/people", "handle", "newton", "password", "a long enough password", "role", "listener").sees(200, "/operator/people", "@newton kann sich anmelden.")
}
