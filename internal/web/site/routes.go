package site

import (
	"slices"

	"github.com/michaelperna/9ten/internal/report"
	"github.com/michaelperna/9ten/internal/royalty"
	"github.com/michaelperna/9ten/internal/wallet"
)

// Rooms are the parts of the domain that pages ask.
type Rooms struct {
	Music
	Studios
	Report  *report.Desk
	Wallet  *wallet.Desk
	Engine  Engine
	Network Network
	Servers Servers
	Held    Held
	// Blocklists are those of others that the node asks for.
	Blocklists Blocklists
	Personal   Personal
	Elsewhere  Elsewhere // nil where the node does not federate
	Post       Post
	Notices    Notices
	Keys       royalty.Keys // what this node signs with
}

// pages are all addresses that answer with a page.
func (s *Site) pages() []page {
	return slices.Concat(s.musicPages(), s.peoplePages(), s.studioPages(), []page{
		{pattern: "GET /receipts", who: listener, do: (*visit).receipts},
		{pattern: "GET /receipts/{period}", who: listener, do: (*visit).receipt},
		{pattern: "POST /receipts/{period}/contest", who: listener, do: (*visit).contest},
		{pattern: "GET /receipts/{period}/file", who: listener, do: (*visit).receiptFile},
		{pattern: "GET /days/{day}/receipt", who: listener, do: (*visit).dayFile},
		{pattern: "POST /confirm", who: listener, do: (*visit).confirm},
		{pattern: "GET /verify", do: (*visit).verify},
		{pattern: "POST /verify/contest", who: listener, files: maxReceipt, do: (*visit).contestFile},
		{pattern: "GET /subscription", who: listener, do: (*visit).subscription},
		{pattern: "POST /subscription", who: listener, do: (*visit).subscribe},
		{pattern: "POST /subscription/cancel", who: listener, do: (*visit).unsubscribe},
		{pattern: "GET /operator", who: moderator, do: (*visit).operator},
		{pattern: "POST /operator/jobs/retry", who: admin, do: (*visit).retryJob},
		{pattern: "POST /operator/jobs/drop", who: admin, do: (*visit).dropJob},
		{pattern: "GET /operator/payments", who: admin, do: (*visit).payments},
		{pattern: "POST /operator/payments", who: admin, do: (*visit).declare},
		{pattern: "POST /operator/refund", who: admin, do: (*visit).refund},
		{pattern: "POST /operator/undo", who: admin, do: (*visit).undoPayment},
		{pattern: "GET /operator/books/{file}", who: admin, do: (*visit).booksFile},
		{pattern: "GET /operator/months/{period}/settlement", who: admin, do: (*visit).settlementFile},
		{pattern: "GET /operator/months", who: admin, do: (*visit).months},
		{pattern: "GET /operator/ledger", who: admin, do: (*visit).standing},
		{pattern: "GET /operator/network", who: admin, do: (*visit).network},
		{pattern: "POST /operator/network", who: admin, do: (*visit).move},
		{pattern: "GET /operator/federation", who: moderator, do: (*visit).federation},
		{pattern: "POST /operator/federation", who: admin, do: (*visit).hurryServer},
		{pattern: "GET /operator/federation/rules", who: moderator, do: (*visit).serverRules},
		{pattern: "POST /operator/federation/rules", who: moderator, do: (*visit).decideServer},
		{pattern: "POST /operator/federation/list", who: admin, do: (*visit).importServers},
		{pattern: "GET /operator/federation/blocked.csv", who: moderator, do: (*visit).blockedFile},
		{pattern: "POST /operator/months/close", who: admin, do: (*visit).closeMonth},
	})
}
