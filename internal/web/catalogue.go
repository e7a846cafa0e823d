package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"sort"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

//go:embed strings
var stringFS embed.FS

// Catalogue holds every sentence of the pages. The key of a sentence is its
// English form in the format of golang.org/x/text/message ("%d tracks, %s");
// strings/<language>-<area>.json gives the other languages, and the forms of
// a key that counts its first argument:
//
//	{"Sign in": "Anmelden", "%d tracks": {"one": "%d Stück", "other": "%d Stücke"}}
//
// Safe for concurrent use.
type Catalogue struct {
	languages []language.Tag
	matcher   language.Matcher
	printers  map[language.Tag]*message.Printer
	known     map[language.Tag]map[string]bool
	kept      map[language.Tag][]pattern
}

// LoadCatalogue reads the sentences built into the binary. English comes
// first and is what a missing sentence falls back to.
func LoadCatalogue() (*Catalogue, error) {
	b := catalog.NewBuilder(catalog.Fallback(language.English))
	c := &Catalogue{
		languages: []language.Tag{language.English, language.German},
		printers:  map[language.Tag]*message.Printer{}, known: map[language.Tag]map[string]bool{},
		kept: map[language.Tag][]pattern{},
	}
	for _, lang := range c.languages {
		c.known[lang] = map[string]bool{}
		files, err := fs.Glob(stringFS, "strings/"+lang.String()+"-*.json")
		if err != nil {
			return nil, err
		}
		sort.Strings(files)
		for _, f := range files {
			if err := c.load(b, lang, f); err != nil {
				return nil, fmt.Errorf("web: %s: %w", f, err)
			}
		}
		slices.SortFunc(c.kept[lang], longest)
		c.printers[lang] = message.NewPrinter(lang, message.Catalog(b))
	}
	c.matcher = language.NewMatcher(c.languages)
	return c, nil
}

// load adds one file of sentences.
func (c *Catalogue) load(b *catalog.Builder, lang language.Tag, file string) error {
	text, err := stringFS.ReadFile(file)
	if err != nil {
		return err
	}
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(text, &entries); err != nil {
		return err
	}
	for key, raw := range entries {
		if c.known[lang][key] {
			return fmt.Errorf("%q is there twice", key)
		}
		c.known[lang][key] = true
		if strings.HasSuffix(file, "-faults.json") {
			c.kept[lang] = append(c.kept[lang], newPattern(key))
		}
		if err := set(b, lang, key, raw); err != nil {
			return fmt.Errorf("%q: %w", key, err)
		}
	}
	return nil
}

// set adds one sentence, or the plural forms of one.
func set(b *catalog.Builder, lang language.Tag, key string, raw json.RawMessage) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return b.SetString(lang, key, one)
	}
	var forms map[string]string
	if err := json.Unmarshal(raw, &forms); err != nil {
		return err
	}
	if forms["other"] == "" {
		return fmt.Errorf("a sentence that counts needs the form %q", "other")
	}
	var cases []any
	for _, form := range []string{"=0", "=1", "zero", "one", "two", "few", "many", "other"} {
		if text, ok := forms[form]; ok {
			cases = append(cases, form, text)
		}
	}
	return b.Set(lang, key, plural.Selectf(1, "%d", cases...))
}

// Languages returns the shipped languages, English first.
func (c *Catalogue) Languages() []language.Tag { return c.languages }

// Match picks the language of a page: the account's choice, then the "lang"
// cookie, then what the browser asks for.
func (c *Catalogue) Match(chosen string, r *http.Request) language.Tag {
	wishes := []string{chosen}
	if k, err := r.Cookie("lang"); err == nil {
		wishes = append(wishes, k.Value)
	}
	_, i := language.MatchStrings(c.matcher, append(wishes, r.Header.Get("Accept-Language"))...)
	return c.languages[i]
}

// Tag is the shipped language that is called so; English when there is none.
func (c *Catalogue) Tag(name string) language.Tag {
	_, i := language.MatchStrings(c.matcher, name)
	return c.languages[i]
}

// T says a sentence in a language. A per cent sign in a key is written %%.
func (c *Catalogue) T(lang language.Tag, key string, args ...any) string {
	return c.printers[lang].Sprintf(key, args...)
}

// Knows reports whether a language has its own words for a sentence.
func (c *Catalogue) Knows(lang language.Tag, key string) bool { return c.known[lang][key] }

// Keys returns the sentences a language has words for, in order.
func (c *Catalogue) Keys(lang language.Tag) []string { return slices.Sorted(maps.Keys(c.known[lang])) }

// Missing reports whether a language lacks a sentence (English lacks none).
func (c *Catalogue) Missing(lang language.Tag, key string) bool {
	return lang != language.English && !c.known[lang][key]
}
