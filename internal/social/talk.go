package social

import (
	"context"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// A Talk is what people say of the music here, as pages and programs ask for it.
type Talk struct {
	Store  Store
	Ledger Statements // nil: none is known
}

// Reactions are the counts of a release as a whole and of its tracks.
func (t *Talk) Reactions(ctx context.Context, r id.Release) (counts map[Thing]Counts, err error) {
	err = t.Store.SocialView(ctx, func(tx Tx) error {
		counts, err = tx.Reactions(ctx, r)
		return err
	})
	return counts, err
}

// A Said is a comment in its place in a conversation.
type Said struct {
	Comment
	Depth int  // 0 begins one
	Own   bool // the viewer's
	// Barred is somebody elsewhere whom the act blocks, for those who may hide and delete.
	Barred bool
}

// A Conversation is what was said of a release and its tracks: the latest first,
// and under each what answers it in the order in which it was said.
type Conversation struct {
	Comments []Said
	Next     id.Comment    // before which there are older ones, "" none
	Policies Policies      // who may do what with the music
	May      map[Verb]bool // what the viewer may
	Keeps    bool          // the viewer may hide and delete
}

// deepest is how deep answers are set in: those below stand at that depth.
const deepest = 3

// MostComments is how many can be asked for at once.
const MostComments = 1_000

// Comments are the latest n of a release that everybody may hear, here or on another
// server, of those before
// one where that is not "". Hidden ones are for those who may show them again.
// Faults: NotFound.
func (t *Talk) Comments(ctx context.Context, v music.Viewer, r id.Release, before id.Comment, n int) (out Conversation, err error) {
	n = max(1, min(n, MostComments))
	err = t.Store.SocialView(ctx, func(tx Tx) error {
		_, act, err := tx.Known(ctx, Thing{Release: r})
		if err != nil {
			return err
		}
		if out.Keeps, err = keeps(ctx, tx, v, act); err != nil {
			return err
		}
		if out.Policies, err = InForce(ctx, tx, act, r); err != nil {
			return err
		}
		if out.May, err = mays(ctx, tx, v, out.Policies, act, r); err != nil {
			return err
		}
		list, err := tx.Comments(ctx, r, before, n+1)
		if err != nil {
			return err
		}
		if len(list) > n {
			list = list[:n]
			out.Next = list[n-1].ID
		}
		list, err = Heard(ctx, tx, v.Account, list)
		out.Comments = thread(list, v, out.Keeps)
		if err != nil || !out.Keeps {
			return err
		}
		return bar(ctx, tx, r, out.Comments)
	})
	return out, err
}

// mays is what a viewer may do with a release by its policies: nothing, who is not
// signed in.
func mays(ctx context.Context, tx Tx, v music.Viewer, p Policies, act id.Act, r id.Release) (map[Verb]bool, error) {
	may := map[Verb]bool{}
	if v.Account == "" {
		return may, nil
	}
	for what, who := range p {
		ok, err := admits(ctx, tx, who, act, r, Author{Account: v.Account})
		if err != nil {
			return nil, err
		}
		may[what] = ok
	}
	return may, nil
}

// bar marks what was said by whom the release's act blocks.
func bar(ctx context.Context, tx Tx, r id.Release, list []Said) error {
	known := map[string]bool{}
	for i := range list {
		a := list[i].Author.Actor
		is, asked := known[a]
		if a != "" && !asked {
			var err error
			if is, err = tx.BarredFrom(ctx, r, a); err != nil {
				return err
			}
			known[a] = is
		}
		list[i].Barred = is
	}
	return nil
}

// keeps reports whether a viewer may hide and delete what others said of an act's
// music: its people and moderators.
func keeps(ctx context.Context, tx Tx, v music.Viewer, act id.Act) (bool, error) {
	if v.Staff() || v.Account == "" {
		return v.Staff(), nil
	}
	role, err := tx.Role(ctx, act, v.Account)
	return role != music.NoRole, err
}

// reads reports whether somebody finds a comment in its conversation: nobody finds
// those of what is not published and of whom they do not hear, and only who may show
// them again those that are hidden, with what answers them. Faults: NotFound.
func reads(ctx context.Context, tx Tx, v music.Viewer, c Comment) (bool, error) {
	_, act, err := tx.Known(ctx, Thing{Release: c.Thing.Release})
	if err != nil {
		return false, err
	}
	if a := c.Author; a.Actor != "" {
		if hears, err := Hears(ctx, tx, v.Account, a.Actor, a.Host); err != nil || !hears {
			return false, err
		}
	}
	if all, err := keeps(ctx, tx, v, act); err != nil || all {
		return all, err
	}
	for !c.Hidden && c.Parent != "" {
		c, err = tx.Comment(ctx, c.Parent)
		if fault.Is(err, fault.NotFound) {
			return true, nil // what it answered is gone
		}
		if err != nil {
			return false, err
		}
	}
	return !c.Hidden, nil
}

// thread puts answers under what they answer. list has the latest first.
func thread(list []Comment, v music.Viewer, all bool) (out []Said) {
	known := make(map[id.Comment]bool, len(list))
	for _, c := range list {
		known[c.ID] = true
	}
	under := map[id.Comment][]Comment{}
	for i := len(list) - 1; i >= 0; i-- { // the oldest first
		c := list[i]
		if !known[c.Parent] {
			c.Parent = "" // what it answered is gone, or further back
		}
		under[c.Parent] = append(under[c.Parent], c)
	}
	var add func(c Comment, depth int)
	add = func(c Comment, depth int) {
		if c.Hidden && !all {
			return // and what answers it
		}
		out = append(out, Said{Comment: c, Depth: min(depth, deepest), Own: v.Account != "" && c.Author.Account == v.Account})
		for _, a := range under[c.ID] {
			add(a, depth+1)
		}
	}
	roots := under[""]
	for i := len(roots) - 1; i >= 0; i-- {
		add(roots[i], 0)
	}
	return out
}

// A Draft is what a listener here wants to say.
type Draft struct {
	Thing    Thing
	Parent   id.Comment // that it answers, "" none: the thing is then that one's
	Position int64      // milliseconds into the track, -1 none
	Text     string
	As       id.Act // in whose name, of whose people the listener is; "" in their own
}

// Write says it. Of an act and of who is seen elsewhere other servers are told; else it
// stays on this node. Faults: Unauthenticated, NotFound, Forbidden in the name of an act
// whose the music is not or of whose people the listener is none, and those of [Say].
func (t *Talk) Write(ctx context.Context, v music.Viewer, d Draft) (c Comment, err error) {
	if v.Account == "" {
		return c, fault.New(fault.Unauthenticated, "Sign in to comment.")
	}
	c = Comment{Thing: d.Thing, Parent: d.Parent, Author: Author{Account: v.Account}, HTML: Paragraphs(d.Text), Position: d.Position}
	err = t.Store.SocialUpdate(ctx, func(tx Tx) error {
		if d.Parent != "" {
			p, err := tx.Comment(ctx, d.Parent)
			if err != nil {
				return err
			}
			c.Thing = p.Thing
		}
		if err := sign(ctx, tx, &c, d.As); err != nil {
			return err
		}
		said, err := Say(ctx, tx, c)
		if err != nil {
			return err
		}
		c, err = tellComment(ctx, tx, said.ID)
		return err
	})
	return c, err
}

// sign says in whose name a comment is: an act's, or that of its author as who they are
// seen elsewhere.
func sign(ctx context.Context, tx Tx, c *Comment, as id.Act) error {
	if as == "" {
		p, err := tx.PersonOf(ctx, c.Author.Account)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		c.Author.Person = p.ID
		return err
	}
	c.Author.Act = as
	return signs(ctx, tx, *c, as)
}

// signs refuses a comment in the name of an act, "" none, that is not by its own people, on
// its own music. Faults: Forbidden, NotFound.
func signs(ctx context.Context, tx Tx, c Comment, as id.Act) error {
	if as == "" {
		return nil
	}
	_, act, err := tx.Known(ctx, c.Thing)
	if err != nil {
		return err
	}
	own, err := ofTheAct(ctx, tx, as, c.Author)
	if err == nil && (act != as || !own) {
		err = fault.On("as", fault.Forbidden, "In the name of an act its own people comment, on its own music.")
	}
	return err
}

// tellComment has other servers told what became of a comment that its author lets them
// know, and returns it.
func tellComment(ctx context.Context, tx Tx, what id.Comment) (Comment, error) {
	c, err := tx.Comment(ctx, what)
	if err != nil || !c.Author.Told() {
		return c, err
	}
	job := music.Telling("comment", string(what))
	return c, tx.Enqueue(ctx, music.JobTell, job, []byte(job), tx.Now())
}

// Edit changes what its author said, and where in the track that belongs: position in
// milliseconds, -1 none. Faults: NotFound, Forbidden, and those of [Reword].
func (t *Talk) Edit(ctx context.Context, v music.Viewer, what id.Comment, text string, position int64) (c Comment, err error) {
	err = t.Store.SocialUpdate(ctx, func(tx Tx) error {
		was, _, err := kept(ctx, tx, v, what)
		if err != nil {
			return err
		}
		if v.Account == "" || was.Author.Account != v.Account {
			return fault.New(fault.Forbidden, "Only its author changes a comment.")
		}
		if err := signs(ctx, tx, was, was.Author.Act); err != nil { // who left the act speaks for it no more
			return err
		}
		was.HTML, was.Position = Paragraphs(text), position
		if _, err := Reword(ctx, tx, was); err != nil {
			return err
		}
		c, err = tellComment(ctx, tx, what)
		return err
	})
	return c, err
}

// Answers is what a comment answers as other servers see it: the nearest one above it
// that they know, the zero value where that is the music itself.
func Answers(ctx context.Context, tx Tx, c Comment) (Comment, error) {
	for c.Parent != "" {
		above, err := tx.Comment(ctx, c.Parent)
		if fault.Is(err, fault.NotFound) {
			break
		}
		if err != nil || above.IRI != "" || above.Author.Told() {
			return above, err
		}
		c = above
	}
	return Comment{}, nil
}

// Hide takes a comment of somebody out of view, or shows it again: others are then told what
// its author changed meanwhile. For the act's people and moderators. Faults: NotFound, Forbidden.
func (t *Talk) Hide(ctx context.Context, v music.Viewer, what id.Comment, on bool) error {
	return t.Store.SocialUpdate(ctx, func(tx Tx) error {
		_, may, err := kept(ctx, tx, v, what)
		if err != nil {
			return err
		}
		if !may {
			return fault.New(fault.Forbidden, "Only the act's people and moderators hide a comment.")
		}
		if err := tx.HideComment(ctx, what, on); err != nil || on {
			return err
		}
		_, err = tellComment(ctx, tx, what)
		return err
	})
}

// Delete removes a comment: its author's right, the act's people's and
// moderators'. It tells of which release it was. Faults: NotFound, Forbidden.
func (t *Talk) Delete(ctx context.Context, v music.Viewer, what id.Comment) (r id.Release, err error) {
	err = t.Store.SocialUpdate(ctx, func(tx Tx) error {
		c, may, err := kept(ctx, tx, v, what)
		if err != nil {
			return err
		}
		if !may && (v.Account == "" || c.Author.Account != v.Account) {
			return fault.New(fault.Forbidden, "Only its author, the act's people and moderators delete a comment.")
		}
		r = c.Thing.Release
		return tx.DropComment(ctx, what)
	})
	return r, err
}

func kept(ctx context.Context, tx Tx, v music.Viewer, what id.Comment) (Comment, bool, error) {
	c, err := tx.Comment(ctx, what)
	if err != nil {
		return c, false, err
	}
	_, act, err := tx.Known(ctx, Thing{Release: c.Thing.Release})
	if err != nil {
		return c, false, err
	}
	may, err := keeps(ctx, tx, v, act)
	return c, may, err
}
