# Two commands matter: `make run` and `make test`. Each target is a plain command.
export CGO_ENABLED = 0
GO       ?= go
# One set of flags for all that is compiled: what build made, lint and test need not make again.
export GOFLAGS := $(shell $(GO) env GOFLAGS) -trimpath
FUZZTIME ?= 10s
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS  := -s -w -X github.com/michaelperna/9ten/internal/app.version=$(VERSION)
TAGS     := grpcnotrace
FABRIC   := 3.1.1

.PHONY: help run build test deps fabric race fuzz lint story e2e bench web sql

help:                  ## what there is
	@sed -n 's/^\([a-z0-9]*\):[^#]*## /  \1\t/p' Makefile | expand -t 12

run: bin/9ten          ## build and start a node at http://localhost:9010
	./bin/9ten serve

build: bin/9ten        ## bin/9ten alone

.PHONY: bin/9ten
bin/9ten:
	$(GO) build -tags $(TAGS) -ldflags '$(LDFLAGS)' -o $@ ./cmd/9ten

deps:                  ## what tests need beyond Go: Chromium, ffmpeg, Postgres, music
	./tools/deps.sh

fabric:                ## upstream peer and orderer (and the tests' oracles) into bin/fabric
	@echo "Fabric $(FABRIC) into bin/fabric (about two minutes the first time) ..."
	$(GO) build -C fabric -ldflags '-s -w -X github.com/hyperledger/fabric/common/metadata.Version=$(FABRIC)' -o ../bin/fabric/ tool

test: deps fabric      ## everything, on SQLite and on Postgres
	./tools/test.sh

race: deps fabric      ## the same, with the race detector
	CGO_ENABLED=1 ./tools/test.sh -race

fuzz:                  ## each fuzz target for FUZZTIME
	./tools/fuzz.sh $(FUZZTIME)

lint:                  ## formatting, vet, static analysis
	./tools/lint.sh

story:                 ## the stories in story/*.txtar against the real binary
	$(GO) test -tags $(TAGS) -count=1 ./story/...

e2e: deps fabric       ## the journeys in a real browser
	$(GO) test -tags $(TAGS) -count=1 -timeout 20m ./internal/web/...

bench: bin/9ten        ## the promised figures, beside yardsticks in the same run: one table
	./bench/tools.sh
	CGO_ENABLED=1 $(GO) run -tags $(TAGS) ./bench $(BENCHFLAGS)

web:                   ## build the browser's part into internal/web/dist
	$(GO) run ./web/build

sql: bin/sqlc          ## generate internal/store/sqlgen from the queries
	cd internal/store && ../../bin/sqlc generate && \
	  LC_ALL=C sha256sum sqlc.yaml migrations/*.sql query/*.sql sqlgen/*.go > sqlgen.sum

bin/sqlc: tools/go.mod # about ten minutes, once
	cd tools && $(GO) build -o ../bin/sqlc github.com/sqlc-dev/sqlc/cmd/sqlc
