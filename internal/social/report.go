package social

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// A Report says that something is wrong. Moderators look at it; what becomes of
// the thing they decide where such things are decided.
type Report struct {
	ID       id.Report
	By       Author // who says so, of another server often the server itself; nobody when their account is gone
	Activity string // with which another server said it
	Words    string // plain
	At       time.Time
	About    []Subject
	Told     time.Time // when the server of what it is about was told, zero: it was not
	Closed   time.Time // zero: nobody has decided yet
	Closer   string    // handle of who did
	Note     string    // of the moderators, for moderators
}

// A Kind is what a subject of a report is.
type Kind string

// The kinds.
const (
	AnAct        Kind = "act"
	ARelease     Kind = "release"
	AComment     Kind = "comment"
	APerson      Kind = "person" // a listener who is seen on other servers
	APlaylist    Kind = "playlist"
	ALive        Kind = "live"          // an event, of whatever server
	ActThere     Kind = "act-elsewhere" // anybody on another server
	ReleaseThere Kind = "release-elsewhere"
	ListThere    Kind = "playlist-elsewhere"
)

// A Subject is what a report is about, as it was then.
type Subject struct {
	Kind   Kind
	Target string // id here, or address of somebody elsewhere
	Name   string // title, or whose it is
	Words  string // plain text of a comment, or what a listener or a playlist says of itself
	Page   string // path of it here
	IRI    string // its address elsewhere, "" when it is of here
	Actor  string // whose it is elsewhere
	Host   string // their server
}

// ReportTx is the part of a transaction that keeps reports.
type ReportTx interface {
	PutReport(ctx context.Context, r Report) error
	Report(ctx context.Context, r id.Report) (Report, error)
	// Reports are those before one, the latest first, "" all; open or closed ones.
	Reports(ctx context.Context, closed bool, before id.Report, n int) ([]Report, error)
	// CloseReport keeps who closed it, when and why; a zero time opens it again.
	CloseReport(ctx context.Context, r id.Report, at time.Time, by id.Account, note string) error
	ToldReport(ctx context.Context, r id.Report) error
	// DropReportBy drops an open one that an actor takes back.
	DropReportBy(ctx context.Context, actor, activity string) error
	// DropReportsBy drops all open ones of an actor.
	DropReportsBy(ctx context.Context, actor string) error
	// CountReports counts those since a time by somebody here, or from the server of
	// somebody elsewhere; and all that are open, for somebody elsewhere those that came
	// from other servers.
	CountReports(ctx context.Context, by Author, since time.Time) (n, open int64, err error)
	// Reported reports whether somebody here has an open report about a thing.
	Reported(ctx context.Context, a id.Account, s Subject) (bool, error)
	DropReports(ctx context.Context, closedBefore time.Time) error
	// ActNamed and ReleaseNamed say how an act or a release of here is called.
	ActNamed(ctx context.Context, a id.Act) (name, handle string, err error)
	ReleaseNamed(ctx context.Context, r id.Release) (title string, err error)
	// Audit keeps who did what to what, and why.
	Audit(ctx context.Context, actor, action, about, note string) error
}

// Bounds of reports. The first two count within a day.
const (
	reportsBy     = 20    // one listener
	reportsFrom   = 100   // one server
	reportsOpen   = 5_000 // of all servers: those of here are not kept from reporting by strangers
	MostSubjects  = 20    // things that one is about
	longestReport = 2_000
	longestAbout  = 500 // characters of what is said of a subject
	// ReportKept is how long a closed report is kept.
	ReportKept = 180 * 24 * time.Hour
)

// MayReport refuses another report when there are too many. It comes before
// anything is looked up for one. Faults: Conflict.
func MayReport(ctx context.Context, tx Tx, by Author) error {
	n, open, err := tx.CountReports(ctx, by, tx.Now().Add(-24*time.Hour))
	switch {
	case err != nil:
		return err
	case by.Account != "" && n >= reportsBy:
		return fault.New(fault.Conflict, "You have made %d reports within a day. Go on tomorrow.", reportsBy)
	case by.Account == "" && n >= reportsFrom:
		return fault.New(fault.Conflict, "There were %d reports from one server within a day.", reportsFrom)
	case by.Account == "" && open >= reportsOpen:
		return fault.New(fault.Conflict, "%d reports wait for the moderators, and no more are taken.", reportsOpen)
	}
	return nil
}

// Complain keeps a report.
func Complain(ctx context.Context, tx Tx, r Report) (Report, error) {
	r.ID, r.At, r.Words = id.New[id.Report](tx.Now()), tx.Now(), prose(r.Words, longestReport)
	return r, tx.PutReport(ctx, r)
}

// prose is plain text of at most n characters.
func prose(s string, n int) string {
	s = strings.TrimSpace(visible(strings.ToValidUTF8(s, "")))
	if all := []rune(s); len(all) > n {
		s = string(all[:n-1]) + "…"
	}
	return s
}

// describers say what the things of a kind are called and whose they are. Faults:
// NotFound.
var describers = map[Kind]func(ctx context.Context, tx Tx, s *Subject) error{
	AnAct: func(ctx context.Context, tx Tx, s *Subject) error {
		name, handle, err := tx.ActNamed(ctx, id.Act(s.Target))
		s.Name, s.Page = name, "/act/"+handle
		return err
	},
	ARelease: func(ctx context.Context, tx Tx, s *Subject) error {
		if _, _, err := tx.Public(ctx, Thing{Release: id.Release(s.Target)}); err != nil {
			return err
		}
		title, err := tx.ReleaseNamed(ctx, id.Release(s.Target))
		s.Name, s.Page = title, "/release/"+s.Target
		return err
	},
	AComment: func(ctx context.Context, tx Tx, s *Subject) error {
		c, err := tx.Comment(ctx, id.Comment(s.Target))
		s.Name, s.Words, s.Page = c.Author.Address(), Text(c.HTML), "/release/"+string(c.Thing.Release)+"#c-"+s.Target
		s.IRI, s.Actor, s.Host = c.IRI, c.Author.Actor, c.Author.Host
		return err
	},
	APerson: func(ctx context.Context, tx Tx, s *Subject) error {
		p, err := tx.Person(ctx, id.Person(s.Target))
		if err == nil && !p.Gone.IsZero() {
			err = fault.New(fault.NotFound, "That listener is seen no more.")
		}
		s.Name, s.Words, s.Page = cmp.Or(p.Name, p.Handle), p.About, "/person/"+p.Handle
		return err
	},
	APlaylist: func(ctx context.Context, tx Tx, s *Subject) error {
		p, err := tx.OwnPlaylist(ctx, id.Playlist(s.Target))
		if err == nil && p.Access == music.Private {
			err = fault.New(fault.NotFound, "There is no such playlist.")
		}
		s.Name, s.Words, s.Page = p.Title, p.Description, "/playlist/"+s.Target
		return err
	},
	ALive: func(ctx context.Context, tx Tx, s *Subject) error {
		l, err := tx.Live(ctx, id.Live(s.Target))
		s.Name, s.Page, s.IRI, s.Actor, s.Host = l.Title, "/act/"+l.Handle, l.IRI, l.Actor, l.Host
		if l.Host != "" {
			s.Page += "@" + l.Host
		}
		s.Page += "#live"
		return err
	},
	ListThere: func(ctx context.Context, tx Tx, s *Subject) error {
		p, err := tx.PlaylistElsewhere(ctx, id.Playlist(s.Target))
		s.Name, s.Words, s.Page = p.Title, p.Description, "/playlist/"+s.Target
		s.IRI, s.Actor, s.Host = p.IRI, p.Actor, p.Host
		return err
	},
	ActThere: func(ctx context.Context, tx Tx, s *Subject) error {
		a, err := tx.Actor(ctx, s.Target)
		s.Name, s.Page = cmp.Or(a.Name, a.Handle), "/act/"+a.Handle+"@"+a.Host
		s.IRI, s.Actor, s.Host = a.ID, a.ID, a.Host
		return err
	},
	ReleaseThere: func(ctx context.Context, tx Tx, s *Subject) error {
		r, err := tx.Release(ctx, id.Release(s.Target))
		s.Name, s.Page = r.Title, "/release/"+s.Target
		s.IRI, s.Actor, s.Host = r.IRI, r.Actor, r.Host
		return err
	},
}

// Describe fills in what a subject is. Faults: NotFound, Invalid.
func Describe(ctx context.Context, tx Tx, kind Kind, target string) (Subject, error) {
	s := Subject{Kind: kind, Target: target}
	do := describers[kind]
	if do == nil {
		return s, fault.On("kind", fault.Invalid, "Acts, listeners, releases, playlists, live events and comments can be reported.")
	}
	if err := do(ctx, tx, &s); err != nil {
		return s, err
	}
	s.Name, s.Words = prose(s.Name, longestAbout), prose(s.Words, longestAbout)
	return s, nil
}

// Reports are the moderators' list of what is wrong.
type Reports struct {
	Store Store
	// Flag puts a report on its way to the server of somebody elsewhere, in the name
	// of this node; nil where the node does not federate.
	Flag func(ctx context.Context, tx Tx, to Actor, about []string, words string) error
	// Sent is called when something is to be delivered. It must not block.
	Sent func()
}

// Forwards reports whether other servers can be told.
func (d *Reports) Forwards() bool { return d.Flag != nil }

// Look says what somebody is about to report. Faults: Unauthenticated, NotFound,
// Invalid.
func (d *Reports) Look(ctx context.Context, v music.Viewer, kind Kind, target string) (s Subject, err error) {
	if v.Account == "" {
		return s, fault.New(fault.Unauthenticated, "Sign in to report something.")
	}
	err = d.Store.SocialView(ctx, func(tx Tx) error {
		s, err = sees(ctx, tx, v, kind, target)
		return err
	})
	return s, err
}

// sees is what of a thing somebody here may report: what they can read, so that a
// report shows nothing that is hidden from them. Faults: NotFound, Invalid.
func sees(ctx context.Context, tx Tx, v music.Viewer, kind Kind, target string) (Subject, error) {
	if kind == AComment {
		c, err := tx.Comment(ctx, id.Comment(target))
		if err != nil {
			return Subject{}, err
		}
		ok, err := reads(ctx, tx, v, c)
		if err == nil && !ok {
			err = fault.New(fault.NotFound, "There is no such comment.")
		}
		if err != nil {
			return Subject{}, err
		}
	}
	return Describe(ctx, tx, kind, target)
}

// Report says that something is wrong. With forward its server elsewhere is told,
// without a word of who says so. Faults: Unauthenticated, NotFound, Invalid,
// Conflict.
func (d *Reports) Report(ctx context.Context, v music.Viewer, kind Kind, target, words string, forward bool) (r Report, err error) {
	if v.Account == "" {
		return r, fault.New(fault.Unauthenticated, "Sign in to report something.")
	}
	if words = prose(words, longestReport); words == "" {
		return r, fault.On("text", fault.Invalid, "Say what is wrong.")
	}
	by := Author{Account: v.Account}
	err = d.Store.SocialUpdate(ctx, func(tx Tx) error {
		if err := MayReport(ctx, tx, by); err != nil {
			return err
		}
		s, err := sees(ctx, tx, v, kind, target)
		if err != nil {
			return err
		}
		has, err := tx.Reported(ctx, v.Account, s)
		if err == nil && has {
			err = fault.New(fault.Conflict, "You have reported this. The moderators have not decided yet.")
		}
		if err != nil {
			return err
		}
		r, err = Complain(ctx, tx, Report{By: by, Words: words, About: []Subject{s}})
		if err == nil && forward {
			err = d.tell(ctx, tx, &r, words)
		}
		return err
	})
	if err == nil && forward {
		d.Sent()
	}
	return r, err
}

// tell tells the servers of what a report is about.
func (d *Reports) tell(ctx context.Context, tx Tx, r *Report, words string) error {
	if d.Flag == nil {
		return fault.New(fault.Invalid, "This node does not federate, so no other server can be told.")
	}
	about := map[string][]string{} // by whose it is
	for _, s := range r.About {
		if s.Actor != "" {
			about[s.Actor] = append(about[s.Actor], s.IRI)
		}
	}
	if len(about) == 0 {
		return fault.New(fault.Invalid, "That is of this node: there is no other server to tell.")
	}
	for actor, things := range about {
		a, err := tx.Actor(ctx, actor)
		if err != nil {
			return err
		}
		if err := d.Flag(ctx, tx, a, things, words); err != nil {
			return err
		}
	}
	r.Told = tx.Now()
	return tx.ToldReport(ctx, r.ID)
}

// A ReportPage is some of the reports, the latest first.
type ReportPage struct {
	Rows []Report
	Next id.Report // cursor of those after, "" none
	Open int64     // in all
}

// List lists open reports or closed ones after a cursor. Faults: Unauthenticated,
// Forbidden.
func (d *Reports) List(ctx context.Context, v music.Viewer, closed bool, after id.Report) (out ReportPage, err error) {
	if err := moderates(v); err != nil {
		return out, err
	}
	err = d.Store.SocialView(ctx, func(tx Tx) error {
		if _, out.Open, err = tx.CountReports(ctx, Author{}, tx.Now()); err != nil {
			return err
		}
		out.Rows, err = tx.Reports(ctx, closed, after, perPage+1)
		return err
	})
	if len(out.Rows) > perPage {
		out.Rows = out.Rows[:perPage]
		out.Next = out.Rows[perPage-1].ID
	}
	return out, err
}

// Get is one report. Faults: Unauthenticated, Forbidden, NotFound.
func (d *Reports) Get(ctx context.Context, v music.Viewer, what id.Report) (r Report, err error) {
	if err := moderates(v); err != nil {
		return r, err
	}
	err = d.Store.SocialView(ctx, func(tx Tx) error {
		r, err = tx.Report(ctx, what)
		return err
	})
	return r, err
}

// Close closes a report with a note for the other moderators, or opens it again.
// Faults: Unauthenticated, Forbidden, NotFound.
func (d *Reports) Close(ctx context.Context, v music.Viewer, what id.Report, closed bool, note string) error {
	return d.change(ctx, v, what, func(tx Tx, _ *Report) error {
		at, action := time.Time{}, "report.open"
		if closed {
			at, action = tx.Now(), "report.close"
		}
		note := prose(note, maxReason)
		if err := tx.CloseReport(ctx, what, at, v.Account, note); err != nil {
			return err
		}
		return tx.Audit(ctx, cmp.Or(string(v.Account), "operator"), action, string(what), note)
	})
}

// Forward tells the server of what a report is about, in the moderators' words.
// Faults: Unauthenticated, Forbidden, NotFound, Invalid, Conflict.
func (d *Reports) Forward(ctx context.Context, v music.Viewer, what id.Report, words string) error {
	err := d.change(ctx, v, what, func(tx Tx, r *Report) error {
		if !r.Told.IsZero() {
			return fault.New(fault.Conflict, "Its server was told already.")
		}
		if err := d.tell(ctx, tx, r, prose(words, longestReport)); err != nil {
			return err
		}
		return tx.Audit(ctx, cmp.Or(string(v.Account), "operator"), "report.forward", string(what), "")
	})
	if err == nil {
		d.Sent()
	}
	return err
}

func (d *Reports) change(ctx context.Context, v music.Viewer, what id.Report, do func(Tx, *Report) error) error {
	if err := moderates(v); err != nil {
		return err
	}
	return d.Store.SocialUpdate(ctx, func(tx Tx) error {
		r, err := tx.Report(ctx, what)
		if err != nil {
			return err
		}
		return do(tx, &r)
	})
}

func moderates(v music.Viewer) error {
	switch {
	case v.Staff():
		return nil
	case v.Account == "":
		return fault.New(fault.Unauthenticated, "Sign in first.")
	}
	return fault.New(fault.Forbidden, "Only moderators can do that.")
}
