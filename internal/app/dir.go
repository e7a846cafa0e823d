package app

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/michaelperna/9ten/internal/fault"
	"github.com/michaelperna/9ten/internal/file"
)

// A dir is an open data directory. Everything a node knows is below it:
//
//	9ten.db    the database (unless it is in Postgres)
//	ledger.db  the embedded ledger
//	blob/      originals and what is derived from them
//	log/       the transparency log, as it is served
//	keys/      the node's private keys
//	mail/      letters, where no mail server takes them
//	demo.json  only where `setup --demo` made the directory
type dir struct {
	path string
	lock *os.File
	demo *demoMark // nil in a real directory
}

// demoMark is the content of demo.json: the directory is for show.
type demoMark struct {
	Made time.Time `json:"made"`
	// Start and Set are the simulated clock: it showed Start when the real one showed Set.
	Start time.Time `json:"start,omitzero"`
	Set   time.Time `json:"set,omitzero"`
}

// errTaken is why a directory cannot be opened that another process has.
var errTaken = errors.New("locked by another process")

// openDir makes the directory if need be and locks it: two nodes on one
// database would each keep a log of their own. It returns a Conflict fault
// when another node has it, an Unavailable one when it cannot be written.
func openDir(path string) (*dir, error) {
	// The helpers that read strangers' files run in a directory of their own,
	// where a relative path leads nowhere.
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The data directory %s cannot be found.", path)
	}
	for _, sub := range []string{"", "keys"} {
		if err := os.MkdirAll(filepath.Join(path, sub), 0o700); err != nil {
			return nil, fault.Wrap(err, fault.Unavailable, "The data directory %s cannot be made or written.", path)
		}
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The data directory %s cannot be written.", path)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = lock.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = errTaken
		}
		return nil, fault.Wrap(err, fault.Conflict, "Another 9ten is running on %s. Stop it first, or use the running node's pages.", path)
	}
	d := &dir{path: path, lock: lock}
	if d.demo, err = readDemo(path); err != nil {
		_ = lock.Close()
		return nil, err
	}
	return d, nil
}

// mustExist refuses a data directory that no node has been in yet: what looks
// at a node does not make one.
func (c *Config) mustExist() error {
	if _, err := os.Stat(filepath.Join(c.DataDir, "keys")); errors.Is(err, fs.ErrNotExist) {
		return fault.On("data_dir", fault.Invalid, "There is no node in %s. Make one with `9ten setup`, or name its folder with --data-dir.", c.DataDir)
	}
	return nil // what else is wrong with it, opening it says
}

// make makes the data directory.
func (c *Config) make() error {
	d, err := openDir(c.DataDir)
	if err != nil {
		return err
	}
	return d.Close()
}

// wall is the machine's own time.
func (d *dir) wall() time.Time { return time.Now() }

func (d *dir) Close() error { return d.lock.Close() }

func (d *dir) join(elem ...string) string {
	return filepath.Join(append([]string{d.path}, elem...)...)
}

func readDemo(path string) (*demoMark, error) {
	text, err := os.ReadFile(filepath.Join(path, "demo.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	m := new(demoMark)
	if err == nil {
		err = json.Unmarshal(text, m)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "demo.json in %s cannot be read.", path)
	}
	return m, nil
}

// markDemo makes the directory a demonstration. It is refused once there is
// a database: a real node never becomes one.
func (d *dir) markDemo(now time.Time) error {
	if d.demo != nil {
		return nil
	}
	for _, of := range []string{"9ten.db", "ledger.db"} { // with Postgres there is only the second
		if _, err := os.Stat(d.join(of)); err == nil {
			return fault.New(fault.Conflict, "%s already holds a real node. Choose another folder for a demonstration.", d.path)
		}
	}
	d.demo = &demoMark{Made: now.UTC()}
	return d.writeDemo()
}

func (d *dir) writeDemo() error {
	text, err := json.MarshalIndent(d.demo, "", "  ")
	if err != nil {
		return err
	}
	return file.Replace(d.join("demo.json"), append(text, '\n'), 0o600)
}

// requireDemo refuses what only a demonstration may do.
func (d *dir) requireDemo(what string) error {
	if d.demo == nil {
		return fault.New(fault.Forbidden, "%s holds a real node, and %s is only for a directory made by `9ten setup --demo`.", d.path, what)
	}
	return nil
}

// clock returns the time the node goes by. Where clock.start is set in a
// demonstration it begins there and runs at the pace of the real clock, also
// over restarts; in a real directory clock.start is refused.
func (d *dir) clock(start string) (func() time.Time, error) {
	if start == "" {
		return time.Now, nil
	}
	if err := d.requireDemo("clock.start"); err != nil {
		return nil, err
	}
	at, err := time.Parse(time.RFC3339, start)
	if err != nil {
		return nil, fault.On("clock.start", fault.Invalid, "clock.start is %q, but a time such as 2026-10-01T00:00:00Z is expected.", start)
	}
	if !d.demo.Start.Equal(at) {
		d.demo.Start, d.demo.Set = at.UTC(), time.Now().UTC()
		if err := d.writeDemo(); err != nil {
			return nil, err
		}
	}
	shift := d.demo.Start.Sub(d.demo.Set)
	return func() time.Time { return time.Now().Add(shift) }, nil
}
