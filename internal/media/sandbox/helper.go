package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/michaelperna/9ten/internal/fault"
)

const (
	levelFunc = "level"
	exitFault = 3 // the function reported a fault, see refusal
	exitStart = 4 // the helper could not restrict itself or start the program
)

// Call is what a function in the helper is given.
type Call struct {
	In     string   // the one file it may read
	OutDir string   // the one directory it may write
	Args   []string // the job's arguments
}

// Func runs in the helper: it reads Call.In and writes its result to out. The
// fault it returns reaches the caller of [Runner.Run] with kind and sentence.
type Func func(ctx context.Context, c Call, out io.Writer) error

// Main turns this process into a helper when args say so. It must be called
// before anything else in main: isHelper false means that this is an ordinary
// start. The table names what [Job.Func] may ask for.
func Main(args []string, table map[string]Func) (code int, isHelper bool) {
	if len(args) < 3 || args[1] != Marker {
		return 0, false
	}
	var o order
	if err := json.Unmarshal([]byte(args[2]), &o); err != nil {
		fmt.Fprintln(os.Stderr, "helper: bad order:", err)
		return exitStart, true
	}
	if o.Restricted {
		return runFunc(o, table), true
	}
	fmt.Fprintln(os.Stderr, "helper:", restrict(o))
	return exitStart, true
}

// again is how a restricted process starts this binary once more.
func (o order) again() (exe string, args []string, err error) {
	if exe, err = os.Executable(); err != nil {
		return "", nil, err
	}
	o.Restricted = true
	b, err := json.Marshal(o)
	return exe, []string{Marker, string(b)}, err
}

func runFunc(o order, table map[string]Func) int {
	f := table[o.Func]
	if o.Func == levelFunc {
		f = report
	}
	if f == nil {
		fmt.Fprintf(os.Stderr, "helper: no function %q\n", o.Func)
		return exitStart
	}
	debug.SetMemoryLimit(int64(min(o.Memory, 1<<62)) / 2)
	err := guarded(f, Call{In: o.In, OutDir: o.Out, Args: o.Args})
	if err == nil {
		return 0
	}
	r := refusal{Kind: fault.KindOf(err).String(), Message: fault.Message(err), Field: fault.Field(err), Cause: err.Error()}
	b, err := json.Marshal(r)
	if err != nil {
		return exitStart
	}
	fmt.Fprintf(os.Stderr, "\n%s%s\n", refusalPrefix, b)
	return exitFault
}

// guarded turns a decoder's panic over a hostile file into a refusal: the
// decoders are not ours, and the process is thrown away.
func guarded(f Func, c Call) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Wrap(fmt.Errorf("panic: %v", p), fault.Invalid, "This file is damaged: it cannot be read to the end. Export it again.")
		}
	}()
	return f(context.Background(), c, os.Stdout)
}

// report measures by trying, rather than by asking the kernel's version.
func report(_ context.Context, _ Call, out io.Writer) error {
	l := Level{Landlock: landlockVersion(), Network: socketRefused(), Others: killRefused() && forkRefused(), Limits: limited()}
	f, err := os.Open("/")
	if err == nil {
		_ = f.Close()
	}
	l.Files = errors.Is(err, os.ErrPermission)
	return json.NewEncoder(out).Encode(l)
}
