package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/michaelperna/9ten/internal/fault"
)

func TestKindSurvivesWrapping(t *testing.T) {
	cause := errors.New("disk I/O error at /var/secret")
	err := fmt.Errorf("store: %w", fault.Wrap(cause, fault.Unavailable, "The disk is full."))
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("kind = %v, want unavailable", fault.KindOf(err))
	}
	if got := fault.Message(err); got != "The disk is full." {
		t.Errorf("message = %q: the cause must not be shown", got)
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost for the log")
	}
}

func TestErrorWithoutKindIsOurs(t *testing.T) {
	err := errors.New("sql: broken")
	if fault.KindOf(err) != fault.Internal || fault.Message(err) == err.Error() {
		t.Errorf("a plain error must be internal and its text hidden, got %v %q", fault.KindOf(err), fault.Message(err))
	}
	if fault.Is(nil, fault.Internal) || fault.Wrap(nil, fault.Invalid, "x") != nil {
		t.Error("nil is no fault")
	}
}

func TestField(t *testing.T) {
	if got := fault.Field(fault.On("email", fault.Invalid, "That is no mail address.")); got != "email" {
		t.Errorf("field = %q", got)
	}
}

func TestWordsAreWhatTheSentenceIsMadeOf(t *testing.T) {
	cause := fault.Wrap(errors.New("disk"), fault.Unavailable, "%s is full at %d.", fault.Term("The disk"), 9)
	for _, err := range []error{cause, fault.About("file", cause), fmt.Errorf("store: %w", cause)} {
		format, args := fault.Words(err)
		if fmt.Sprintf(format, args...) != fault.Message(err) || format != "%s is full at %d." || args[0] != fault.Term("The disk") {
			t.Errorf("%v is made of %q and %v", err, format, args)
		}
	}
	if about := fault.About("file", cause); fault.Field(about) != "file" || fault.Field(cause) != "" || !fault.Is(about, fault.Unavailable) {
		t.Errorf("about a field: %q, kind %v", fault.Field(about), fault.KindOf(about))
	}
	if format, args := fault.Words(errors.New("sql: broken")); format != fault.Message(errors.New("sql: broken")) || args != nil {
		t.Errorf("an error without a kind is made of %q and %v", format, args)
	}
}
