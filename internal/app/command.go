package app

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/michaelperna/9ten/internal/fault"
)

// Exit codes of every command.
const (
	exitOK     = 0 // what was asked for is done, or holds
	exitFailed = 1 // it could not be done, or does not hold
	exitUsage  = 2 // the command line or the configuration is wrong, nothing was tried
)

// errSilent ends a command with exitFailed whose output has said why.
var errSilent = errors.New("said already")

// usageError is a mistake in how the command was called.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// A command is one word of the command line.
type command struct {
	name    string // "month close": words below a command are part of its name
	args    string // what follows the flags, for the help
	own     string // where it is about this node alone, why; %s is the one that was named
	summary string
	run     func(ctx context.Context, c *call) error
	flags   func(f *flag.FlagSet, c *call)
}

// A call is one invocation: its streams, its flags and what they set.
type call struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	cmd            command
	args           []string // what is left after the flags
	json           bool
	file           string            // --config
	set            map[string]string // configuration given by flags
	opt            options
}

// Run dispatches a command line and returns the exit code. args[0] is the
// program's name.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, getenv func(string) string) int {
	c := &call{stdin: stdin, stdout: stdout, stderr: stderr, getenv: getenv, set: map[string]string{}}
	if len(args) < 2 || args[1] == "help" || args[1] == "--help" || args[1] == "-h" {
		usage(stdout)
		return exitOK
	}
	cmd, rest, ok := find(args[1:])
	if !ok {
		return lost(args[1:], stdout, stderr)
	}
	c.cmd = cmd
	if err := c.parse(rest); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitOK
		}
		fmt.Fprintf(stderr, "9ten %s: %v\nTry: 9ten %s --help\n", cmd.name, err, cmd.name)
		return exitUsage
	}
	if cmd.own != "" && len(c.args) == 1 {
		return c.exit(usagef(cmd.own, c.args[0]))
	}
	if cmd.args == "" && len(c.args) > 0 {
		return c.exit(usagef("it takes flags alone, not %q", c.args[0]))
	}
	return c.exit(cmd.run(ctx, c))
}

// lost answers what is no command, or only the first word of some.
func lost(args []string, stdout, stderr io.Writer) int {
	var group []command
	for _, c := range commands() {
		if strings.HasPrefix(c.name, args[0]+" ") {
			group = append(group, c)
		}
	}
	switch {
	case len(group) == 0:
		fmt.Fprintf(stderr, "9ten: there is no command %q. `9ten help` lists them all.\n", strings.Join(args, " "))
		return exitUsage
	case len(args) > 1 && (args[1] == "--help" || args[1] == "-h"):
		list(stdout, group)
		return exitOK
	}
	fmt.Fprintf(stderr, "9ten %s: say what to do:\n\n", args[0])
	list(stderr, group)
	return exitUsage
}

// exit says what went wrong, for a person or as JSON, and picks the code.
func (c *call) exit(err error) int {
	var use usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errSilent):
		return exitFailed
	case errors.As(err, &use):
		fmt.Fprintf(c.stderr, "9ten %s: %v\n", c.cmd.name, err)
		return exitUsage
	}
	msg := fault.Message(err)
	if fault.KindOf(err) == fault.Internal {
		msg = err.Error() // on a terminal sits the operator, who is to see the chain
	}
	fmt.Fprintf(c.stderr, "9ten %s: %s\n", c.cmd.name, msg)
	if fault.KindOf(err) == fault.Invalid {
		return exitUsage
	}
	return exitFailed
}

// find takes the longest command name args begin with.
func find(args []string) (command, []string, bool) {
	for n := min(3, len(args)); n > 0; n-- {
		name := strings.Join(args[:n], " ")
		for _, c := range commands() {
			if c.name == name {
				return c, args[n:], true
			}
		}
	}
	return command{}, nil, false
}

// flags are those of every command and the command's own.
func (c *call) flags() *flag.FlagSet {
	f := flag.NewFlagSet(c.cmd.name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.BoolVar(&c.json, "json", false, "print JSON")
	f.StringVar(&c.file, "config", "", "configuration `file` (default: 9ten.toml in the data directory)")
	for _, k := range []struct{ flag, key, what string }{
		{"data-dir", "data_dir", "the `folder` that holds everything"},
		{"listen", "listen", "`address` to answer on"},
		{"base-url", "base_url", "`address` by which listeners reach the node"},
	} {
		f.Func(k.flag, k.what, func(v string) error { c.set[k.key] = v; return nil })
	}
	f.Func("set", "any setting, as `key=value`", func(v string) error {
		k, val, ok := strings.Cut(v, "=")
		if !ok {
			return errors.New("write it as key=value")
		}
		c.set[k] = val
		return nil
	})
	if c.cmd.flags != nil {
		c.cmd.flags(f, c)
	}
	return f
}

// parse reads the flags, which may stand before or after the arguments.
func (c *call) parse(args []string) error {
	f := c.flags()
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				c.help(f)
			}
			return err
		}
		if f.NArg() == 0 {
			return nil
		}
		c.args = append(c.args, f.Arg(0))
		args = f.Args()[1:]
	}
}

func (c *call) help(f *flag.FlagSet) {
	fmt.Fprintf(c.stdout, "9ten %s: %s\n\nUsage: 9ten %s [flags] %s\n\nFlags:\n", c.cmd.name, c.cmd.summary, c.cmd.name, c.cmd.args)
	f.SetOutput(c.stdout)
	f.PrintDefaults()
}

func usage(w io.Writer) {
	fmt.Fprint(w, "9ten plays music and pays artists.\n\nUsage: 9ten COMMAND [flags]\n\n")
	list(w, commands())
	fmt.Fprint(w, "\nEach command explains itself with --help. Exit codes: 0 done or holds, 1 failed or does not hold, 2 called wrongly.\n")
}

// list prints commands with their summaries.
func list(w io.Writer, all []command) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range all {
		fmt.Fprintf(t, "  %s\t%s\n", strings.TrimSpace(c.name+" "+c.args), c.summary)
	}
	_ = t.Flush() // a terminal that is gone cannot be told
}

// config loads the configuration this call is about.
func (c *call) config() (*Config, []Setting, error) { return LoadConfig(c.file, c.set, c.getenv) }

// print writes v as JSON when --json is given, otherwise as text does.
func (c *call) print(v any, text func(io.Writer)) error {
	if !c.json {
		text(c.stdout)
		return nil
	}
	e := json.NewEncoder(c.stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
