package site_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/michaelperna/9ten/internal/account"
	"github.com/michaelperna/9ten/internal/calendar"
	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/network"
	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/web/site"
)

// engine is a machine on which one job of two was given up.
type engine struct{ *account.Service }

// A post keeps the addresses of the letters that would be sent.
type post struct {
	server string
	to     []string
}

func (p *post) Server() string { return p.server }

func (p *post) Test(_ context.Context, _, to string) error {
	if strings.HasPrefix(to, "nobody@") {
		return fault.New(fault.Unavailable, "The mail server %s cannot be reached, or does not let this node in: %s", "mail.example:587", "no")
	}
	p.to = append(p.to, to)
	return nil
}

func (engine) Machine(context.Context) (site.Machine, error) {
	return site.Machine{Accounts: 2, Tracks: 32, Bytes: 7_700_000, DiskFree: 1 << 30, DiskSize: 100 << 30, DiskLow: true, LedgerHeight: 61, LogSize: 32128, Waiting: 1, Dead: 1, Sandbox: "confined"}, nil
}

func (engine) Queues(context.Context) ([]site.Queue, error) {
	return []site.Queue{{Kind: "report.day", Dead: 1}, {Kind: "media.prepare", Waiting: 1}}, nil
}

func (engine) DeadJobs(context.Context) ([]site.DeadJob, error) {
	return []site.DeadJob{{ID: "J1", Kind: "report.day", Error: "the disk is full", Tries: 12, Ended: time.Date(2026, 11, 24, 0, 10, 0, 0, time.UTC)}}, nil
}

func (engine) RetryJob(context.Context, string) error { return nil }
func (engine) Standing(context.Context) (report.Standing, error) {
	return report.Standing{
		Mode: "fabric", Height: 61, Away: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC),
		Membership: &network.Membership{Phase: network.Joined, Members: []network.MemberNode{{Node: "a.example", Endorses: true, Orders: true}, {Node: "b.example", Endorses: true}, {Node: "c.example"}}},
		Waiting:    []report.Unrecorded{{What: "days", N: 2, Since: time.Date(2026, 11, 23, 0, 10, 0, 0, time.UTC), Said: "no peer answers"}},
		Nodes: []report.Recorder{
			{Node: "a.example", Name: "Quayside", Self: true, Day: 20780, Leaves: 32128, Period: 202610, State: "faulted", Faults: 1},
			{Node: "b.example", Name: "Harbour"},
		},
	}, nil
}
func (engine) DropJob(context.Context, string) error                           { return nil }
func (engine) ContestLater(context.Context, id.Account, calendar.Period) error { return nil }

func (e engine) AccountByHandle(ctx context.Context, handle string) (id.Account, error) {
	a, err := e.ByHandle(ctx, handle)
	return a.ID, err
}

// TestOperatorsDay says what wants the operator, and to a moderator only what
// is theirs.
func TestOperatorsDay(t *testing.T) {
	n := newNode(t)
	v := n.setUp(true)
	v.open("/operator").sees(200, "/operator", "Hello, anneke.", "2 things want you today", "One job was given up", "Closing a day", "the disk is full", "9ten doctor",
		"The disk is almost full", "November", "Settling October", "Preparing a recording", "7.7 MB", "declared by the operator")
	if strings.Contains(v.body, `class="late"`) || strings.Contains(v.body, `class="done"`) {
		t.Error("a node that began today has a month behind it")
	}
	v.send("/operator/jobs/retry", "job", "J1").sees(200, "/operator", "It runs again.")

	bo := n.join("bo")
	v.open("/operator/people?find=bo").send("/operator/people/"+string(n.principal("bo").Account), "do", "role", "role", "moderator").sees(200, "/operator/people", "The role is changed")
	bo.open("/operator").sees(200, "/operator", "Hello, bo.").misses("Closing a day", "declared by the operator", "/operator/payments")
	bo.open("/operator/payments").sees(403, "/operator/payments", "Only the operator")
	v.open("/operator/ledger").sees(200, "/operator/ledger", "It has not answered since 24 November 2026", "Days of the log", "no peer answers", "Quayside", "this one", "A fault was proved against the last settlement of a.example", "Harbour", "no day yet", "Validators: 2, orderers: 1")
	bo.open("/operator/ledger").sees(403, "/operator/ledger", "Only the operator")
	bo.open("/operator/books/books.csv").sees(403, "/operator/books/books.csv")
}

// TestPaymentsByHand records a payment, undoes it, records the right one and
// gives it back.
func TestPaymentsByHand(t *testing.T) {
	n := newNode(t)
	v := n.setUp(true)
	n.join("bo")
	pay := func(pairs ...string) *visitor {
		v.open("/operator/payments?handle=@BO").sees(200, "/operator/payments", `value="bo"`)
		return v.send("/operator/payments", append([]string{"handle", "bo", "amount", "10", "method", "cash", "received", "2026-11-22", "note", "at the bar"}, pairs...)...)
	}
	pay("reference", "R1").sees(200, "/operator/payments", "Recorded: $10.00 from @bo")
	v.open("/operator/payments").sees(200, "/operator/payments", "R1", "at the bar", "received on 22 November 2026", "$10.00", "Active", "by @anneke")
	pay("reference", "undo/R1").sees(422, "/operator/payments", "made by the node itself", `value="undo/R1"`)
	v.open("/operator/payments?find=bo").send("/operator/undo?find=bo", "event", "R1", "why", "").sees(422, "/operator/undo", "what was wrong")
	v.send("/operator/undo?find=bo", "event", "R1", "why", "twice the amount").sees(200, "/operator/payments", "Undone: $10.00", "undone on 24 November 2026", "twice the amount", "-$10.00")
	pay("reference", "R2").sees(200, "/operator/payments", "Recorded: $10.00 from @bo", "This month is paid")
	v.open("/operator/payments?find=bo").send("/operator/refund?find=bo", "handle", "bo", "method", "bank").sees(200, "/operator/payments", "Booked. Hand @bo $10.00 back.")
	v.send("/operator/refund", "handle", "bo", "method", "shells").sees(422, "/operator/refund", "How is it given back?")
	v.open("/operator/payments?find=nobody").sees(200, "/operator/payments", `Nobody here is called "nobody".`)
	v.open("/operator/books/books.csv").sees(200, "/operator/books/books.csv", "liabilities:unearned:", "Month 2026-11 taken back")
	v.open("/operator/books/books.journal").sees(200, "/operator/books/books.journal", "; The books of a 9ten node")
	v.open("/operator/books/keys").sees(404, "/operator/books/keys")
	v.open("/operator/months").sees(200, "/operator/months", "November 2026", "Runs.")
	v.open("/operator/months/2026-10/settlement").sees(404, "/operator/months/2026-10/settlement", "not settled")
}
