package music

import (
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
)

// A Kind is the form of a release.
type Kind string

// The kinds, in the order a form offers them.
const (
	Album  Kind = "album"
	EP     Kind = "ep"
	Single Kind = "single"
)

// Kinds lists every kind.
func Kinds() []Kind { return []Kind{Album, EP, Single} }

// A Licence says what others may do with the music. The list is closed.
type Licence string

// The licences. Those of Creative Commons are version 4.0, CC0 is 1.0.
const (
	AllRights Licence = "all-rights-reserved"
	CCBY      Licence = "cc-by"
	CCBYSA    Licence = "cc-by-sa"
	CCBYND    Licence = "cc-by-nd"
	CCBYNC    Licence = "cc-by-nc"
	CCBYNCSA  Licence = "cc-by-nc-sa"
	CCBYNCND  Licence = "cc-by-nc-nd"
	CC0       Licence = "cc0"
)

// Licences lists every licence in the order a form offers them.
func Licences() []Licence {
	return []Licence{AllRights, CCBY, CCBYSA, CCBYND, CCBYNC, CCBYNCSA, CCBYNCND, CC0}
}

// Name is the licence's proper name.
func (l Licence) Name() string {
	switch l {
	case AllRights:
		return "All rights reserved"
	case CC0:
		return "CC0 1.0"
	}
	return "CC " + strings.ToUpper(strings.TrimPrefix(string(l), "cc-")) + " 4.0"
}

// URL is where the licence can be read, "" for all rights reserved.
func (l Licence) URL() string {
	switch l {
	case AllRights:
		return ""
	case CC0:
		return "https://creativecommons.org/publicdomain/zero/1.0/"
	}
	return "https://creativecommons.org/licenses/" + strings.TrimPrefix(string(l), "cc-") + "/4.0/"
}

// A State is where a release is in its life.
type State string

// The states. A release is heard by everybody in Published alone.
const (
	Draft     State = "draft"
	Scheduled State = "scheduled"
	Published State = "published"
	TakenDown State = "taken_down"
)

// A Release is an album, EP or single of one act.
type Release struct {
	ID     id.Release
	Act    id.Act
	Facts  Facts
	Cover  Cover
	Edited []string // fields a person has written: tags of files leave them alone

	State     State
	Before    State     // of a taken down release: what restoring goes back to
	PublishAt time.Time // of a scheduled one
	Zone      string    // IANA name of the zone PublishAt was chosen in
	Published time.Time // first time it was public; zero: never
	Reason    string    // of the take-down
	Preview   string    // token of the private link, "" none
	Plays     int64     // counted ones
	Created   time.Time
	Changed   time.Time
}

// Facts are what is written once for a whole release.
type Facts struct {
	Title       string
	Artist      string // as printed on the sleeve: the act's name or an alias
	Kind        Kind
	Date        string // 2026, 2026-11 or 2026-11-24; "" unknown
	Label       string
	Licence     Licence
	Language    string // BCP 47, "" unknown or none
	Explicit    bool
	Description string
	Tags        []string // folded, see [Tag]
}

// check cleans the facts and returns the first Invalid fault. A draft may
// lack its title and artist.
func (f *Facts) check() (err error) {
	f.Title, f.Artist, f.Label = OneLine(f.Title), OneLine(f.Artist), OneLine(f.Label)
	f.Description = prose(f.Description)
	if f.Date, err = Date(f.Date); err != nil {
		return err
	}
	if f.Language, err = languageTag(f.Language); err != nil {
		return err
	}
	if f.Tags, err = tags(f.Tags); err != nil {
		return err
	}
	for _, e := range []error{
		need("title", "The title", f.Title, titleMax, true),
		need("artist", "The artist", f.Artist, titleMax, true),
		need("label", "The label", f.Label, nameMax, true),
		need("description", "The description", f.Description, textMax, true),
		oneOf("kind", "kind of release", f.Kind, Kinds()),
		oneOf("licence", "licence we know", f.Licence, Licences()),
	} {
		if e != nil {
			return e
		}
	}
	return nil
}

// Date checks a day that may lack its day or month: 2026-11-24, 2026-11,
// 2026, or nothing. It returns an Invalid fault about "date".
func Date(s string) (string, error) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.DateOnly, "2006-01", "2006"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1860 {
			return s, nil
		}
	}
	if s == "" {
		return "", nil
	}
	return "", fault.On("date", fault.Invalid, "%q is no date: write 2026-11-24, 2026-11 or 2026.", cut(s, 40))
}

// Language is a stranger's tag of a language as BCP 47 has it, "" when it is none.
func Language(s string) string {
	t, _ := languageTag(cut(OneLine(s), 20)) // "" for what is none
	return t
}

func languageTag(s string) (string, error) {
	if s = strings.TrimSpace(s); s == "" {
		return "", nil
	}
	t, err := language.Parse(s)
	if err != nil {
		return "", fault.On("language", fault.Invalid, "%q is no language tag: write it like en, de or pt-BR.", cut(s, 40))
	}
	return t.String(), nil
}

// missing says what keeps the release from being published, or nil.
func (r *Release) missing(tracks []Track) error {
	switch {
	case r.Facts.Title == "":
		return fault.On("title", fault.Invalid, "The release has no title yet.")
	case r.Facts.Artist == "":
		return fault.On("artist", fault.Invalid, "The release names no artist yet.")
	}
	ready, waiting := 0, 0
	for _, t := range tracks {
		switch t.State {
		case Ready:
			ready++
			if t.Title == "" {
				return fault.New(fault.Invalid, "Track %d has no title yet.", t.Number)
			}
		case Uploaded, Preparing:
			waiting++
		}
	}
	switch {
	case waiting == 1:
		return fault.New(fault.Conflict, "One track is still being prepared. It takes a minute; publish when it is done, or set a time.")
	case waiting > 1:
		return fault.New(fault.Conflict, "%d tracks are still being prepared. It takes a few minutes; publish when they are done, or set a time.", waiting)
	case ready == 0:
		return fault.New(fault.Invalid, "The release has no track that can be played yet.")
	}
	return nil
}
