package web_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/michaelperna/9ten/internal/web"
	"github.com/michaelperna/9ten/internal/web/browsertest"
)

// watch notes on the window what must not happen to the element, and when
// sound came after a click.
const watch = `(()=>{const a=document.getElementById("audio");window.kept=a;window.pauses=0;window.times=[];a.addEventListener("pause",()=>pauses++);
a.addEventListener("timeupdate",()=>times.push(a.currentTime));document.addEventListener("click",()=>{window.clicked??=performance.now()},true);
a.addEventListener("playing",()=>{window.sounded??=performance.now()});return true})()`

// TestPlayerSurvivesNavigation plays a track, goes through pages by links,
// back, forward and a form, and looks at the element all the while.
func TestPlayerSurvivesNavigation(t *testing.T) {
	s := newSite(t)
	b := browser(t, 1280, 900)
	var ok bool
	var took float64
	b.run(t,
		chromedp.Navigate(s.URL+"/"), until(`document.readyState=="complete"`),
		chromedp.Evaluate(watch, &ok),
		chromedp.Click(`main [data-play-all]`, chromedp.ByQuery),
		until(`kept.currentTime>0.3`),
		chromedp.Evaluate(`sounded-clicked`, &took),
		// Slowly, so that the track lasts as long as the walk, however busy the machine.
		chromedp.Evaluate(`kept.playbackRate=.1`, nil),
	)
	t.Logf("sound %.0f ms after the click, cold", took)
	go1 := func(sel, arrived string) {
		t.Helper()
		b.run(t, chromedp.Click(sel, chromedp.ByQuery), until(`document.title.startsWith("`+arrived+`")`), until(`document.querySelector('header [aria-current]')?.textContent!=null`))
	}
	for range 3 {
		go1(`header [data-nav=browse]`, "Browse")
		go1(`header [data-nav=library]`, "Library")
		go1(`header [data-nav=nine]`, "Home")
	}
	b.run(t, chromedp.Evaluate(`history.back()`, nil), until(`document.title.startsWith("Library")`))
	b.run(t, chromedp.Evaluate(`history.forward()`, nil), until(`document.title.startsWith("Home")`))
	b.run(t, chromedp.Click(`main form.form button`, chromedp.ByQuery), until(`document.title.startsWith("Library")`), until(`document.querySelector('header [aria-current]')?.dataset.nav=="library"`))
	var state struct {
		Same, Grows, Marked    bool
		Pauses, Pages          int
		At                     float64
		Button, Accent, Status string
	}
	b.run(t, chromedp.Evaluate(`({same:kept===document.getElementById("audio")&&kept.isConnected,grows:times.every((x,i)=>i==0||x>=times[i-1]),pauses,
pages:performance.getEntriesByType("navigation").length,at:kept.currentTime,button:document.getElementById("p-play").getAttribute("aria-label"),
marked:document.querySelector("main [data-tracklist] li").getAttribute("aria-current")=="true",
accent:document.documentElement.style.getPropertyValue("--accent-d"),status:document.getElementById("say").textContent})`, &state))
	if !state.Same || !state.Grows || state.Pauses != 0 || state.Pages != 1 {
		t.Errorf("navigation disturbed the player: %+v", state)
	}
	if state.Button != "Pause" || !state.Marked || state.Accent != "#fc7853" || !strings.Contains(state.Status, "Ebb Tables") {
		t.Errorf("what plays is not shown: %+v", state)
	}
	b.clean(t)
}

// machinery tells whether hls.js was asked for, by its size, and that it was
// not before the page had loaded.
const machinery = `(()=>{const m=performance.getEntriesByType("resource").find(e=>e.decodedBodySize>300000);
if(m&&m.startTime<performance.getEntriesByType("navigation")[0].loadEventEnd)throw new Error("hls.js is part of the first page");return m!==undefined})()`

// TestReadyForTheClick: what makes sound is there before anybody asks for it,
// but after the page; where the browser saves data, when a button is pointed at.
func TestReadyForTheClick(t *testing.T) {
	s := newSite(t)
	b := browser(t, 1280, 900)
	b.run(t, chromedp.Navigate(s.URL+"/"), until(machinery))
	frugal := browser(t, 1280, 900)
	var early bool
	frugal.run(t,
		emulation.SetDataSaverOverride().WithDataSaverEnabled(true),
		chromedp.Navigate(s.URL+"/"), until(`document.getElementById("s-quality").querySelector("input:checked")!==null`), // the player has started
		chromedp.Evaluate(`new Promise(ok=>requestIdleCallback(()=>ok(`+machinery+`)))`, &early, browsertest.Awaited),
		chromedp.Evaluate(`document.querySelector("main [data-play-all]").dispatchEvent(new PointerEvent("pointerover",{bubbles:true}))`, nil), until(machinery),
	)
	if early {
		t.Error("hls.js was fetched unasked although the browser saves data")
	}
	b.clean(t)
	frugal.clean(t)
}

// TestNothingIsTurnedUpPastFullScale: quiet tracks are turned up by as much as
// the true peak of the form that plays leaves room for.
func TestNothingIsTurnedUpPastFullScale(t *testing.T) {
	s := newSite(t)
	b := browser(t, 1280, 900)
	b.run(t, chromedp.Navigate(s.URL+"/"), until(`document.readyState=="complete"`), chromedp.Evaluate(watch, nil), chromedp.Click(`main [data-play-all]`, chromedp.ByQuery))
	for _, gain := range []string{"+2.5", "+2.5", "+0.3"} { // segments, segments, the file as uploaded
		b.run(t, until(`document.getElementById("s-gain").textContent.startsWith("`+gain+` dB")&&kept.currentTime>0.1`), chromedp.Click(`#p-next`, chromedp.ByQuery))
	}
	b.clean(t)
}

// TestClaimsAreSigned listens past the mark, seeks, leaves, and checks what
// the node was told. The node is slow to begin the play: what sounded
// meanwhile was heard, and the claim's time covers it.
func TestClaimsAreSigned(t *testing.T) {
	s := newSite(t)
	s.begins = make(chan struct{})
	b := browser(t, 1280, 900)
	b.run(t,
		chromedp.Navigate(s.URL+"/"), until(`document.readyState=="complete"`),
		chromedp.Evaluate(watch, nil),
		chromedp.Evaluate(`document.addEventListener("9ten:receipt",()=>window.receipts=(window.receipts??0)+1)`, nil),
		chromedp.Click(`main [data-play-all]`, chromedp.ByQuery),
		until(`kept.currentTime>0.5`),
		chromedp.ActionFunc(func(context.Context) error { close(s.begins); return nil }),
		until(`window.receipts>0`),
		chromedp.Evaluate(`(()=>{const i=document.querySelector("#p-wave input");i.value=500;i.dispatchEvent(new Event("input",{bubbles:true}));i.dispatchEvent(new Event("change",{bubbles:true}))})()`, nil),
		until(`kept.currentTime>20.5`),
		chromedp.Click(`#p-play`, chromedp.ByQuery),
		until(`window.receipts>1`),
	)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.begun) != 1 || s.begun[0]["csrf-header"] != "token" || s.begun[0]["device"] == nil {
		t.Fatalf("plays begun: %v", s.begun)
	}
	for _, c := range s.claims {
		if err := s.verified(c); err != nil {
			t.Errorf("a claim of %s: %v", s.alg, err)
		}
	}
	first, last := readClaim(t, s.claims[0].Claim), readClaim(t, s.claims[len(s.claims)-1].Claim)
	if first.heard() < 1500 || first.heard() > 3000 || len(first.intervals) != 1 || first.heard() > first.end-first.begin {
		t.Errorf("the first claim comes at the mark: %+v", first)
	}
	if len(last.intervals) != 2 || last.intervals[1][0] < 19_500 || last.counter <= first.counter || last.heard() > last.end-last.begin {
		t.Errorf("after a seek: %+v", last)
	}
	if last.node != "quayside.example" || last.track != trackA+"@quayside.example" || last.sheet != 3 {
		t.Errorf("the claim names %+v", last)
	}
	b.clean(t)
}

// TestQueueSurvivesReload reloads the page: the queue and the place are kept,
// nothing plays, and the last signed claim has left by beacon.
func TestQueueSurvivesReload(t *testing.T) {
	s := newSite(t)
	b := browser(t, 390, 844)
	b.run(t,
		chromedp.Navigate(s.URL+"/browse"), until(`document.readyState=="complete"`),
		chromedp.Evaluate(watch, nil),
		chromedp.Click(`main [data-tracklist] li:nth-child(2) [data-play-row]`, chromedp.ByQuery),
		until(`kept.currentTime>6.5`),
		chromedp.Reload(), until(`document.readyState=="complete"`), until(`!document.getElementById("player").hidden`),
	)
	var state struct {
		Title, At string
		Paused    bool
		Kept      float64 // seconds
	}
	b.run(t, chromedp.Evaluate(`({title:document.querySelector("#p-title strong").textContent,at:document.getElementById("p-at").textContent,paused:document.getElementById("audio").paused,kept:JSON.parse(localStorage.getItem("9ten.player")).at})`, &state))
	if state.Title != "Slack Water" || !state.Paused || state.Kept < 6 || state.At != web.Clock(int64(state.Kept*1000)) {
		t.Errorf("after the reload: %+v", state)
	}
	b.run(t, chromedp.Click(`#p-play`, chromedp.ByQuery), until(`document.getElementById("audio").currentTime>6.2&&!document.getElementById("audio").paused`))
	s.mu.Lock()
	defer s.mu.Unlock()
	var beacons int
	for _, c := range s.claims {
		if c.Beacon {
			beacons++
			if c.CSRF != "token" {
				t.Error("the beacon lacks the token")
			}
			if err := s.verified(c); err != nil {
				t.Error(err)
			}
		}
	}
	if beacons == 0 {
		t.Errorf("nothing left by beacon; claims: %d", len(s.claims))
	}
	b.clean(t)
}

// TestTracksFollow plays a list: the second track follows the first, one
// whose only form is a file plays by itself, and the queue can be changed.
func TestTracksFollow(t *testing.T) {
	s := newSite(t)
	b := browser(t, 1280, 900)
	b.run(t,
		chromedp.Navigate(s.URL+"/"), until(`document.readyState=="complete"`),
		chromedp.Evaluate(watch, nil),
		chromedp.Click(`main [data-tracklist] li:nth-child(2) [data-play-row]`, chromedp.ByQuery),
		until(`kept.currentTime>0.2`),
		chromedp.Evaluate(`kept.currentTime=39.2`, nil),
		until(`document.querySelector("#p-title strong").textContent=="Neap"&&kept.currentTime>0.2&&kept.src.endsWith("/original")`),
		chromedp.KeyEvent("p"),
		until(`document.querySelector("#p-title strong").textContent=="Slack Water"`),
		chromedp.Click(`#p-queue`, chromedp.ByQuery), until(`document.querySelectorAll("#q-list li").length==3`),
		chromedp.Click(`#q-list li:nth-child(3) [data-do=up]`, chromedp.ByQuery),
		until(`document.querySelector("#q-list li:nth-child(2) strong").textContent=="Neap"&&document.querySelector("#q-list li.on strong").textContent.startsWith("Slack Water")`),
		chromedp.Click(`#q-list li:nth-child(1) [data-do=remove]`, chromedp.ByQuery), until(`document.querySelectorAll("#q-list li").length==2`),
		chromedp.KeyEvent("\x1b"), until(`!document.querySelector("#queue").matches(":popover-open")`),
		chromedp.Evaluate(`document.activeElement.blur()`, nil), chromedp.KeyEvent("/"), until(`document.activeElement.id=="s"`),
	)
	b.clean(t)
}

// claim is a play claim as a test reads it.
type claim struct {
	node, track  string
	counter      uint32
	sheet        uint32
	begin, end   int64
	intervals    [][2]uint32
	flags        uint16
	play, device string
}

func (c claim) heard() (ms int64) {
	for _, i := range c.intervals {
		ms += int64(i[1])
	}
	return ms
}

// readClaim reads canonical bytes (formats.md, play claim) without the node's own code.
func readClaim(t *testing.T, b64 string) (c claim) {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(b64)
	if err != nil {
		t.Fatal(err)
	}
	next := func(n int) []byte { p := b[:n]; b = b[n:]; return p }
	str := func() string { return string(next(int(binary.BigEndian.Uint16(next(2))))) }
	if tag := string(next(13)); tag != "9ten/play/v1\x00" {
		t.Fatalf("tag %q", tag)
	}
	c.node = str()
	c.play, c.device = fmt.Sprintf("%x", next(16)), fmt.Sprintf("%x", next(16))
	c.counter = binary.BigEndian.Uint32(next(4))
	c.track = str()
	c.sheet = binary.BigEndian.Uint32(next(4))
	c.begin, c.end = int64(binary.BigEndian.Uint64(next(8))), int64(binary.BigEndian.Uint64(next(8)))
	for range binary.BigEndian.Uint32(next(4)) {
		c.intervals = append(c.intervals, [2]uint32{binary.BigEndian.Uint32(next(4)), binary.BigEndian.Uint32(next(4))})
	}
	c.flags = binary.BigEndian.Uint16(next(2))
	next(16)
	if len(b) != 0 || c.play != playID {
		t.Errorf("%d bytes after the claim of play %s", len(b), c.play)
	}
	return c
}

// TestKeysOfTheSystem presses what a keyboard, a headset and a lock screen
// have for a player.
func TestKeysOfTheSystem(t *testing.T) {
	s := newSite(t)
	b := browser(t, 1280, 900)
	const keep = `window.acts={};const set=navigator.mediaSession.setActionHandler.bind(navigator.mediaSession);navigator.mediaSession.setActionHandler=(kind,act)=>{acts[kind]=act;set(kind,act)}`
	press := func(kind, details string) chromedp.Action {
		return chromedp.Evaluate(fmt.Sprintf(`acts[%q]({action:%q%s}),true`, kind, kind, details), nil)
	}
	playing := func(title string) chromedp.Action {
		return until(fmt.Sprintf(`!kept.paused&&navigator.mediaSession.playbackState=="playing"&&navigator.mediaSession.metadata.title==%q`, title))
	}
	volume := func(v string) chromedp.Action {
		return until(`document.getElementById("v-range").value=="` + v + `"`)
	}
	b.run(t,
		chromedp.ActionFunc(func(ctx context.Context) error {
			_, err := page.AddScriptToEvaluateOnNewDocument(keep).Do(ctx)
			return err
		}),
		chromedp.Navigate(s.URL+"/"), until(`document.readyState=="complete"`), chromedp.Evaluate(watch, nil),
		chromedp.Click(`main [data-play-all]`, chromedp.ByQuery), playing("Ebb Tables"), until(`kept.currentTime>0.2`),
		press("seekto", ",seekTime:20"), until(`kept.currentTime>=20`),
		press("seekbackward", ""), until(`kept.currentTime<15&&kept.currentTime>=10`),
		press("seekforward", ",seekOffset:5"), until(`kept.currentTime>=15`),
		press("pause", ""), until(`kept.paused&&navigator.mediaSession.playbackState=="paused"`),
		press("play", ""), playing("Ebb Tables"),
		press("nexttrack", ""), playing("Slack Water"),
		press("previoustrack", ""), playing("Ebb Tables"),
		chromedp.KeyEvent("-"), volume("95"), chromedp.KeyEvent("m"), volume("0"), chromedp.KeyEvent("m"), volume("95"), chromedp.KeyEvent("+"), volume("100"),
		chromedp.KeyEvent(" "), until(`kept.paused`), chromedp.KeyEvent(" "), until(`!kept.paused`),
	)
	b.clean(t)
}
