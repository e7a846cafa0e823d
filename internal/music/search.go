package music

import (
	"slices"
	"strings"
)

// A Found is the kind of thing a search finds.
type Found int64

// The kinds of documents; the numbers are stored.
const (
	FoundTrack    Found = 1
	FoundRelease  Found = 2
	FoundAct      Found = 3
	FoundPlaylist Found = 4
	// Of other servers, by their ids here, acts by their addresses; without a card.
	FoundTrackElsewhere    Found = 5
	FoundReleaseElsewhere  Found = 6
	FoundPlaylistElsewhere Found = 7
	FoundActElsewhere      Found = 8
)

// A Doc is what search knows of one thing. Title, Maker and More are words
// folded by [Terms] and joined by spaces.
type Doc struct {
	Found Found
	Ref   string
	Title string
	Maker string
	More  string
	Card  string // the packed row
}

// NewDoc is the document of a thing whose card is not kept.
func NewDoc(f Found, ref, title string, maker ...string) Doc {
	return Doc{Found: f, Ref: ref, Title: folded(title), Maker: folded(maker...)}
}

// With is the document with other words by which its thing is found, too.
func (d Doc) With(more ...string) Doc {
	d.More = folded(more...)
	return d
}

func folded(list ...string) string { return strings.Join(Terms(strings.Join(list, " ")), " ") }

// A Hit is a document that holds the words.
type Hit struct {
	Found Found
	Ref   string
	Title string // folded
	Card  string
}

// termsMax bounds a query: more words find nothing more.
const termsMax = 8

// query splits what a person typed into words to look for. It returns nil when
// there is none.
func query(q string) []string {
	if len(q) > 500 {
		q = strings.ToValidUTF8(q[:500], "")
	}
	t := Terms(q)
	return t[:min(len(t), termsMax)]
}

// Looked are the words to look for in what a person typed, nil none.
func Looked(q string) []string { return query(q) }

// rank orders hits of one kind the same way on every database: the whole title
// first, then titles that begin with the words, then titles that hold them
// all, then the rest; within each the order they were found in stays. It drops
// doubles and returns at most n.
func rank(hits []Hit, f Found, terms []string, n int) []*Hit {
	whole := strings.Join(terms, " ")
	place := func(h *Hit) int {
		switch {
		case h.Title == whole:
			return 0
		case strings.HasPrefix(h.Title, whole):
			return 1
		}
		for _, t := range terms {
			if !strings.HasPrefix(h.Title, t) && !strings.Contains(h.Title, " "+t) {
				return 3
			}
		}
		return 2
	}
	var classes [4][]*Hit
	for i := range hits {
		if hits[i].Found != f {
			continue
		}
		p := place(&hits[i])
		if !slices.ContainsFunc(classes[p], func(o *Hit) bool { return o.Ref == hits[i].Ref }) {
			classes[p] = append(classes[p], &hits[i])
		}
	}
	all := slices.Concat(classes[:]...)
	return all[:min(n, len(all))]
}

// Results are what a search finds, each list best first.
type Results struct {
	Tracks    []TrackRow
	Releases  []ReleaseRow
	Acts      []ActRow
	Playlists []PlaylistRow
	Tags      []TagCount
}

// Empty reports whether nothing was found.
func (r *Results) Empty() bool {
	return len(r.Tracks)+len(r.Releases)+len(r.Acts)+len(r.Playlists)+len(r.Tags) == 0
}
