package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A result is one line of the table.
type result struct {
	name        string
	unit        string
	runs        []float64
	most, least float64 // the bar; 0 is none
	beside      string  // what was measured beside it
}

func (b *bench) add(r result) {
	b.results = append(b.results, r)
	fmt.Fprintln(os.Stderr, r.line())
}

func (r result) line() string {
	low, high := slices.Min(r.runs), slices.Max(r.runs)
	got, bar, ok := median(r.runs), "", ""
	switch {
	case r.most > 0:
		bar, ok = "≤ "+number(r.most), verdict(got <= r.most)
	case r.least > 0:
		bar, ok = "≥ "+number(r.least), verdict(got >= r.least)
	}
	return fmt.Sprintf("| %s | %s %s | %s – %s (%d) | %s | %s | %s |", r.name, number(got), r.unit, number(low), number(high), len(r.runs), bar, ok, r.beside)
}

func verdict(ok bool) string {
	if ok {
		return "yes"
	}
	return "**no**"
}

func median(list []float64) float64 {
	s := slices.Sorted(slices.Values(list))
	n := len(s)
	if n == 0 {
		return math.NaN()
	}
	return (s[(n-1)/2] + s[n/2]) / 2
}

// number writes three digits that matter, and whole thousands in full.
func number(v float64) string {
	switch a := math.Abs(v); {
	case a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// table is the whole run in Markdown.
func (b *bench) table() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s, %s, %d cores (%s), load at the end %s\n\n", time.Now().UTC().Format(time.DateOnly), runtime.Version(), runtime.NumCPU(), cpuModel(), load())
	s.WriteString("| what | median | spread (runs) | bar | met | beside it, in the same run |\n|---|---|---|---|---|---|\n")
	for _, r := range b.results {
		s.WriteString(r.line() + "\n")
	}
	return s.String()
}

func cpuModel() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func load() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
