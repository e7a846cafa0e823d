package letter

import (
	"github.com/michaelperna/9ten/internal/notice"
	"github.com/michaelperna/9ten/internal/web"
)

// Links lead from a letter that tells what happened to where one says that none
// shall come, and what they shall tell.
type Links struct{ Stop, Choose string }

// told is how many notices a letter tells one by one.
const told = 20

// Digest tells what happened that somebody has not read.
func (w *Writer) Digest(lang, node, name string, list []notice.Notice, at Links) (Letter, error) {
	v := w.in(lang, node)
	parts := []part{{Text: v.say("Hello %s,", name)}, {Text: v.say("this happened on %s that you have not read there:", node)}}
	for i := range list[:min(len(list), told)] {
		n := &list[i]
		parts = append(parts, part{Text: w.Words.Told(v.lang, n), Link: w.Base + web.ToldAt(n)})
	}
	more := part{Text: v.say("All notifications"), Link: w.Base + "/notifications"}
	if left := len(list) - told; left > 0 {
		more.Text = v.say("%d more", left)
	}
	subject := w.Words.Told(v.lang, &list[0])
	if left := len(list) - 1; left > 0 {
		subject = v.say("%[1]d more, and: %[2]s", left, subject)
	}
	return v.write(subject, append(parts, more),
		part{v.say("No more letters like this"), at.Stop}, part{v.say("Choose what you are told"), at.Choose})
}
