// Command 9ten is the whole product: node, tools and verifier in one binary.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/michaelperna/9ten/internal/app"
)

func main() {
	// The helper is this binary too.
	if code, helper := app.Helper(os.Args); helper {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := app.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr, os.Getenv)
	stop()
	os.Exit(code)
}
