package story

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/michaelperna/9ten/internal/money"
	"github.com/michaelperna/9ten/internal/web/browsertest"
)

// watch notes every receipt that the player gets, and everything that must not
// happen to the element that plays.
const watch = `(()=>{const a=document.getElementById("audio");window.kept=a;window.receipts=[];window.pauses=0;window.times=[];
document.addEventListener("9ten:receipt",(e)=>receipts.push(e.detail));a.addEventListener("pause",()=>pauses++);a.addEventListener("timeupdate",()=>times.push(a.currentTime))})()`

// tamper is somebody between node and browser who gives a receipt's listener a
// little more: one letter of its row is another.
const tamper = `(()=>{const real=window.fetch;window.fetch=async(u,...rest)=>{const r=await real(u,...rest);if(!String(u).includes("/receipts/2026-10"))return r;
const file=await r.text();const at=file.indexOf("extra ")+200;return new Response(file.slice(0,at)+(file[at]==="A"?"B":"A")+file.slice(at+1),{status:r.status,headers:r.headers})}})()`

// A person is an account with a browser of its own.
type person struct {
	*browsertest.Tab
	t    *testing.T
	node *served
	axe  []byte
}

func newPerson(t *testing.T, s *served) *person {
	t.Helper()
	axe, err := os.ReadFile("../web/vendor/axe-core/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	p := &person{browsertest.New(t, 1280, 900), t, s, axe}
	p.Run(t) // starts the browser, which lives longer than any one step
	return p
}

func (p *person) do(what string, actions ...chromedp.Action) {
	p.t.Helper()
	p.t.Log(what)
	ctx, cancel := context.WithTimeout(p, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		var at, seen string
		_ = chromedp.Run(p, chromedp.Location(&at), chromedp.Evaluate(`document.querySelector("main")?.innerText`, &seen)) // for the message
		p.t.Fatalf("%s: %v at %s: %s", what, err, at, seen)
	}
}

func (p *person) open(path string) chromedp.Action {
	return chromedp.Tasks{chromedp.Navigate(p.node.url + path), until(`document.readyState=="complete"&&document.fonts.status=="loaded"`)}
}

// look wants a page without faults, and keeps a picture of it.
func (p *person) look(name string) {
	p.t.Helper()
	for _, broken := range p.Axe(p.t, p.axe) {
		p.t.Errorf("%s: %s", name, broken)
	}
	p.Keep(p.t, "journey-"+name)
	p.Clean(p.t)
}

// signsIn begins a session: one that slept for a month has ended.
func (p *person) signsIn(login string) {
	p.t.Helper()
	p.do("sign in", p.open("/signin"), chromedp.SendKeys("[name=login]", login), chromedp.SendKeys("[name=password]", longWords+"\n"), until(`document.body?.dataset.signed=="true"`))
}

// away leaves the node, which is about to stop.
func (p *person) away() { p.do("leave", chromedp.Navigate("about:blank")) }

// clock sets what the demonstration's clock shows when it starts next.
func (s *served) clock(at string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "9ten.toml"), fmt.Appendf(nil, "[clock]\nstart = %q\n[media]\nffmpeg = \"off\"\n", at), 0o600); err != nil {
		s.Fatal(err)
	}
}

// settled waits until the calendar has put a month's settlement on the ledger.
func (s *served) settled(month string) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	for tick := time.NewTicker(50 * time.Millisecond); ; <-tick.C {
		if resp, err := http.Get(s.url + "/api/v1/ledger/settlements/" + month); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if ctx.Err() != nil {
			s.Fatalf("%s does not settle by itself", month)
		}
	}
}

// TestJourney is the whole of it, against the real binary, with two people in
// two browsers: a release goes up, is heard, paid for and settled, the listener
// and the act hold receipts, and they hold when the listener is gone.
func TestJourney(t *testing.T) {
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	s := &served{T: t, exe: binary(t), dir: filepath.Join(t.TempDir(), "data"), url: fmt.Sprintf("http://localhost:%d", port)}
	secret := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(secret, []byte(longWords), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run("setup", "--demo", "--empty", "--open", "--admin", "ada", "--name", "Quayside", "--password-file", secret)
	s.clock("2026-10-10T12:00:00Z")
	s.start()
	t.Cleanup(func() { _ = s.cmd.Process.Kill() }) // it has stopped when all went well
	ada, bob := newPerson(t, s), newPerson(t, s)

	act := ada.publishes()
	bob.listens()
	bob.subscribes()
	ada.recordsPayment()
	bob.away()
	ada.away()

	s.stop()
	s.clock("2026-11-21T00:40:00Z")
	s.start()
	s.settled("2026-10")
	bob.signsIn("bob")
	ada.signsIn("ada")
	receipt := bob.checksReceipt()
	ada.readsStatement(act)
	bob.cancels()
	bob.away()
	ada.away()

	s.stop()
	s.clock("2026-12-22T00:40:00Z") // more than the thirty days that a session sleeps
	for range 2 {
		s.run("month", "close", "2026-11")
	}
	s.start()
	bob.signsIn("bob")
	bob.deletesTheAccount()
	ada.signsIn("ada")
	ada.readsStatement(act)
	bob.away()
	ada.away()

	s.stop()
	s.run("audit", "2026-10")
	s.run("audit", "2026-11")
	s.run("verify", "receipt", receipt)
}

// publishes uploads a real release, a short track and a long one, and makes it
// public. It returns the act's id.
func (p *person) publishes() (act string) {
	p.t.Helper()
	dir := p.t.TempDir()
	var paths []string
	for to, from := range map[string]string{"01 Tabla.flac": "sonic-pi-samples/usr/share/sonic-pi/samples/loop_tabla.flac", "02 Long Ferry.ogg": "planetblupi-music-ogg/usr/share/planetblupi/music/music004.ogg"} {
		body, err := os.ReadFile(filepath.Join(recordings, from))
		if err != nil {
			p.t.Fatalf("%v: make deps fetches the recordings", err)
		}
		paths = append(paths, filepath.Join(dir, to))
		if err := os.WriteFile(filepath.Join(dir, to), body, 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
	var at string
	p.signsIn("ada")
	p.do("make an act", p.open("/studio"), chromedp.SendKeys("[name=name]", "The Ferrymen\n"), until(`location.pathname.startsWith("/studio/act/")`), chromedp.Location(&at))
	p.do("begin a release", p.open("/studio"), chromedp.Click(".begin .btn.go"), until(`document.querySelector("main [data-upload][data-mounted]")!=null`))
	p.do("upload", chromedp.SetUploadFiles(`.drop.js input[type=file]`, paths, chromedp.ByQuery),
		until(`document.querySelectorAll("#r-files li .good").length==2&&!document.querySelector("#r-files[data-busy]")`))
	p.look("draft")
	p.do("publish", chromedp.SetValue("#f-title", "Slack Water", chromedp.ByQuery), chromedp.Click("#r-facts .btn"), until(`document.querySelector("#r-title").textContent=="Slack Water"`),
		chromedp.Click(`#r-do [value=publish]`), until(`location.pathname.startsWith("/release/")`))
	p.look("release")
	return at[strings.LastIndexByte(at, '/')+1:]
}

// listens joins, hears the short track to the mark at which it counts and the
// long one past thirty seconds, and goes through the node all the while.
func (p *person) listens() {
	p.t.Helper()
	p.do("join", p.open("/signup"), chromedp.SendKeys("[name=handle]", "bob"), chromedp.SendKeys("[name=password]", longWords+"\n"), until(`document.body.dataset.signed=="true"`))
	p.do("find it", p.open("/browse"), chromedp.Click(`main a[href^="/release/"]`), until(`document.querySelector("main [data-play-all]")!=null`), chromedp.Evaluate(watch, nil))
	p.do("hear the short one", chromedp.Click(`main [data-tracklist] li:nth-child(1) [data-play-row]`), until(`kept.currentTime>5`), until(`receipts.some(r=>r.counted)`))
	p.do("hear the long one", chromedp.Click(`main [data-tracklist] li:nth-child(2) [data-play-row]`), until(`document.querySelector("#p-title strong").textContent=="Long Ferry"&&kept.currentTime>.2`),
		chromedp.Evaluate(`receipts.length=0,times.length=0,pauses=0`, nil))
	p.holdsItsKey()
	at := func(nav, path string) chromedp.Action {
		return until(fmt.Sprintf(`location.pathname==%q&&document.querySelector("header [data-nav=%s]").getAttribute("aria-current")!=null`, path, nav))
	}
	visits := []struct{ nav, path string }{{"browse", "/browse"}, {"library", "/library"}, {"nine", "/"}}
	for i := range 18 {
		v := visits[i%len(visits)]
		p.do("visit "+v.path, chromedp.Click("header [data-nav="+v.nav+"]", chromedp.ByQuery), at(v.nav, v.path))
	}
	p.do("back and forward", chromedp.Evaluate(`history.back()`, nil), at("library", "/library"), chromedp.Evaluate(`history.forward()`, nil), at("nine", "/"))
	p.do("the subscription", chromedp.Click(`.me`), chromedp.Click(`#account a[href="/subscription"]`), until(`document.querySelector("main form[action='/subscription']")!=null`))
	p.look("offer")
}

// holdsItsKey looks at what the system is told of the track that plays, and at
// the key that signs what is heard: it cannot be taken out of the browser.
func (p *person) holdsItsKey() {
	p.t.Helper()
	var seen struct {
		Title, State string
		Out          bool
	}
	p.do("the key", chromedp.Evaluate(`new Promise((ok,no)=>{const o=indexedDB.open("9ten");o.onerror=no;o.onsuccess=()=>{const g=o.result.transaction("key").objectStore("key").get("device");
g.onsuccess=()=>{o.result.close();ok({title:navigator.mediaSession.metadata.title,state:navigator.mediaSession.playbackState,out:g.result.pair.privateKey.extractable})}}})`, &seen, browsertest.Awaited))
	if seen.Title != "Long Ferry" || seen.State != "playing" || seen.Out {
		p.t.Errorf("the system hears of %q, %s; the key can be taken out: %t", seen.Title, seen.State, seen.Out)
	}
}

// subscribes sends a form while the track plays, and hears it until it counts.
func (p *person) subscribes() {
	p.t.Helper()
	p.do("subscribe", chromedp.Click(`main form[action="/subscription"] .btn`), until(`document.querySelector("main").textContent.includes("Still to pay")`))
	p.do("thirty seconds", until(`kept.currentTime>31`), until(`receipts.some(r=>r.counted)`))
	var played struct {
		Same, Grows   bool
		Pauses, Pages int
	}
	p.do("look at the player", chromedp.Evaluate(`({same:kept===document.getElementById("audio")&&kept.isConnected,grows:times.length>20&&times.every((x,i)=>i==0||x>=times[i-1]),pauses,
pages:performance.getEntriesByType("navigation").length})`, &played))
	if !played.Same || !played.Grows || played.Pauses != 0 || played.Pages != 1 {
		p.t.Errorf("going about disturbed the player: %+v", played)
	}
	p.look("asked")
}

func (p *person) recordsPayment() {
	p.t.Helper()
	p.do("record twenty dollars", p.open("/operator/payments"), chromedp.SendKeys("#f-handle", "bob"), chromedp.SetValue("#f-amount", "20", chromedp.ByQuery), chromedp.SendKeys("#f-reference", "in a letter\n"),
		until(`[...document.querySelectorAll("main td")].some(x=>x.textContent.includes("in a letter"))`))
	p.look("payments")
}

// checksReceipt opens the receipt of October, which the browser verifies, and
// again with somebody between who alters it. It returns the file's path.
func (p *person) checksReceipt() (path string) {
	p.t.Helper()
	p.do("the receipt", p.open("/receipts/2026-10"), until(`document.querySelector("#v-stamp .bad,#v-stamp.bad")||document.querySelector("#v-stamp")?.textContent.startsWith("Verified by this browser")`))
	var good bool
	var file string
	p.do("what it says", chromedp.Evaluate(`document.querySelector("#v-stamp").textContent.startsWith("Verified")&&document.querySelector("main .rec").textContent.includes("The Ferrymen")`, &good),
		chromedp.Evaluate(`fetch(document.querySelector("main [data-receipt]").dataset.receipt).then(r=>r.text())`, &file, browsertest.Awaited))
	if !good {
		p.t.Error("the receipt does not hold, or names another act")
	}
	p.look("receipt")

	var script page.ScriptIdentifier
	p.do("tamper", chromedp.ActionFunc(func(ctx context.Context) (err error) {
		script, err = page.AddScriptToEvaluateOnNewDocument(tamper).Do(ctx)
		return err
	}))
	p.do("the altered receipt", p.open("/receipts/2026-10"), until(`document.querySelector("#v-stamp.bad")?.textContent.startsWith("Does not hold")`))
	p.look("receipt-altered")
	p.do("the honest one again", page.RemoveScriptToEvaluateOnNewDocument(script))
	path = filepath.Join(p.t.TempDir(), "2026-10.9ten-receipt.txt")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// readsStatement sees what October brought: all of bob's pot, with a proof that
// this browser has checked.
func (p *person) readsStatement(act string) {
	p.t.Helper()
	const october = `[...document.querySelectorAll("main .earn tbody tr")].find((r)=>r.cells[0].textContent.startsWith("October"))`
	_, _, pot := money.Charge(22, 31)
	p.do("the statement", p.open("/studio/act/"+act+"/statement"), until(october+`?.querySelector("[data-proof].good,[data-proof].bad")!=null`))
	var seen struct{ Proof, Money string }
	p.do("what it says", chromedp.Evaluate(`({proof:`+october+`.querySelector("[data-proof-state]").textContent,money:`+october+`.querySelector(".money").textContent})`, &seen))
	if want := pot.String(); seen.Proof != "Verified" || strings.TrimLeft(seen.Money, "$") != strings.TrimLeft(want, "$") {
		p.t.Errorf("the statement says %+v, want %v", seen, want)
	}
	p.look("statement")
}

func (p *person) cancels() {
	p.t.Helper()
	p.do("cancel", p.open("/subscription"), chromedp.Click(`main form[action="/subscription/cancel"] .btn`), until(`document.querySelector("main").textContent.includes("Ends with this month")`))
	p.look("cancelled")
}

// deletesTheAccount leaves, once no pot waits for anybody's nine any more.
func (p *person) deletesTheAccount() {
	p.t.Helper()
	p.do("delete", p.open("/account"), chromedp.SendKeys("#d-password", longWords), chromedp.Click(`main form[action="/account/delete"] .btn`), until(`location.pathname=="/"&&document.body?.dataset.signed=="false"`))
	p.look("gone")
}
