package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

var (
	rate   = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	broken = regexp.MustCompile(`(?m)^\s*(Non-2xx.*|Socket errors.*)$`)
)

// wrk loads an address with 32 connections and returns requests a second.
// script is a Lua script's text, "" for none.
func (b *bench) wrk(ctx context.Context, url, script string) (float64, error) {
	path, err := tool("wrk")
	if err != nil {
		return 0, err
	}
	args := []string{"-t2", "-c32", fmt.Sprintf("-d%ds", b.seconds)}
	if script != "" {
		file := filepath.Join(b.dir, "wrk.lua")
		if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
			return 0, err
		}
		args = append(args, "-s", file)
	}
	out, err := exec.CommandContext(ctx, path, append(args, url)...).Output()
	if err != nil {
		return 0, fmt.Errorf("wrk: %w", err)
	}
	if bad := broken.Find(out); bad != nil {
		return 0, fmt.Errorf("wrk on %s: %s", url, bad)
	}
	m := rate.FindSubmatch(out)
	if m == nil {
		return 0, errors.New("wrk printed no rate")
	}
	return strconv.ParseFloat(string(m[1]), 64)
}
