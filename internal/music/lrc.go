package music

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A TimedLine is one line of lyrics and when it begins.
type TimedLine struct {
	AtMS int64
	Text string
}

var lrcStamp = regexp.MustCompile(`^\[(\d{1,3}):([0-5]\d)(?:[.:](\d{1,3}))?\]`)

var (
	lrcOffset = regexp.MustCompile(`^\[offset:\s*([+-]?\d{1,6})\s*\]$`)
	lrcWord   = regexp.MustCompile(`<\d{1,3}:[0-5]\d(?:[.:]\d{1,3})?>`)
)

// Timed reads lyrics in the LRC form ("[01:02.50]text", several stamps to a
// line allowed, stamps of single words left out, "[offset:+500]" in
// milliseconds makes everything earlier) in order of time. ok is false when no
// line carries a stamp: the lyrics are then plain text.
func Timed(lyrics string) (lines []TimedLine, ok bool) {
	var early int64
	for row := range strings.Lines(lyrics) {
		row = strings.TrimSpace(row)
		if m := lrcOffset.FindStringSubmatch(strings.ToLower(row)); m != nil {
			early, _ = strconv.ParseInt(m[1], 10, 64) // digits by the pattern
		}
		var at []int64
		for {
			m := lrcStamp.FindStringSubmatch(row)
			if m == nil {
				break
			}
			at = append(at, stampMS(m))
			row = strings.TrimSpace(row[len(m[0]):])
		}
		if len(at) > 0 {
			row = strings.Join(strings.Fields(lrcWord.ReplaceAllString(row, " ")), " ")
		}
		for _, ms := range at {
			lines = append(lines, TimedLine{ms, row})
		}
	}
	for i := range lines {
		lines[i].AtMS = max(0, lines[i].AtMS-early)
	}
	slices.SortStableFunc(lines, func(a, b TimedLine) int { return cmp.Compare(a.AtMS, b.AtMS) })
	return lines, len(lines) > 0
}

// stampMS turns the parts of an LRC stamp into milliseconds; the pattern has
// bounded every part.
func stampMS(m []string) int64 {
	part := func(s string) int64 {
		n, _ := strconv.ParseInt(s, 10, 64) // digits by the pattern, "" is 0
		return n
	}
	fraction := part((m[3] + "000")[:3])
	return (part(m[1])*60+part(m[2]))*1000 + fraction
}
