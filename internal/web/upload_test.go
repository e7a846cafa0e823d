package web_test

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

const files = `[data-upload] input[type=file]`

// write makes a file of random bytes in a folder and returns both.
func write(t *testing.T, dir, name string, size int) (string, []byte) {
	t.Helper()
	b := make([]byte, size)
	_, _ = rand.Read(b)
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path, b
}

// TestUploadsGoOn chooses four files and the lyrics of one; one connection
// breaks half way, one file is refused, and all that was taken arrives whole,
// the lyrics when there is something they can belong to.
func TestUploadsGoOn(t *testing.T) {
	s := newSite(t)
	s.cut, s.refuse = 1, ".m4p"
	b := browser(t, 1280, 900)
	dir := t.TempDir()
	var paths []string
	want := map[string][]byte{}
	for _, name := range []string{"01 Ebb.flac", "02 Neap.flac", "03 Räder.wav"} {
		path, body := write(t, dir, name, 300_000)
		paths, want[name] = append(paths, path), body
	}
	lyrics, body := write(t, dir, "01 Ebb.lrc", 300)
	want["01 Ebb.lrc"] = body
	refused, _ := write(t, dir, "04 Heating Season.m4p", 1000)
	empty, _ := write(t, dir, ".DS_Store", 10)
	var state string
	b.run(t,
		chromedp.Navigate(s.URL+"/kit"), until(`document.querySelector("[data-upload][data-mounted]")!=null`),
		chromedp.SetUploadFiles(files, append(paths, lyrics, refused, empty), chromedp.ByQuery),
		until(`document.querySelectorAll("[data-upload-list] .state.good").length==4`),
		until(`document.querySelector("[data-upload-status]").textContent.startsWith("4 of 5 arrived.")`),
		chromedp.Evaluate(`document.querySelector("[data-upload-list] li:nth-child(2)").textContent+"|"+document.querySelector("[data-upload-list] li:last-child").textContent+"|"+document.querySelectorAll("[data-upload-list] li").length+"|"+Object.keys(localStorage).filter(k=>k.startsWith("9ten.up")).length`, &state),
	)
	if state != "01 Ebb.lrcThe lyrics|04 Heating Season.m4pNot takenThis file is copy-protected, so nobody but the shop it came from can open it.|5|0" {
		t.Errorf("the list ends with %q", state)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.uploads {
		if !bytes.Equal(u.body, want[u.name]) {
			t.Errorf("%s arrived with %d bytes, not as it was sent", u.name, len(u.body))
		}
	}
	if len(s.uploads) != 4 || s.uploads["4"].name != "01 Ebb.lrc" {
		t.Errorf("%d uploads were begun for four files, the last of %q", len(s.uploads), s.uploads["4"].name)
	}
}

// TestUploadAfterReload leaves the page half way; the same file goes on from
// what the node has.
func TestUploadAfterReload(t *testing.T) {
	s := newSite(t)
	s.cut = 1000
	b := browser(t, 1280, 900)
	chromedp.ListenTarget(b, func(ev any) {
		if _, ok := ev.(*page.EventJavascriptDialogOpening); ok { // "leave the page?"
			go func() { _ = chromedp.Run(b, page.HandleJavaScriptDialog(true)) }()
		}
	})
	path, body := write(t, t.TempDir(), "07 Demolition Waltz.flac", 400_000)
	b.run(t,
		chromedp.Navigate(s.URL+"/kit"), until(`document.querySelector("[data-upload][data-mounted]")!=null`),
		chromedp.SetUploadFiles(files, []string{path}, chromedp.ByQuery),
		until(`document.querySelector("[data-upload-list] .state")?.textContent.startsWith("Connection lost")`),
		chromedp.Navigate(s.URL+"/browse"), until(`document.title.startsWith("Browse")`),
	)
	s.mu.Lock()
	s.cut = 0
	s.mu.Unlock()
	b.run(t,
		chromedp.Navigate(s.URL+"/kit"), until(`document.querySelector("[data-upload-status]").textContent.startsWith("07 Demolition Waltz.flac not finished.")`),
		chromedp.SetUploadFiles(files, []string{path}, chromedp.ByQuery),
		until(`document.querySelectorAll("[data-upload-list] .state.good").length==1`),
	)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.uploads) != 1 || !bytes.Equal(s.uploads["1"].body, body) {
		t.Errorf("%d uploads; the file did not go on where it stopped", len(s.uploads))
	}
}

// TestVerifyPage checks files in the page: one that holds, and ones that do not.
func TestVerifyPage(t *testing.T) {
	const dir = "../royalty/testdata/receipts/"
	s := newSite(t)
	b := browser(t, 1280, 900)
	b.run(t, chromedp.Navigate(s.URL+"/verify"), until(`document.querySelector("#v-form[data-mounted]")!=null`))
	tests := []struct{ file, verdict, square string }{
		{"month-ok.9ten-receipt.txt", "ok", ""},
		{"month-tampered-row.9ten-receipt.txt", "broken", "Your row in the log"},
		{"month-tampered-checkpoint.9ten-receipt.txt", "broken", "The node’s signature"},
		{"day-tampered-proof.9ten-receipt.txt", "broken", "Your row in the log"},
		{"act-ok.json", "ok", ""},
	}
	for _, tt := range tests {
		path, err := filepath.Abs(dir + tt.file)
		if err != nil {
			t.Fatal(err)
		}
		var stamp, square string
		b.run(t,
			chromedp.Evaluate(`delete document.getElementById("v-result").dataset.verified`, nil),
			chromedp.SetUploadFiles(`#v-file`, []string{path}, chromedp.ByQuery),
			until(`document.getElementById("v-result").dataset.verified=="`+tt.verdict+`"`),
			chromedp.Evaluate(`document.querySelector("#v-stamp").className`, &stamp),
			chromedp.Evaluate(`document.querySelector("#v-checks .broken h3")?.firstChild.textContent??""`, &square),
		)
		if (stamp == "stamp") != (tt.verdict == "ok") || square != tt.square {
			t.Errorf("%s: stamp %q, first square that fails %q, want %q", tt.file, stamp, square, tt.square)
		}
	}
	var png []byte
	b.run(t, chromedp.FullScreenshot(&png, 100))
	keepShot(t, "verify-1280", png)
	b.clean(t)
}

// TestFirstPageBudget counts what crosses the wire before the load event,
// covers apart.
func TestFirstPageBudget(t *testing.T) {
	s := newSite(t)
	b := browser(t, 1280, 900)
	var sum int
	var list string
	const entries = `[...performance.getEntriesByType("navigation"),...performance.getEntriesByType("resource").filter(r=>r.startTime<=performance.getEntriesByType("navigation")[0].loadEventStart&&!r.name.includes("/covers/"))]`
	b.run(t,
		chromedp.Navigate(s.URL+"/"), until(`document.readyState=="complete"`),
		chromedp.Evaluate(entries+`.reduce((n,r)=>n+r.transferSize,0)`, &sum),
		chromedp.Evaluate(entries+`.map(r=>r.name.replace(/.*\//,"/")+" "+r.transferSize).join(", ")`, &list),
	)
	t.Logf("%d bytes: %s", sum, list)
	if sum > 60_000 || sum < 10_000 {
		t.Errorf("the first page transfers %d bytes before load, 60,000 are the most: %s", sum, list)
	}
}

// TestFolderIsDropped drags an album's folder over the page and lets go: what
// is in it, in folders of its own too, arrives in order.
func TestFolderIsDropped(t *testing.T) {
	s := newSite(t)
	b := browser(t, 1280, 900)
	album := filepath.Join(t.TempDir(), "Tide Tables")
	second := filepath.Join(album, "Disc 2")
	if err := os.MkdirAll(second, 0o755); err != nil {
		t.Fatal(err)
	}
	want := map[string][]byte{}
	for _, name := range []string{"2 Neap.flac", "10 Slack.flac"} {
		_, want[name] = write(t, album, name, 20_000)
	}
	_, want["1 Ebb.flac"] = write(t, second, "1 Ebb.flac", 20_000)
	var at struct{ X, Y float64 }
	b.run(t,
		chromedp.Navigate(s.URL+"/kit"), until(`document.querySelector("[data-upload][data-mounted]")!=null`),
		chromedp.ScrollIntoView(`[data-upload] .drop`, chromedp.ByQuery),
		chromedp.Evaluate(`(()=>{const r=document.querySelector("[data-upload] .drop").getBoundingClientRect();return{x:r.x+r.width/2,y:r.y+r.height/2}})()`, &at),
	)
	drag := func(kind input.DispatchDragEventType) chromedp.Action {
		data := &input.DragData{Items: []*input.DragDataItem{}, Files: []string{album}, DragOperationsMask: 1}
		return input.DispatchDragEvent(kind, at.X, at.Y, data)
	}
	var listed []string
	b.run(t,
		drag(input.DragEnter), drag(input.DragOver), until(`document.querySelector("[data-upload] .drop.over")!=null`),
		drag(input.Drop), until(`document.querySelectorAll("[data-upload-list] .state.good").length==3`),
		until(`document.querySelector("[data-upload] .drop.over")==null`),
		chromedp.Evaluate(`[...document.querySelectorAll("[data-upload-list] li")].map(li=>li.textContent.match(/[^.]*\.flac/)[0])`, &listed),
	)
	if !slices.Equal(listed, []string{"2 Neap.flac", "10 Slack.flac", "1 Ebb.flac"}) {
		t.Errorf("listed: %q", listed)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.uploads) != len(want) {
		t.Errorf("%d uploads", len(s.uploads))
	}
	for _, u := range s.uploads {
		if !bytes.Equal(u.body, want[u.name]) {
			t.Errorf("%s arrived with %d bytes, not as it was sent", u.name, len(u.body))
		}
	}
	b.clean(t)
}
