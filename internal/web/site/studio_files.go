package site

import (
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/gate"
	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/web"
)

const (
	maxFiles   = 32 << 30 // a form with an album of large files
	maxPicture = 32 << 20 // a form with a picture, which may have 20 MB
	maxText    = 4 << 10  // a field beside files
	maxFields  = 20       // between two files
)

// readFields begins a form that is read part by part, so that no file is ever
// whole in memory.
func (v *visit) readFields() (err error) {
	if v.parts, err = v.MultipartReader(); err != nil {
		return fault.New(fault.Invalid, "The form could not be read. Go back and send it again.")
	}
	v.form = url.Values{}
	return v.nextFile()
}

// nextFile reads fields up to the next file.
func (v *visit) nextFile() error {
	for fields := 0; fields < maxFields; fields++ {
		part, err := v.parts.NextPart()
		if errors.Is(err, io.EOF) {
			v.file = nil
			return nil
		}
		if _, big := errors.AsType[*http.MaxBytesError](err); big {
			return fault.New(fault.TooLarge, "These files are too much for one form. Send fewer at once.")
		}
		if err != nil {
			return fault.New(fault.Invalid, "The connection broke before everything had arrived. Send the form again.")
		}
		if part.FileName() != "" {
			v.file = part
			return nil
		}
		text, err := io.ReadAll(io.LimitReader(part, maxText))
		if err != nil {
			return fault.New(fault.Invalid, "The connection broke before everything had arrived. Send the form again.")
		}
		v.form.Add(part.FormName(), string(text))
	}
	return fault.New(fault.TooLarge, "That form has more fields than any of this node's.")
}

// eachFile hands over the files of a form, one after the other.
func (v *visit) eachFile(do func(name string, file io.Reader) error) error {
	for v.file != nil {
		if err := do(v.file.FileName(), gate.Patient(v.ResponseWriter, v.file)); err != nil {
			return err
		}
		if err := v.nextFile(); err != nil {
			return err
		}
	}
	return nil
}

// ofTheFile reports whether a fault is about one file, so that the others go on.
func ofTheFile(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Unsupported, fault.TooLarge, fault.Conflict:
		return err != nil
	}
	return false
}

// addFiles takes the files of a form: the way in without JavaScript.
func (v *visit) addFiles() error {
	r, err := id.Parse[id.Release](v.PathValue("id"))
	if err != nil {
		return err
	}
	taken, refused := 0, []web.Notice(nil)
	err = v.eachFile(func(name string, file io.Reader) error {
		err := v.site.TakeFile(v.Context(), v.ears(), r, name, file)
		switch {
		case err == nil:
			taken++
		case ofTheFile(err):
			refused = append(refused, web.Notice{Kind: web.NoteErr, Text: v.why(err)})
		default:
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	if taken+len(refused) == 0 {
		refused = append(refused, web.Notice{Kind: web.NoteErr, Text: "No file was chosen."})
	}
	if len(refused) == 0 {
		return v.goTo("/studio/release/"+string(r), "Arrived. The files are being prepared now; that takes a minute.")
	}
	p, err := v.studioReleasePage()
	if err != nil {
		return err
	}
	p.Notices = append(p.Notices, refused...)
	return v.showAs(http.StatusUnprocessableEntity, "studio-release", p)
}

// picture takes the first picture of a form and makes a cover of it.
func (v *visit) picture() (c music.Cover, err error) {
	none := true
	err = v.eachFile(func(_ string, file io.Reader) error {
		if !none {
			return nil
		}
		none = false
		c, err = v.site.TakeCover(v.Context(), file)
		return err
	})
	if err == nil && none {
		err = fault.On("cover", fault.Invalid, "No picture was chosen.")
	}
	return c, err
}

func (v *visit) releaseCover() error {
	r, err := id.Parse[id.Release](v.PathValue("id"))
	if err != nil {
		return err
	}
	if err := v.site.Studio.MayEdit(v.Context(), v.ears(), r); err != nil {
		return err
	}
	c, err := v.picture()
	if err == nil {
		_, err = v.site.Studio.SetCover(v.Context(), v.ears(), r, c)
	}
	if err != nil {
		return v.releaseAgain(err)
	}
	return v.goTo("/studio/release/"+string(r), "The cover is changed.")
}

func (v *visit) actCover() error {
	full, err := v.ownAct()
	if err != nil {
		return err
	}
	c, err := v.picture()
	if err == nil {
		_, err = v.site.Studio.EditAct(v.Context(), v.ears(), full.Act.ID, func(a *music.Act) { a.Cover = c })
	}
	if err != nil {
		return v.actAgain(err, func(*StudioActPage) []web.Field { return nil })
	}
	return v.goTo("/studio/act/"+string(full.Act.ID), "The picture is changed.")
}
