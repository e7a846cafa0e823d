package web

// Page is what every page carries. A page's own struct embeds it:
//
//	type ReleasePage struct {
//		web.Page
//		Release Release
//	}
//	r.Render(w, req, http.StatusOK, "release", &ReleasePage{Page: base, ...})
//
// and templates/pages/release.html defines "main", reading both alike
// ({{.Title}}, {{.Release.Title}}).
type Page struct {
	// Title names the page ("Low Tide Arithmetic"); the node's name is added.
	Title string
	// Description is one sentence for link previews and search engines; "" has none.
	Description string
	// Canonical is the page's absolute address for link previews; "" has none.
	Canonical string
	// Image is the absolute address of a picture for link previews; "" has none.
	Image string
	// Nav marks the place in the navigation: one of the Nav constants, or "".
	Nav string
	// Lang is a BCP 47 tag when the account has chosen one; otherwise Render
	// picks it from the request. Render writes the chosen tag back.
	Lang string
	// Query is shown in the search field of the top bar.
	Query string
	// Viewer is who is looking.
	Viewer Viewer
	// Node is where they look.
	Node NodeFacts
	// Accents are those of the page's cover: shown until something plays.
	Accents Accents
	// CSRF is the token that forms and the player send back.
	CSRF string
	// Notices stand above the page, in order.
	Notices []Notice
	// Bare leaves out the navigation and the player (setup, sign-in).
	Bare bool
	// Scripts are further entry scripts by logical name ("studio.js").
	Scripts []string
	// NoIndex keeps the page out of search engines: everything private.
	NoIndex bool

	path string // set by Render
}

// The places in the navigation.
const (
	NavNine     = "nine"
	NavBrowse   = "browse"
	NavLibrary  = "library"
	NavReceipts = "receipts"
	NavStudio   = "studio"
	NavOperator = "operator"
)

// Base returns the page itself; embedding [Page] makes a struct a [Paged].
func (p *Page) Base() *Page { return p }

// Paged is any pointer to a struct that embeds [Page].
type Paged interface{ Base() *Page }

// Viewer is the person looking; the zero value is a guest.
type Viewer struct {
	Name     string // display name; "" is a guest
	Handle   string // user name at this node
	Artist   bool   // has an act: sees the studio
	Operator bool   // admin or moderator: sees the operator's pages
	Pays     bool   // has a subscription for the current period
	Unread   int    // notifications
	NoTrace  bool   // has paused the history
}

// SignedIn reports whether this is an account, not a guest.
func (v Viewer) SignedIn() bool { return v.Handle != "" }

// Initial is the letter in the account's badge.
func (v Viewer) Initial() string {
	for _, r := range v.Name + v.Handle {
		return string(r)
	}
	return ""
}

// NodeFacts say where one is: shown in the footer of every page.
type NodeFacts struct {
	Name     string // "Quayside"
	Operator string // who runs it; "" leaves the words out
	Place    string // "Bremen"; "" leaves the words out
	Version  string
	SignUp   bool // anyone may make an account
	// Clock is the simulated date in words when the node's clock does not
	// tell real time (demo directories), else "".
	Clock string
	// Unreviewed says that fewer than two independent nodes review this one.
	Unreviewed bool
	// Demo says that the directory was made for looking around.
	Demo bool
}

// Unnamed is what a node is called until somebody gives it a name.
const Unnamed = "A 9ten node"

// Named reports whether the node has a name of its own.
func (f NodeFacts) Named() bool { return f.Name != Unnamed }

// Accents are the two colours stored with a cover, "#rrggbb" for light and
// for dark surfaces. The zero value means ink.
type Accents struct {
	Light string `json:"l,omitempty"`
	Dark  string `json:"d,omitempty"`
}

// Known reports whether both colours are well-formed: nothing else may enter
// a style attribute.
func (a Accents) Known() bool { return isColour(a.Light) && isColour(a.Dark) }

func isColour(s string) bool {
	if len(s) != 7 || s[0] != '#' {
		return false
	}
	for _, c := range []byte(s[1:]) {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return true
}

// NoticeKind is the mood of a notice.
type NoticeKind string

// The moods.
const (
	NoteInfo NoticeKind = ""
	NoteOK   NoticeKind = "ok"
	NoteErr  NoticeKind = "err"
)

// Notice is a sentence above the page: what, why, what to do.
type Notice struct {
	Kind NoticeKind
	Text string
	Link string // an address that helps; "" has none
	Go   string // the words of the link
}
