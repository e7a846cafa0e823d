package web

import (
	"encoding/json"
	"fmt"
	"html/template"
	"strconv"
	"time"

	"golang.org/x/text/language"

	"github.com/michaelperna/9ten/internal/money"
)

// funcs are what templates may call, in one language:
//
//	T "key" args...     a sentence of the catalogue
//	words TEXT          a sentence that Go code chose: translated where it is known
//	kept TEXT           a fault's sentence that was stored in English
//	icon "heart"        an icon; decorative, the button carries the label
//	asset "look.css"    the address of a built file
//	cover C 240         a cover at an edge of 240 CSS pixels ("cover" partial)
//	eager C 640         the same, loaded at once
//	money M             $2.14, with the micro digits in small figures
//	cents M             $2.14 and nothing more
//	dollars M           $2,142: whole dollars, rounded down
//	clock MS            4:05 from milliseconds
//	heard SECONDS       9 h 12 or 21 min
//	size BYTES          31.4 GB
//	date T / day T / dayMonth T   words for a time.Time, in UTC
//	local T ZONE        the same for a time.Time in a named zone, with its clock
//	track REF           the JSON of a data-track attribute
//	wave PEAKS          the path of a waveform
//	strokes DIAL        the days of a dial
//	inc N               N + 1: lists are counted from 1
//	part k v ...        a map for a partial that takes several values
func (r *Renderer) funcs(lang language.Tag) template.FuncMap {
	say := func(key string, args ...any) string { return r.words.T(lang, key, args...) }
	return template.FuncMap{
		"T": say,
		"words": func(text string) string {
			if !r.words.Knows(lang, text) {
				return text
			}
			return say(text)
		},
		"kept":     func(text string) string { return r.words.Kept(lang, text) },
		"icon":     r.icon,
		"asset":    r.assets.URL,
		"preload":  r.assets.Preload,
		"cover":    func(c Cover, size int) SizedCover { return SizedCover{Cover: c, Size: size} },
		"eager":    func(c Cover, size int) SizedCover { return SizedCover{Cover: c, Size: size, Eager: true} },
		"money":    typeset,
		"cents":    func(m money.Micro) string { s, _ := m.Cents(); return grouped(s) },
		"dollars":  func(m money.Micro) string { return say("$%d", int64(m/money.Dollar)) },
		"clock":    Clock,
		"heard":    func(seconds int64) string { return heard(say, seconds) },
		"size":     func(bytes int64) string { return size(say, bytes) },
		"date":     func(t time.Time) string { return date(lang, t.UTC()) + t.UTC().Format(", 15:04 UTC") },
		"day":      func(t time.Time) string { return date(lang, t.UTC()) },
		"dayMonth": func(t time.Time) string { return dayMonth(lang, t.UTC()) },
		"local":    func(t time.Time, zone string) string { return date(lang, t) + t.Format(", 15:04 ") + zone },
		"month":    func(t time.Time) string { return monthName(lang, t.UTC().Month()) },
		"track":    trackJSON,
		"wave":     WavePath,
		"strokes":  func(d Dial) []DialDay { return d.Strokes(say("today")) },
		"inc":      func(n int) int { return n + 1 },
		"part":     part,
		"coverOf":  func(t TrackRef) Cover { return Cover{ID: t.CoverID} },
		"strokes9": func() [9]struct{} { return [9]struct{}{} },
	}
}

// icon refers to a symbol of the sprite.
func (r *Renderer) icon(name string) template.HTML {
	return template.HTML(`<svg class="i" aria-hidden="true"><use href="` + r.assets.URL("icons.svg") + `#i-` + template.HTMLEscapeString(name) + `"/></svg>`)
}

// typeset writes an amount as pages show it.
func typeset(m money.Micro) template.HTML {
	amount, rest := m.Cents()
	amount = grouped(amount)
	if rest == "" {
		return template.HTML(`<bdi class="money">` + amount + `</bdi>`)
	}
	return template.HTML(`<bdi class="money">` + amount + `<span class="micro">` + rest + `</span></bdi>`)
}

// grouped writes the thousands of an amount apart: "$17,487.00".
func grouped(amount string) string {
	for i := len(amount) - len(".00") - 3; i > 0 && '0' <= amount[i-1] && amount[i-1] <= '9'; i -= 3 {
		amount = amount[:i] + "," + amount[i:]
	}
	return amount
}

// heard says a length of listening.
func heard(say func(string, ...any) string, seconds int64) string {
	if h := seconds / 3600; h > 0 {
		return say("%[1]s h %[2]s", strconv.FormatInt(h, 10), fmt.Sprintf("%02d", seconds/60%60))
	}
	if seconds < 60 {
		return say("%s s", strconv.FormatInt(seconds, 10))
	}
	return say("%s min", strconv.FormatInt(seconds/60, 10))
}

// size says a number of bytes in decimal units, with three figures at most.
func size(say func(string, ...any) string, bytes int64) string {
	if bytes < 1000 {
		return say("%d bytes", bytes)
	}
	value, unit := float64(bytes), -1
	for value >= 999.5 {
		value, unit = value/1000, unit+1
	}
	digits := 0
	if value < 10 {
		digits = 1
	}
	return say("%[1]s %[2]s", strconv.FormatFloat(value, 'f', digits, 64), [...]string{"kB", "MB", "GB", "TB", "PB", "EB"}[unit])
}

// trackJSON encodes what the player needs; html/template escapes it for the
// attribute it stands in.
func trackJSON(t TrackRef) (string, error) {
	b, err := json.Marshal(t)
	return string(b), err
}

// part makes a map of its arguments for a partial.
func part(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("part needs pairs")
	}
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("part: %v is no name", pairs[i])
		}
		m[key] = pairs[i+1]
	}
	return m, nil
}

var germanMonths = [...]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}

func monthName(lang language.Tag, m time.Month) string {
	if lang == language.German {
		return germanMonths[m-1]
	}
	return m.String()
}

func dayMonth(lang language.Tag, t time.Time) string {
	if lang == language.German {
		return strconv.Itoa(t.Day()) + ". " + monthName(lang, t.Month())
	}
	return strconv.Itoa(t.Day()) + " " + monthName(lang, t.Month())
}

func date(lang language.Tag, t time.Time) string {
	return dayMonth(lang, t) + " " + strconv.Itoa(t.Year())
}
