package social

import (
	"context"
	"regexp"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/notice"
)

// A Comment is what somebody said about a thing.
type Comment struct {
	ID       id.Comment
	Thing    Thing
	Parent   id.Comment // that it answers, "" none
	Author   Author
	IRI      string // of one that came from another server
	URL      string // where people read it there
	HTML     string // clean
	Position int64  // milliseconds into the track, -1 none
	Hidden   bool   // by the act's people
	Passed   bool   // of another server, to who follows the act here
	At       time.Time
	Changed  time.Time // At, unless it was edited
}

// An Author is a listener here or somebody on another server.
type Author struct {
	Account id.Account
	Person  id.Person // as whom the account says it to other servers, "" it stays here
	Act     id.Act    // in whose name the account says it, there and here, "" in its own
	Actor   string
	Host    string // of the other server, "" here
	Name    string
	Handle  string // without the host
	URL     string // of their page there
}

// Page is where people look at an author, "" nowhere.
func (a *Author) Page() string {
	switch {
	case a.Act != "":
		return "/act/" + a.Handle
	case a.Person != "":
		return "/person/" + a.Handle
	case a.URL != "":
		return a.URL
	}
	return a.Actor
}

// Told reports whether other servers know an author of this node by name.
func (a *Author) Told() bool { return a.Person != "" || a.Act != "" }

// Address is how an author is written to: @ada@far.example, or @ada here.
func (a *Author) Address() string {
	if a.Host == "" {
		return "@" + a.Handle
	}
	return "@" + a.Handle + "@" + a.Host
}

// Said is how an author is named where they may be nobody any more: by address, by
// the address of their document, or not at all.
func (a *Author) Said() string {
	if a.Handle == "" {
		return a.Actor
	}
	return a.Address()
}

// CommentTx is the part of a transaction that keeps comments.
type CommentTx interface {
	// PutComment reports false when there is one of that address.
	PutComment(ctx context.Context, c Comment) (bool, error)
	// EditComment changes text and position.
	EditComment(ctx context.Context, c Comment) error
	HideComment(ctx context.Context, c id.Comment, hidden bool) error
	DropComment(ctx context.Context, c id.Comment) error
	// DropCommentsBy drops everything of an author, DropCommentsAs what a listener said
	// as who they are elsewhere. Of what is dropped other servers are told that know it.
	DropCommentsBy(ctx context.Context, a Author) error
	DropCommentsAs(ctx context.Context, p id.Person) error
	// CommentsAs are the latest n that a person said and that are in view, and how many
	// there are.
	CommentsAs(ctx context.Context, p id.Person, n int) ([]id.Comment, int64, error)
	// CommentGone is since when a comment is no more that other servers may know.
	// Faults: NotFound.
	CommentGone(ctx context.Context, c id.Comment) (time.Time, error)
	Comment(ctx context.Context, c id.Comment) (Comment, error)
	// CommentAt finds a comment by its address elsewhere.
	CommentAt(ctx context.Context, iri string) (Comment, error)
	// Comments are the latest n of a release and its tracks, the latest first: of
	// those made before one, where that is not "".
	Comments(ctx context.Context, r id.Release, before id.Comment, n int) ([]Comment, error)
	// CountComments counts those since a time by an author, and on a release from
	// their server; and all there are of the release.
	CountComments(ctx context.Context, a Author, r id.Release, since time.Time) (by, from, all int64, err error)
	Role(ctx context.Context, act id.Act, account id.Account) (music.Role, error)
	Follows(ctx context.Context, act id.Act, a Author) (bool, error)
	// Known is [ReactionTx.Public], or a thing of another server that is known here,
	// which is no act's of this node. Faults: NotFound.
	Known(ctx context.Context, t Thing) (Thing, id.Act, error)
	// Length is how many milliseconds a track has.
	Length(ctx context.Context, t id.Track) (int64, error)
	// OnlyTrack is the track of a release that has one, "" of others.
	OnlyTrack(ctx context.Context, r id.Release) (id.Track, error)
}

// Bounds of comments.
const (
	longestComment = 5_000              // characters
	perHour        = 20                 // of one author
	fromHost       = 100                // an hour, on one release
	onRelease      = 5_000              // in all
	pasteBytes     = 4 * longestComment // of HTML that is looked at at all
)

// Say keeps a comment that somebody made, its HTML as it came. Who is of this node
// comments on music of other servers too, and is answered there. One that was there has no id.
// Faults: TooLarge,
// Invalid, Forbidden, Limited, Conflict; NotFound when the thing is not public.
func Say(ctx context.Context, tx Tx, c Comment) (Comment, error) {
	find := tx.Public
	if c.Author.Account != "" || c.Parent != "" {
		find = tx.Known
	}
	thing, act, err := find(ctx, c.Thing)
	if err != nil {
		return c, err
	}
	c.Thing = thing
	if c.HTML, err = clean(c.HTML); err != nil {
		return c, err
	}
	if err := place(ctx, tx, &c); err != nil {
		return c, err
	}
	if err := may(ctx, tx, act, &c); err != nil {
		return c, err
	}
	c.At = tx.Now()
	return keepComment(ctx, tx, act, c)
}

// keepComment keeps one that may be made, as of its time, and tells of it. One that was
// there has no id.
func keepComment(ctx context.Context, tx Tx, act id.Act, c Comment) (Comment, error) {
	c.ID, c.Changed = id.New[id.Comment](c.At), c.At
	is, err := tx.PutComment(ctx, c)
	if err != nil || !is {
		c.ID = ""
		return c, err
	}
	return c, spread(ctx, tx, act, &c)
}

// spread tells of a comment: who is answered here, and the act's people.
func spread(ctx context.Context, tx Tx, act id.Act, c *Comment) error {
	n := notice.Cause{Kind: notice.Comment, Act: act, Actor: c.Author.Actor, Person: c.Author.Account, Release: c.Thing.Release, Track: c.Thing.Track, Comment: c.ID}
	if c.Parent != "" {
		p, err := tx.Comment(ctx, c.Parent)
		if err != nil {
			return err
		}
		a, hears := p.Author.Account, true
		if a != "" && c.Author.Actor != "" { // whoever of an act's people wrote in its name may have blocked them
			if hears, err = Hears(ctx, tx, a, c.Author.Actor, c.Author.Host); err != nil {
				return err
			}
		}
		if hears && a != "" && a != c.Author.Account {
			answer := n
			answer.Kind, answer.Account, n.Knows = notice.Answer, a, a
			if err := tell(ctx, tx, answer); err != nil {
				return err
			}
		}
	}
	if act == "" {
		return nil // its people are not of this node
	}
	return tell(ctx, tx, n)
}

// Reword changes a comment to what its author says it is now, its HTML as it came, and
// reports whether it is another. Faults: NotFound, TooLarge, Invalid, Forbidden.
func Reword(ctx context.Context, tx Tx, c Comment) (changed bool, err error) {
	if err := heeded(ctx, tx, c.Thing.Release, c.Author.Actor); err != nil {
		return false, err
	}
	if c.HTML, err = clean(c.HTML); err != nil {
		return false, err
	}
	if err := place(ctx, tx, &c); err != nil {
		return false, err
	}
	was, err := tx.Comment(ctx, c.ID)
	if err != nil || was.HTML == c.HTML && was.Position == c.Position && was.Thing == c.Thing {
		return false, err
	}
	c.Changed = tx.Now()
	return true, tx.EditComment(ctx, c)
}

func clean(text string) (string, error) {
	tooLong := fault.On("text", fault.TooLarge, "A comment has at most %d characters.", longestComment)
	if len(text) > pasteBytes {
		return "", tooLong
	}
	text = Clean(text)
	said := Text(text)
	switch {
	case said == "":
		return "", fault.On("text", fault.Invalid, "The comment says nothing.")
	case utf8.RuneCountInString(said) > longestComment:
		return "", tooLong
	}
	return text, nil
}

// place finds out where in a track a comment belongs: where it says, or at the
// time its text begins with. What does not lie in the track lies nowhere.
func place(ctx context.Context, tx Tx, c *Comment) (err error) {
	if c.Position < 0 {
		c.Position = leadingTime(Text(c.HTML))
	}
	if c.Position >= 0 && c.Thing.Track == "" {
		if c.Thing.Track, err = tx.OnlyTrack(ctx, c.Thing.Release); err != nil {
			return err
		}
	}
	if c.Position < 0 || c.Thing.Track == "" {
		c.Position = -1
		return nil
	}
	length, err := tx.Length(ctx, c.Thing.Track)
	if c.Position > length {
		c.Position = -1
	}
	return err
}

// leading is a time at the beginning of a text, after those it is addressed to.
var leading = regexp.MustCompile(`^(?:@\S+\s+)*(?:(\d{1,2}):)?(\d{1,2}):(\d{2})(?:\D|$)`)

func leadingTime(text string) int64 {
	if m := leading.FindStringSubmatch(text); m != nil {
		return milliseconds(m[1], m[2], m[3])
	}
	return -1
}

func milliseconds(h, m, s string) int64 {
	var total int64
	for _, part := range []string{h, m, s} {
		n, _ := strconv.ParseInt("0"+part, 10, 64) // digits, by the expression
		total = total*60 + n
	}
	return total * 1000
}

// clockTime is a time by itself.
var clockTime = regexp.MustCompile(`^(?:(\d{1,2}):)?(\d{1,2}):(\d{2})$`)

// Position reads "1:23" or "1:02:03" as milliseconds, "" as none (-1). Faults:
// Invalid.
func Position(text string) (int64, error) {
	if text == "" {
		return -1, nil
	}
	m := clockTime.FindStringSubmatch(text)
	if m == nil {
		return -1, fault.On("at", fault.Invalid, "%q is no place in a track: write it like 1:23.", text)
	}
	return milliseconds(m[1], m[2], m[3]), nil
}

// may refuses a comment of who may make none, or no more of them now. The act's
// people may always.
func may(ctx context.Context, tx Tx, act id.Act, c *Comment) error {
	if own, err := ofTheAct(ctx, tx, act, c.Author); err != nil || own {
		return err
	}
	if err := heeded(ctx, tx, c.Thing.Release, c.Author.Actor); err != nil {
		return err
	}
	by, from, all, err := tx.CountComments(ctx, c.Author, c.Thing.Release, tx.Now().Add(-time.Hour))
	switch {
	case err != nil:
		return err
	case by >= perHour:
		return fault.New(fault.Conflict, "You have made %d comments within an hour. Go on in an hour.", perHour)
	case from >= fromHost:
		return fault.New(fault.Conflict, "There were %d comments from one server within an hour.", fromHost)
	case all >= onRelease:
		return fault.New(fault.Conflict, "There are %d comments on this release, and no more are taken.", onRelease)
	}
	return Permit(ctx, tx, Commenting, act, c.Thing.Release, c.Author)
}
