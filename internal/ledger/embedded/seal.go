package embedded

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/michaelperna/9ten/internal/fault"
)

// Seal folds a ledger that nobody has open into its one file, so that it can be
// renamed, copied and read where nothing may be written. It returns Unavailable
// when that cannot be done.
func Seal(ctx context.Context, file string) error {
	err := seal(ctx, file)
	return fault.Wrap(err, fault.Unavailable, "The ledger's file %s cannot be closed for good.", filepath.Base(file))
}

func seal(ctx context.Context, file string) error {
	db, err := connect(file, "", 1)
	if err != nil {
		return err
	}
	var mode string
	err = db.QueryRowContext(ctx, `pragma journal_mode = delete`).Scan(&mode)
	if err == nil && mode != "delete" {
		err = errors.New("somebody has it open")
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if _, err := os.Stat(file + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(errors.New("its journal is still there"), err)
	}
	return nil
}
