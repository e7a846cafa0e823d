package social

import (
	"bytes"
	"cmp"
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// JobBlocklist fetches a list of servers: the payload is its id.
const JobBlocklist = "social.blocklist"

// A Blocklist is somebody else's list of servers, which this node asks for once a
// day. What it says counts only where the node has no rule of its own.
type Blocklist struct {
	ID       id.List   `json:"id"`
	URL      string    `json:"url" doc:"Where it is fetched"`
	Added    time.Time `json:"added"`
	Tag      string    `json:"-"`
	Asked    time.Time `json:"asked,omitzero" doc:"When it was asked for last"`
	Taken    time.Time `json:"taken,omitzero" doc:"When it was taken last, or found to be the same"`
	Trouble  string    `json:"trouble,omitempty" doc:"Why it was not taken the last time: what was taken before counts on"`
	Blocked  int64     `json:"blocked" doc:"Servers that it blocks"`
	Silenced int64     `json:"silenced" doc:"Servers that it silences"`
	Waiting  int64     `json:"waiting" doc:"Servers that it would block, which people here follow or are followed from: see which, and confirm or leave out"`
	Skipped  int64     `json:"skipped" doc:"Lines of it that ask for something else"`
}

// A Listing is what a list says of a server.
type Listing struct {
	List    id.List   `json:"-"`
	Host    string    `json:"host"`
	Verdict Verdict   `json:"verdict" enum:"block,silence" doc:"What the list says"`
	Counts  Verdict   `json:"counts,omitempty" enum:"block,silence" doc:"What of it counts; none while it waits and where it was left out"`
	Dropped bool      `json:"dropped,omitempty" doc:"A moderator left it out"`
	Reason  string    `json:"reason,omitempty" doc:"Of the list"`
	Since   time.Time `json:"since"`
	// Followers and Followed are filled in where it waits.
	Followers int64 `json:"followers,omitempty" doc:"How many there follow acts here, where it waits"`
	Followed  int64 `json:"followed,omitempty" doc:"How often people here follow somebody there, where it waits"`
}

// waits reports whether a moderator has to say whether it counts.
func (l *Listing) waits() bool { return l.Counts != l.Verdict && !l.Dropped }

// A Relation is how much people here have to do with a server.
type Relation struct {
	Host                string
	Followers, Followed int64 // there, of acts here; and here, of somebody there
}

// BlocklistTx is the part of a transaction that keeps others' lists.
type BlocklistTx interface {
	Blocklists(ctx context.Context) ([]Blocklist, error)
	// Blocklist has no numbers. Faults: NotFound.
	Blocklist(ctx context.Context, l id.List) (Blocklist, error)
	PutBlocklist(ctx context.Context, l Blocklist) error
	// DropBlocklist drops it with all that it says. Faults: NotFound.
	DropBlocklist(ctx context.Context, l id.List) error
	PutListing(ctx context.Context, l Listing) error
	DropListing(ctx context.Context, l id.List, host string) error
	// Listing faults: NotFound.
	Listing(ctx context.Context, l id.List, host string) (Listing, error)
	// Listings are those after a name: all, or those that wait.
	Listings(ctx context.Context, l id.List, waiting bool, after string, n int) ([]Listing, error)
	Related(ctx context.Context) ([]Relation, error)
}

// mostLists is how many a node asks for.
const mostLists = 20

// Blocklists are the lists of others that this node asks for, as moderators see them.
type Blocklists struct {
	Store  Store
	Host   string // of this node
	Policy *HostPolicy
	// File fetches a file of at most so many bytes, and its entity tag: nil where that
	// is still the one it had.
	File func(ctx context.Context, url, tag string, most int64) (text []byte, now string, err error)
}

// All are all of them. Faults: Unauthenticated, Forbidden.
func (b *Blocklists) All(ctx context.Context, v music.Viewer) (out []Blocklist, err error) {
	if err := moderates(v); err != nil {
		return nil, err
	}
	err = b.Store.SocialView(ctx, func(tx Tx) error {
		out, err = tx.Blocklists(ctx)
		return err
	})
	return out, err
}

// A ListingPage is some of what a list says, in order of the names.
type ListingPage struct {
	List Blocklist `json:"list"`
	Rows []Listing `json:"rows"`
	Next string    `json:"next,omitempty" doc:"Cursor of the page after"`
}

// Says is what a list says of servers after a name: all, or what waits. Faults:
// Unauthenticated, Forbidden, NotFound.
func (b *Blocklists) Says(ctx context.Context, v music.Viewer, l id.List, waiting bool, after string) (out ListingPage, err error) {
	if err := moderates(v); err != nil {
		return out, err
	}
	err = b.Store.SocialView(ctx, func(tx Tx) error {
		all, err := tx.Blocklists(ctx)
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.ID == l {
				out.List = x
			}
		}
		if out.List.ID == "" {
			return fault.New(fault.NotFound, "The node asks for no such list.")
		}
		if out.Rows, err = tx.Listings(ctx, l, waiting, after, perPage+1); err != nil || out.List.Waiting == 0 {
			return err
		}
		known, err := related(ctx, tx)
		for i := range out.Rows {
			if row := &out.Rows[i]; row.waits() {
				row.Followers, row.Followed = known[row.Host].Followers, known[row.Host].Followed
			}
		}
		return err
	})
	if len(out.Rows) > perPage {
		out.Rows = out.Rows[:perPage]
		out.Next = out.Rows[perPage-1].Host
	}
	return out, err
}

// related is how much people here have to do with servers, by every name that a
// server's ends in.
func related(ctx context.Context, tx Tx) (map[string]Relation, error) {
	list, err := tx.Related(ctx)
	by := map[string]Relation{}
	for _, r := range list {
		for _, at := range ends(bare(r.Host)) {
			sum := by[at]
			by[at] = Relation{Host: at, Followers: sum.Followers + r.Followers, Followed: sum.Followed + r.Followed}
		}
	}
	return by, err
}

// Subscribe has the node ask for a list from now on. Faults: Unauthenticated,
// Forbidden, Invalid, Conflict.
func (b *Blocklists) Subscribe(ctx context.Context, v music.Viewer, address string) (l Blocklist, err error) {
	if err := administers(v); err != nil {
		return l, err
	}
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(address) > 2048 {
		return l, fault.On("url", fault.Invalid, "A list has an address that begins with https://.")
	}
	u.Fragment = ""
	err = b.Store.SocialUpdate(ctx, func(tx Tx) error {
		all, err := tx.Blocklists(ctx)
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.URL == u.String() {
				return fault.On("url", fault.Conflict, "The node asks for that list already.")
			}
		}
		if len(all) >= mostLists {
			return fault.New(fault.Conflict, "A node asks for %d lists at most.", mostLists)
		}
		l = Blocklist{ID: id.New[id.List](tx.Now()), URL: u.String(), Added: tx.Now()}
		if err := tx.PutBlocklist(ctx, l); err != nil {
			return err
		}
		if err := tx.Enqueue(ctx, JobBlocklist, string(l.ID), []byte(l.ID), time.Time{}); err != nil {
			return err
		}
		return tx.Audit(ctx, cmp.Or(string(v.Account), "operator"), "blocklist.subscribe", l.URL, "")
	})
	return l, err
}

// Unsubscribe ends that: what the list said counts no longer. Faults:
// Unauthenticated, Forbidden, NotFound.
func (b *Blocklists) Unsubscribe(ctx context.Context, v music.Viewer, which id.List) error {
	if err := administers(v); err != nil {
		return err
	}
	return b.Store.SocialUpdate(ctx, func(tx Tx) error {
		l, err := tx.Blocklist(ctx, which)
		if err != nil {
			return err
		}
		if err := tx.DropBlocklist(ctx, which); err != nil {
			return err
		}
		return tx.Audit(ctx, cmp.Or(string(v.Account), "operator"), "blocklist.unsubscribe", l.URL, "")
	})
}

func administers(v music.Viewer) error {
	if err := moderates(v); err != nil {
		return err
	}
	if !v.Admin {
		return fault.New(fault.Forbidden, "Only an admin can do that.")
	}
	return nil
}

// Ask has a list asked for at once. Faults: Unauthenticated, Forbidden, NotFound.
func (b *Blocklists) Ask(ctx context.Context, v music.Viewer, l id.List) error {
	if err := moderates(v); err != nil {
		return err
	}
	return b.Store.SocialUpdate(ctx, func(tx Tx) error {
		if _, err := tx.Blocklist(ctx, l); err != nil {
			return err
		}
		return tx.Enqueue(ctx, JobBlocklist, string(l), []byte(l), time.Time{})
	})
}

// AskAll has all lists asked for, as is done once a day.
func (b *Blocklists) AskAll(ctx context.Context) error {
	return b.Store.SocialUpdate(ctx, func(tx Tx) error {
		all, err := tx.Blocklists(ctx)
		for _, l := range all {
			if err == nil {
				err = tx.Enqueue(ctx, JobBlocklist, string(l.ID), []byte(l.ID), time.Time{})
			}
		}
		return err
	})
}

// Decide says of a server on a list whether what the list says counts, or is left
// out: of one that waits, or another one. Faults: Unauthenticated, Forbidden,
// NotFound.
func (b *Blocklists) Decide(ctx context.Context, v music.Viewer, list id.List, host string, counts bool) error {
	if err := moderates(v); err != nil {
		return err
	}
	err := b.Store.SocialUpdate(ctx, func(tx Tx) error {
		l, err := tx.Blocklist(ctx, list)
		if err != nil {
			return err
		}
		row, err := tx.Listing(ctx, list, bare(host))
		if err != nil {
			return err
		}
		action := "blocklist.confirm"
		if row.Counts, row.Dropped = row.Verdict, false; !counts {
			row.Counts, row.Dropped = "", true
			action = "blocklist.leave"
		}
		if err := tx.PutListing(ctx, row); err != nil {
			return err
		}
		return tx.Audit(ctx, cmp.Or(string(v.Account), "operator"), action, row.Host, l.URL)
	})
	if err != nil || !counts {
		return err
	}
	return b.Policy.Sweep(ctx)
}

// Fetch asks for a list, as [JobBlocklist] does. One that is gone, broken, empty or
// too long changes nothing but what is said of it: what was taken before counts on.
func (b *Blocklists) Fetch(ctx context.Context, list id.List) error {
	var l Blocklist
	err := b.Store.SocialView(ctx, func(tx Tx) (err error) {
		l, err = tx.Blocklist(ctx, list)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil // it is asked for no longer
	}
	if err != nil {
		return err
	}
	text, tag, err := b.File(ctx, l.URL, l.Tag, MaxList)
	var rules []Rule
	if err == nil && text != nil {
		rules, l.Skipped, err = listed(text)
		l.Tag = tag
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Forbidden, fault.NotFound, fault.TooLarge, fault.Unavailable:
		return b.keep(ctx, list, func(_ Tx, l *Blocklist) error {
			l.Trouble = fault.Message(err)
			return nil
		})
	}
	if err != nil {
		return err
	}
	err = b.keep(ctx, list, func(tx Tx, now *Blocklist) error {
		now.Tag, now.Skipped, now.Taken, now.Trouble = l.Tag, l.Skipped, tx.Now(), ""
		return b.take(ctx, tx, list, text == nil, rules)
	})
	if err != nil {
		return err
	}
	return b.Policy.Sweep(ctx)
}

// keep changes what is known of a list that was asked for, unless that ended meanwhile.
func (b *Blocklists) keep(ctx context.Context, list id.List, change func(Tx, *Blocklist) error) error {
	return b.Store.SocialUpdate(ctx, func(tx Tx) error {
		l, err := tx.Blocklist(ctx, list)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		l.Asked = tx.Now()
		if err := change(tx, &l); err != nil {
			return err
		}
		return tx.PutBlocklist(ctx, l)
	})
}

// listed reads a list that has at least one server.
func listed(text []byte) ([]Rule, int64, error) {
	rules, left, err := readList(bytes.NewReader(text))
	if err == nil && len(rules) == 0 {
		err = fault.New(fault.Invalid, "The list has no servers.")
	}
	return rules, int64(left), err
}

// take keeps rules in place of what a list said before, or with same what it said,
// and writes only what is another. What it says no longer is lifted. What would end
// something that people here have waits, until nobody has it or a moderator decides.
func (b *Blocklists) take(ctx context.Context, tx Tx, list id.List, same bool, rules []Rule) error {
	was, err := listings(ctx, tx, list)
	if err != nil {
		return err
	}
	says := map[string]Rule{}
	for _, r := range rules {
		if r.Host == bare(b.Host) || says[r.Host].Verdict == Block {
			continue // of itself a node takes no word, and of two the stricter
		}
		says[r.Host] = r
	}
	for host, l := range was {
		if same {
			says[host] = Rule{Host: host, Verdict: l.Verdict, Reason: l.Reason}
		}
	}
	known, err := related(ctx, tx)
	if err != nil {
		return err
	}
	for host, r := range says {
		old := was[host]
		row := Listing{List: list, Host: host, Verdict: r.Verdict, Counts: r.Verdict, Reason: r.Reason, Since: tx.Now()}
		_, severs := known[host]
		if old.Verdict == r.Verdict {
			row.Since = old.Since
		}
		switch {
		case old.Verdict == r.Verdict && !old.waits():
			row.Counts, row.Dropped = old.Counts, old.Dropped
		case r.Verdict == Block && severs:
			row.Counts = old.Counts
		}
		if row == old {
			continue
		}
		if err := tx.PutListing(ctx, row); err != nil {
			return err
		}
	}
	for host := range was {
		if _, still := says[host]; still {
			continue
		}
		if err := tx.DropListing(ctx, list, host); err != nil {
			return err
		}
	}
	return nil
}

// listings are all that a list says, by server.
func listings(ctx context.Context, tx Tx, list id.List) (map[string]Listing, error) {
	out := map[string]Listing{}
	for after, more := "", true; more; {
		rows, err := tx.Listings(ctx, list, false, after, atOnce)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out[r.Host], after = r, r.Host
		}
		more = len(rows) == atOnce
	}
	return out, nil
}
