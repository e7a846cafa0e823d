package mail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/file"
)

// A Maildir keeps letters in a folder that mail programs can open: where no
// mail server is configured, the operator reads them there.
type Maildir struct {
	Path string
	From Address
	sent atomic.Int64
}

var _ Sender = (*Maildir)(nil)

// Send writes a letter into the folder's part for new ones. It is there whole
// or not at all.
func (d *Maildir) Send(ctx context.Context, l Letter) error {
	b, err := encoded(ctx, l, d.From)
	if err != nil {
		return err
	}
	return fault.Wrap(d.write(b), fault.Unavailable, "The folder %s cannot be written.", d.Path)
}

func (d *Maildir) write(b []byte) error {
	for _, part := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(d.Path, part), 0o700); err != nil {
			return err
		}
	}
	now := time.Now()
	name := fmt.Sprintf("%d.M%dP%dQ%d.9ten", now.Unix(), now.Nanosecond()/1000, os.Getpid(), d.sent.Add(1))
	made := filepath.Join(d.Path, "tmp", name)
	if err := file.Replace(made, b, 0o600); err != nil {
		return err
	}
	if err := os.Rename(made, filepath.Join(d.Path, "new", name)); err != nil {
		return errors.Join(err, os.Remove(made))
	}
	return file.Sync(filepath.Join(d.Path, "new"))
}

// Check counts the letters that lie in the folder.
func (d *Maildir) Check(context.Context) (string, error) {
	n := 0
	err := d.each(func(string, os.FileInfo) error { n++; return nil })
	return fmt.Sprintf("No mail server is configured: letters are put into %s, where %d lie.", d.Path, n),
		fault.Wrap(err, fault.Unavailable, "The folder %s cannot be read.", d.Path)
}

// Expire deletes letters that are older: links in them are long void.
func (d *Maildir) Expire(before time.Time) error {
	return d.each(func(path string, i os.FileInfo) error {
		if i.ModTime().Before(before) {
			return os.Remove(path)
		}
		return nil
	})
}

// each visits the letters that are in the folder.
func (d *Maildir) each(do func(path string, i os.FileInfo) error) error {
	for _, part := range []string{"new", "cur"} {
		list, err := os.ReadDir(filepath.Join(d.Path, part))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		for _, e := range list {
			i, err := e.Info()
			if errors.Is(err, os.ErrNotExist) || strings.HasPrefix(e.Name(), ".") {
				continue // taken by a mail program meanwhile, or its own
			}
			if err == nil {
				err = do(filepath.Join(d.Path, part, e.Name()), i)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
