// Package demo holds a small catalogue of real recordings, so that a new node
// has something to play: invented acts, CC0 recordings, every maker named.
//
// The audio files are committed and embedded; internal/demo/build makes them
// anew from the recordings.
package demo

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
)

//go:embed catalogue.json
var manifest []byte

//go:embed files
var files embed.FS

// A Collection is the whole catalogue.
type Collection struct {
	Licence string `json:"licence"` // SPDX
	Source  string `json:"source"`
	Acts    []Act  `json:"acts"`
}

// An Act is invented.
type Act struct {
	Slug     string    `json:"slug"`
	Name     string    `json:"name"`
	Palette  string    `json:"palette"` // of its sleeves
	About    string    `json:"about"`
	Releases []Release `json:"releases"`
}

// A Release has no cover: a sleeve is drawn for it (cover.Sleeve).
type Release struct {
	Slug    string   `json:"slug"`
	Title   string   `json:"title"`
	Design  string   `json:"design"`
	Date    string   `json:"date"` // YYYY-MM-DD
	Genres  []string `json:"genres"`
	Licence string   `json:"licence"` // SPDX
	Tracks  []Track  `json:"tracks"`
}

// A Track is one file.
type Track struct {
	File    string   `json:"file"` // name for [Open]
	Title   string   `json:"title"`
	Codec   string   `json:"codec"` // "opus", "vorbis" or "flac"
	Parts   []Part   `json:"parts"`
	Sources []Source `json:"sources"`
}

// A Part says when a recording sounds: at every hit of every bar.
type Part struct {
	Sample string    `json:"sample"`
	Bar    float64   `json:"bar"` // seconds
	Bars   int       `json:"bars"`
	Hits   []float64 `json:"hits"` // seconds into the bar
	Gain   float64   `json:"gain"` // dB
	From   float64   `json:"from"` // seconds before the first bar
	Pan    float64   `json:"pan"`  // -1 left to 1 right
	Fade   float64   `json:"fade"` // seconds in and out
}

// A Source is a recording and the person who made it.
type Source struct {
	Sample  string `json:"sample"`
	By      string `json:"by"`
	Year    int    `json:"year"`
	Licence string `json:"licence"` // SPDX
	Address string `json:"address"` // "" when there is none
}

// Catalogue reads the embedded manifest.
func Catalogue() (Collection, error) {
	var c Collection
	if err := json.Unmarshal(manifest, &c); err != nil {
		return c, fmt.Errorf("demo: %w", err)
	}
	return c, nil
}

// Open opens a track's file by its name; fs.ErrNotExist when there is none.
func Open(name string) (fs.File, error) { return files.Open("files/" + name) }
