// Package fault gives errors a kind and a sentence that a person may read.
//
// The kind decides what a transport answers (one place maps it to an HTTP
// status, another to an exit code); the sentence is safe to show; whatever
// it wraps is for the log alone.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind is the class of a fault, independent of any transport.
type Kind uint8

const (
	// Internal is the kind of every error that carries none: our mistake.
	Internal Kind = iota
	// Invalid says that the input breaks a rule the caller can read and mend.
	Invalid
	// Unauthenticated says that nobody is signed in.
	Unauthenticated
	// Forbidden says that this person may not do this.
	Forbidden
	// NotFound says that there is no such thing, or none this person may see.
	NotFound
	// Conflict says that the state has moved on, or the name is taken.
	Conflict
	// TooLarge says that a limit in bytes, pixels or items is exceeded.
	TooLarge
	// Unsupported says that the input is of a kind the product does not take.
	Unsupported
	// Limited says that the caller must wait before trying again.
	Limited
	// Unavailable says that something we depend on is down or full: try later.
	Unavailable
)

var names = [...]string{
	"internal", "invalid", "unauthenticated", "forbidden", "not-found",
	"conflict", "too-large", "unsupported", "limited", "unavailable",
}

// String returns the kind's stable name, as used in API problem types.
func (k Kind) String() string {
	if int(k) < len(names) {
		return names[k]
	}
	return names[Internal]
}

// Error is a fault: a kind, a sentence for people, and the cause for the log.
type Error struct {
	Kind    Kind
	Message string        // one sentence, safe to show, ends without a line break
	Field   string        // the input it is about, "" when it is about the whole
	Wait    time.Duration // of a Limited one: how long until it may be tried again
	format  string        // what Message was made of, see [Words]
	args    []any
	cause   error
}

// Term is an argument of a sentence that is itself words, such as the name of
// an input: a page says it in its own language, as it does the sentence.
type Term string

func say(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Message: fmt.Sprintf(format, args...), format: format, args: args}
}

// Error returns the message followed by its cause: text for the log.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.cause.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// New makes a fault from a kind and a formatted sentence. A %w verb is not
// honoured: causes are for [Wrap], because they must not be shown.
func New(k Kind, format string, args ...any) error {
	return say(k, format, args...)
}

// On makes a fault about one input field, so that a form can show it there.
func On(field string, k Kind, format string, args ...any) error {
	e := say(k, format, args...)
	e.Field = field
	return e
}

// Later makes a Limited fault that says how long to wait.
func Later(wait time.Duration, format string, args ...any) error {
	e := say(Limited, format, args...)
	e.Wait = wait
	return e
}

// Wrap gives a cause a kind and a sentence. A nil cause yields nil.
func Wrap(cause error, k Kind, format string, args ...any) error {
	if cause == nil {
		return nil
	}
	e := say(k, format, args...)
	e.cause = cause
	return e
}

// About returns the fault in err as one about an input field, as [On] makes
// it; an error that is none is returned as it is.
func About(field string, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	about := *e
	about.Field = field
	return &about
}

// KindOf returns the kind of the outermost fault in err's chain, [Internal]
// when there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is a fault of kind k.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }

// Message returns the sentence to show for err. An error without a kind
// yields a general one: its text is for the log.
func Message(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Message
	}
	return unknown
}

// unknown is what is said of an error without a kind.
const unknown = "Something went wrong on this node. The log has the details."

// Words returns what the sentence of [Message] is made of, for a page to say
// it in another language: the format is the sentence's key there.
func Words(err error) (format string, args []any) {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.format, e.args
	}
	return unknown, nil
}

// Field returns the name of the input err is about, or "".
func Field(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Field
	}
	return ""
}

// Wait returns after which time what err refused may be tried again, 0 when
// that is not known.
func Wait(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Wait
	}
	return 0
}
