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
