package social_test

import (
	"testing"

	"github.com/michaelperna/9ten/internal/social"
)

// What a server calls the version of a picture may be any bytes that a header can have.
func TestPictureOfAnyVersion(t *testing.T) {
	on(t, func(t *testing.T, w world) {
		const at = "https://far.example/cover.png"
		w.update(func(tx social.Tx) error {
			return tx.PutPicture(t.Context(), at, social.Picture{ETag: "\"\xe9\"", Modified: "\xff"})
		})
		w.update(func(tx social.Tx) error {
			_, err := tx.Picture(t.Context(), at)
			return err
		})
	})
}
