package media_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/michaelperna/9ten/internal/media"
	"github.com/michaelperna/9ten/internal/media/hls"
	"github.com/michaelperna/9ten/internal/media/index"
)

// script plays a rendition through Media Source Extensions and decodes it to
// samples, as a listener's browser does.
const script = `
const once=(x,e)=>new Promise((ok,no)=>{x.addEventListener(e,ok,{once:true});x.addEventListener("error",()=>no(new Error(e+": "+(x.error?.message??"error"))),{once:true})});
const reach=(a,t)=>new Promise(ok=>{const f=()=>a.currentTime>=t?ok():requestAnimationFrame(f);f()});
const bytes=async u=>{const r=await fetch(u);if(!r.ok)throw new Error(u+" "+r.status);return r.arrayBuffer()};
async function hear(a,at){
 let stalls=0;a.muted=true;await a.play();a.addEventListener("waiting",()=>stalls++);
 await reach(a,1);const early=stalls;
 a.pause();a.currentTime=at;await once(a,"seeked");const landed=a.currentTime;await a.play();await reach(a,at+.5);
 a.pause();a.currentTime=a.duration-.6;await once(a,"seeked");stalls=early;a.play();await once(a,"ended");
 return {duration:a.duration,ranges:a.buffered.length,from:a.buffered.start(0),to:a.buffered.end(a.buffered.length-1),stalls,landed,ended:a.currentTime};
}
async function segments(base,type,n,at){
 if(!MediaSource.isTypeSupported(type))throw new Error("not supported: "+type);
 const a=new Audio(),m=new MediaSource();a.src=URL.createObjectURL(m);await once(m,"sourceopen");
 const b=m.addSourceBuffer(type);
 for(const f of ["init.mp4",...Array(n).keys()]){b.appendBuffer(await bytes(base+f));await once(b,"updateend")}
 m.endOfStream();return hear(a,at);
}
async function through(u){const a=new Audio();a.muted=true;a.src=u;a.play();await once(a,"ended");return {duration:a.duration,ended:a.currentTime}}
async function file(u,at){const a=new Audio();a.preload="auto";a.src=u;await once(a,"loadedmetadata");return hear(a,at)}
async function decode(base,n,rate,bits){
 const parts=[];for(const f of ["init.mp4",...Array(n).keys()])parts.push(await bytes(base+f));
 const b=await new OfflineAudioContext(1,1,rate).decodeAudioData(await new Blob(parts).arrayBuffer());
 const size=bits/8,c=b.numberOfChannels,out=new Uint8Array(b.length*c*size);
 // Chromium divides what is positive by the largest positive sample.
 const low=2**(bits-1),high=bits==16?32767:(2**31-1)/256;
 for(let i=0;i<c;i++){const d=b.getChannelData(i);for(let j=0;j<d.length;j++){let v=Math.round(d[j]*(d[j]>0?high:low));const at=(j*c+i)*size;for(let x=0;x<size;x++){out[at+x]=v&255;v>>=8}}}
 const h=new Uint8Array(await crypto.subtle.digest("SHA-256",out));
 return {samples:b.length,rate:b.sampleRate,sha256:[...h].map(x=>x.toString(16).padStart(2,"0")).join("")};
}`

type played struct {
	Duration, From, To, Landed, Ended float64
	Ranges, Stalls                    int
}

// chromium opens a page that knows the script, on a server for renditions:
// /<n>/init.mp4 and /<n>/<segment>, and /<name> for files.
func chromium(t *testing.T, tracks []*hls.Track, sources [][]byte, files map[string]string) context.Context {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!doctype html><title>sound</title>"))
	})
	mux.HandleFunc("GET /{n}/{file}", func(w http.ResponseWriter, r *http.Request) {
		i, err := strconv.Atoi(r.PathValue("n"))
		if err != nil || i >= len(tracks) {
			http.NotFound(w, r)
			return
		}
		body := tracks[i].Init()
		if n, err := strconv.Atoi(r.PathValue("file")); err == nil {
			if body, err = tracks[i].AppendSegment(nil, bytes.NewReader(sources[i]), n); err != nil {
				http.NotFound(w, r)
				return
			}
		}
		_, _ = w.Write(body)
	})
	mux.HandleFunc("GET /file/{name}", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, files[r.PathValue("name")]) })
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"), chromedp.Flag("disable-background-networking", true))
	alloc, done := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(done)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	ctx, stop := context.WithTimeout(ctx, 8*time.Minute)
	t.Cleanup(stop)
	if err := chromedp.Run(ctx, chromedp.Navigate(srv.URL+"/"), chromedp.Evaluate(script+";0", nil)); err != nil {
		t.Fatal(err)
	}
	return ctx
}

func ask(t *testing.T, ctx context.Context, out any, format string, args ...any) {
	t.Helper()
	if err := chromedp.Run(ctx, chromedp.Evaluate(fmt.Sprintf(format, args...), out, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) })); err != nil {
		t.Errorf("%s: %v", fmt.Sprintf(format, args...), err)
	}
}

// TestChromiumPlaysEveryRendition plays FLAC, AAC and Opus in segments and
// what is played as it was uploaded as files: the length is right, nothing
// stalls, seeking lands where it should, and the end is reached. Vorbis is
// missing here: after a seek near its end Chromium's clock runs up to a page
// of Ogg ahead.
func TestChromiumPlaysEveryRendition(t *testing.T) {
	s := newStudio(t, "auto")
	p, err := s.Prepare(t.Context(), s.upload(t, cut(t, "a.flac", "13.37")), media.Prepared{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var tracks []*hls.Track
	var sources [][]byte
	for _, r := range p.Renditions {
		x, err := index.Parse(s.read(t, r.Index))
		if err != nil {
			t.Fatal(err)
		}
		tr, err := hls.New(x)
		if err != nil {
			t.Fatal(err)
		}
		tracks, sources = append(tracks, tr), append(sources, s.read(t, r.Frames))
	}
	files := map[string]string{"a.mp3": cut(t, "a.mp3", "13.37", "-b:a", "192k"), "v.mp3": cut(t, "v.mp3", "13.37", "-q:a", "3")}
	for name, codec := range map[string]string{"a.wav": "pcm_s16le", "a.flac": "flac", "a.m4a": "aac", "a.opus": "libopus"} {
		files[name] = cut(t, name, "13.37", "-c:a", codec, "-ar", "48000")
	}
	ctx := chromium(t, tracks, sources, files)
	const at = 9.5
	check := func(name string, got played) {
		t.Helper()
		t.Logf("%-6s %+v", name, got)
		want := float64(p.DurationMS()) / 1000
		if math.Abs(got.Duration-want) > 0.06 || got.Ranges != 1 || got.From > 0.03 || got.Stalls != 0 ||
			math.Abs(got.Landed-at) > 0.001 || math.Abs(got.Ended-got.Duration) > 0.05 {
			t.Errorf("%s: %+v, want %.3f s", name, got, want)
		}
	}
	for i, tr := range tracks {
		var got played
		ask(t, ctx, &got, "segments('/%d/','audio/mp4; codecs=\"%s\"',%d,%v)", i, tr.CodecString(), tr.Segments(), at)
		check(p.Renditions[i].Codec, got)
	}
	for name := range files {
		var got played
		ask(t, ctx, &got, "file('/file/%s',%v)", name, at)
		check(name, got)
	}
}

// TestOriginalsEndOnTime plays every form that comes in to its end, as it was
// uploaded: the end comes where the music ends, so that the next track follows.
func TestOriginalsEndOnTime(t *testing.T) {
	files := map[string]string{}
	for name, codec := range map[string]string{"a.ogg": "libvorbis", "a.opus": "libopus", "a.mp3": "libmp3lame", "a.m4a": "aac", "a.wav": "pcm_s16le", "a.flac": "flac"} {
		files[name] = cut(t, name, "2.37", "-c:a", codec, "-ar", "48000")
	}
	ctx := chromium(t, nil, nil, files)
	for name := range files {
		var got struct{ Duration, Ended float64 }
		ask(t, ctx, &got, "through('/file/%s')", name)
		if math.Abs(got.Ended-2.37) > 0.06 || math.Abs(got.Duration-got.Ended) > 0.06 {
			t.Errorf("%s ends at %.3f of %.3f s, not at 2.37", name, got.Ended, got.Duration)
		}
	}
}

// TestChromiumHearsEverySample decodes FLAC from its segments in the browser:
// the samples are those the musician uploaded, in number and in value.
func TestChromiumHearsEverySample(t *testing.T) {
	type want struct {
		name, sha256 string
		samples      uint64
		rate, bits   int
	}
	var wants []want
	var tracks []*hls.Track
	var sources [][]byte
	dir := t.TempDir()
	produce, hear := []string{"-ss", "10", "-t", "6.7", "-i", recording(t)}, []string(nil) // each one run of ffmpeg for all
	for _, rate := range []int{44100, 48000, 96000, 192000} {
		for _, bits := range []int{16, 24} {
			for _, channels := range []int{1, 2, 6} {
				name := fmt.Sprintf("%d-%d-%d.flac", rate, bits, channels)
				format := map[int]string{16: "s16", 24: "s32"}[bits]
				produce = append(produce, "-ar", strconv.Itoa(rate), "-sample_fmt", format, "-ac", strconv.Itoa(channels), filepath.Join(dir, name))
				hear = append(hear, "-i", filepath.Join(dir, name))
				wants = append(wants, want{name: name, rate: rate, bits: bits})
			}
		}
	}
	for i, w := range wants {
		hear = append(hear, "-map", strconv.Itoa(i), "-f", fmt.Sprintf("s%dle", w.bits), filepath.Join(dir, w.name+".raw"))
	}
	ffmpeg(t, produce...)
	ffmpeg(t, hear...)
	for i := range wants {
		w := &wants[i]
		b, samples := read(t, filepath.Join(dir, w.name)), read(t, filepath.Join(dir, w.name+".raw"))
		x, err := index.Scan(t.Context(), bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		tr, err := hls.New(x)
		if err != nil {
			t.Fatal(err)
		}
		if sum := md5.Sum(samples); !bytes.Equal(sum[:], x.Config[18:34]) {
			t.Fatalf("%s: %x is not in STREAMINFO", w.name, sum)
		}
		sum := sha256.Sum256(samples)
		w.sha256, w.samples = hex.EncodeToString(sum[:]), x.Samples
		tracks, sources = append(tracks, tr), append(sources, b)
	}
	ctx := chromium(t, tracks, sources, nil)
	for i, w := range wants {
		var got struct {
			Samples uint64
			Rate    int
			SHA256  string
		}
		ask(t, ctx, &got, "decode('/%d/',%d,%d,%d)", i, tracks[i].Segments(), w.rate, w.bits)
		if got.Samples != w.samples || got.Rate != w.rate || got.SHA256 != w.sha256 {
			t.Errorf("%s: %+v, want %+v", w.name, got, w)
		}
	}
}
