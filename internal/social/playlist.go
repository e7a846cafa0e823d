package social

import (
	"context"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
)

// A Playlist is one of an act on another server, as its document said last.
type Playlist struct {
	ID          id.Playlist // this node's
	IRI         string      // its document's
	Actor       string      // the act
	Title       string
	Description string // plain text
	Page        string // where people look at it over there
	Published   time.Time
	Updated     time.Time
	Items       []Entry // none in lists
	Count       int64   // of the items
	Paged       bool    // it came without its items, which its server gives by pages
	Listed      bool    // with the act and in searches; otherwise for who has the address

	Collaborators []string       // addresses of those who work on it
	Working       []Collaborator // the same by name, of one playlist alone

	Handle, Host, Act string // what is known here of the act
}

// Home is the handle of the playlist's act, under which its page is here.
func (p *Playlist) Home() string { return p.Handle + "@" + p.Host }

// An Entry is a place in a playlist: a track of whatever server.
type Entry struct {
	IRI   string
	Track id.Track // this node's, "" it is not known yet
	Asked int64    // how often its server was asked for it
}

// What is kept of playlists of other servers.
const (
	MostPlaylists = 200  // of one act
	MostEntries   = 1000 // of one playlist: the first ones
)

// JobPlaylist asks for tracks of a playlist that are not known here: its id here.
const JobPlaylist = "social.playlist"

// JobPages asks for the items of a playlist that its server gives by pages: its id here.
const JobPages = "social.pages"

// Listed is what is kept of playlists on other servers.
type Listed interface {
	// PutPlaylist keeps a playlist with its items in place of what was known under its
	// address, and fills in ids. It returns a Forbidden fault for one of another act.
	PutPlaylist(ctx context.Context, p *Playlist) error
	// PlaylistByIRI has its items.
	PlaylistByIRI(ctx context.Context, iri string) (Playlist, error)
	PlaylistElsewhere(ctx context.Context, p id.Playlist) (Playlist, error)
	// PlaylistsElsewhere are an act's, the latest change first.
	PlaylistsElsewhere(ctx context.Context, actor string, n int) ([]Playlist, error)
	// SearchPlaylists finds up to n that are listed and hold all the words.
	SearchPlaylists(ctx context.Context, terms []string, n int) ([]Playlist, error)
	// CountPlaylists counts those that are not listed too.
	CountPlaylists(ctx context.Context, actor string) (int64, error)
	// DropPlaylist reports whether there was one of the actor's.
	DropPlaylist(ctx context.Context, iri, actor string) (bool, error)
	// Rows are tracks of here and of other servers as lists show them, those that are
	// to be had.
	Rows(ctx context.Context, tracks []id.Track) (map[id.Track]music.TrackRow, error)
	// LostEntries are addresses of a playlist's tracks that are not known here and were
	// asked for less often.
	LostEntries(ctx context.Context, p id.Playlist, tries int64, n int) ([]string, error)
	// FoundEntry notes which track an address is, "" it was asked for and is none.
	FoundEntry(ctx context.Context, iri string, t id.Track) error
	// TrackByIRI is a track of another server by its address there.
	TrackByIRI(ctx context.Context, iri string) (id.Track, error)
	// Addresses are those of tracks of other servers there.
	Addresses(ctx context.Context, tracks []id.Track) (map[id.Track]string, error)
}

// KeepPlaylist keeps a playlist of an act elsewhere, and asks for what is not known of
// its tracks; of one that came without its items those that were known stay until its
// pages are read. An older word does not replace a newer.
func KeepPlaylist(ctx context.Context, tx Tx, p *Playlist) error {
	was, err := tx.PlaylistByIRI(ctx, p.IRI)
	switch {
	case fault.Is(err, fault.NotFound):
		n, err := tx.CountPlaylists(ctx, p.Actor)
		if err != nil {
			return err
		}
		if n >= MostPlaylists {
			return fault.New(fault.Conflict, "Of one act %d playlists are kept.", MostPlaylists)
		}
	case err != nil:
		return err
	case was.Actor != p.Actor:
		return fault.New(fault.Forbidden, "%s is not %s's.", p.IRI, p.Actor)
	case was.Updated.After(p.Updated):
		return nil
	}
	if p.Paged {
		p.Items = was.Items
	}
	asked := map[string]int64{}
	for _, e := range was.Items {
		asked[e.IRI] = e.Asked
	}
	p.Title, p.Items = music.OneLine(p.Title), p.Items[:min(len(p.Items), MostEntries)]
	for i := range p.Items {
		e := &p.Items[i]
		if e.Track != "" { // it is one of here
			continue
		}
		e.Asked = asked[e.IRI]
		if e.Track, err = tx.TrackByIRI(ctx, e.IRI); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	if err := tx.PutPlaylist(ctx, p); err != nil {
		return err
	}
	if p.Paged {
		return tx.Enqueue(ctx, JobPages, JobPages+" "+string(p.ID), []byte(p.ID), time.Time{})
	}
	return SeekTracks(ctx, tx, p.ID, time.Time{})
}

// SearchPlaylists finds up to n playlists of other servers that are known here, of whom
// somebody hears: see [Hears].
func SearchPlaylists(ctx context.Context, tx Tx, who id.Account, q string, n int) ([]Playlist, error) {
	return sought(ctx, tx, who, q, n, tx.SearchPlaylists, func(p *Playlist) (actor, host string) { return p.Actor, p.Host })
}

// SeekTracks asks for the tracks of a playlist that are not known here.
func SeekTracks(ctx context.Context, tx Tx, p id.Playlist, at time.Time) error {
	return tx.Enqueue(ctx, JobPlaylist, JobPlaylist+" "+string(p), []byte(p), at)
}
