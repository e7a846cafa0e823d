package social_test

import (
	"strings"
	"testing"

	"github.com/michaelperna/9ten/internal/social"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		`<p>Hello <a href="https://a.example/?a=1&amp;b=2" class="x" onclick="evil()">there</a></p>`: `<p>Hello <a href="https://a.example/?a=1&amp;b=2" rel="nofollow noreferrer">there</a></p>`,
		`<script>alert(1)</script><p>a<img src=x onerror=alert(1)>b</p>`:                             `<p>ab</p>`,
		`<a href="javascript:alert(1)">x</a><a href="/signout">y</a>`:                                `xy`,
		`</li></ol></p><p>one<blockquote><ul><li>two`:                                                `<p></p><p>one</p><blockquote><ul><li>two</li></ul></blockquote>`,
		`<p style="position:fixed">a</p><style>*{display:none}</style><form action=x><input></form>`: `<p>a</p>`,
		"1 < 2 & 3": "1 &lt; 2 &amp; 3",
	} {
		if got := social.Clean(in); got != want {
			t.Errorf("%s\n gives %s\n want  %s", in, got, want)
		}
		if again := social.Clean(social.Clean(in)); again != social.Clean(in) {
			t.Errorf("%s is not the same when it is cleaned again", in)
		}
	}
	deep := social.Clean(strings.Repeat("<blockquote>", 5_000) + "x")
	if n := strings.Count(deep, "<blockquote>"); n > 512 {
		t.Errorf("%d deep", n)
	}
}

func TestText(t *testing.T) {
	if got := social.Text(`<p>one</p><p>two<br>three &lt;b&gt;</p>`); got != "one two three <b>" {
		t.Errorf("%q", got)
	}
	if got := social.Paragraphs("a <b>\nc\n\n\n\nd\u202e"); got != "<p>a &lt;b&gt;<br>c</p><p>d</p>" {
		t.Errorf("%q", got)
	}
}

func TestPosition(t *testing.T) {
	for in, want := range map[string]int64{"": -1, "0:00": 0, "1:23": 83_000, "1:02:03": 3_723_000} {
		if got, err := social.Position(in); err != nil || got != want {
			t.Errorf("%q = %d, %v", in, got, err)
		}
	}
	for _, in := range []string{"x", "1", "1:2", "123:00", "-1:00", "1:23 x"} {
		if got, err := social.Position(in); err == nil {
			t.Errorf("%q = %d", in, got)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add(`<p>Hello <a href="https://a.example">there</a></p>`)
	f.Add(`<blockquote><ul><li></p>`)
	f.Fuzz(func(t *testing.T, s string) {
		out := social.Clean(s)
		for _, never := range []string{"<script", "<img", "<style", "<form", "<iframe", "<svg"} {
			if strings.Contains(out, never) {
				t.Errorf("%q gives %q", s, out)
			}
		}
		social.Text(out)
	})
}
