package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// entries are the scripts and styles that a page may name; whatever they
// import on demand becomes a chunk of its own.
var entries = []string{"src/core.ts", "src/studio.ts", "src/verifypage.ts", "css/look.css"}

// Asset is one line of manifest.json: the file behind a logical name, and the
// scripts it needs at once (to be preloaded beside it).
type Asset struct {
	File    string   `json:"file"`
	Imports []string `json:"imports,omitempty"`
}

// Build returns the content of dist by file name, manifest.json included.
// dir is the folder of the sources. The result depends on their bytes alone.
func Build(dir string) (map[string][]byte, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	files, manifest := map[string][]byte{}, map[string]Asset{}
	if err := bundle(dir, files, manifest); err != nil {
		return nil, err
	}
	sprite, err := sprite(filepath.Join(dir, "icons"))
	if err != nil {
		return nil, err
	}
	add(files, manifest, "icons.svg", sprite)
	marks, err := filepath.Glob(filepath.Join(dir, "marks", "*"))
	if err != nil {
		return nil, err
	}
	for _, m := range marks {
		b, err := os.ReadFile(m)
		if err != nil {
			return nil, err
		}
		add(files, manifest, filepath.Base(m), b)
	}
	files["manifest.json"], err = json.MarshalIndent(manifest, "", " ")
	return files, err
}

// bundle runs esbuild over the entries and files its output.
func bundle(dir string, files map[string][]byte, manifest map[string]Asset) error {
	points := make([]string, len(entries))
	for i, e := range entries {
		points[i] = filepath.Join(dir, e)
	}
	r := api.Build(api.BuildOptions{
		AbsWorkingDir: dir, EntryPoints: points, Outdir: filepath.Join(dir, "out"), PublicPath: "/assets",
		Bundle: true, Splitting: true, Format: api.FormatESModule, Metafile: true, Write: false,
		MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true, LegalComments: api.LegalCommentsEndOfFile,
		Target: api.ES2022, Charset: api.CharsetUTF8,
		Engines:    []api.Engine{{Name: api.EngineSafari, Version: "17.5"}, {Name: api.EngineChrome, Version: "123"}, {Name: api.EngineFirefox, Version: "125"}},
		EntryNames: "[name]-[hash]", ChunkNames: "chunk-[hash]", AssetNames: "[name]-[hash]",
		Loader: map[string]api.Loader{".woff2": api.LoaderFile, ".svg": api.LoaderFile},
	})
	if len(r.Errors) > 0 {
		return errors.New(strings.Join(api.FormatMessages(r.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage}), "\n"))
	}
	for _, f := range r.OutputFiles {
		name := filepath.Base(f.Path)
		files[name] = f.Contents
		if stem, ok := strings.CutSuffix(name, ".woff2"); ok {
			manifest[stem[:strings.LastIndexByte(stem, '-')]+".woff2"] = Asset{File: name}
		}
	}
	var meta struct {
		Outputs map[string]struct {
			EntryPoint string
			Imports    []struct{ Path, Kind string }
		}
	}
	if err := json.Unmarshal([]byte(r.Metafile), &meta); err != nil {
		return err
	}
	for path, out := range meta.Outputs {
		if out.EntryPoint == "" {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(out.EntryPoint), filepath.Ext(out.EntryPoint)) + filepath.Ext(path)
		if !contains(entries, out.EntryPoint) {
			continue // a script that is only ever imported on demand
		}
		a := Asset{File: filepath.Base(path)}
		for _, im := range out.Imports {
			if im.Kind == "import-statement" {
				a.Imports = append(a.Imports, filepath.Base(im.Path))
			}
		}
		sort.Strings(a.Imports)
		manifest[name] = a
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// add files b under a name that carries its hash.
func add(files map[string][]byte, manifest map[string]Asset, name string, b []byte) {
	sum := sha256.Sum256(b)
	ext := filepath.Ext(name)
	file := strings.TrimSuffix(name, ext) + "-" + strings.ToUpper(hex.EncodeToString(sum[:4])) + ext
	files[file] = b
	manifest[name] = Asset{File: file}
}

// shape takes the drawing out of an icon's file.
var shape = regexp.MustCompile(`(?s)<svg[^>]*viewBox="([^"]+)"[^>]*>(.*)</svg>`)

// sprite joins the icons of a folder into one file of symbols named i-<icon>.
func sprite(dir string) ([]byte, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.svg"))
	if err != nil {
		return nil, err
	}
	sort.Strings(paths)
	var b bytes.Buffer
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg">`)
	for _, p := range paths {
		src, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		m := shape.FindSubmatch(src)
		if m == nil {
			return nil, fmt.Errorf("%s is no icon", filepath.Base(p))
		}
		fmt.Fprintf(&b, `<symbol id="i-%s" viewBox="%s">%s</symbol>`, strings.TrimSuffix(filepath.Base(p), ".svg"), m[1], m[2])
	}
	b.WriteString("</svg>\n")
	return b.Bytes(), nil
}
