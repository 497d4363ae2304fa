# A bare `make` says what can be made.
.DEFAULT_GOAL := help
.PHONY: help web web-check e2e-web e2e-core bench-web lighthouse shots openapi run test e2e oracle vet staticcheck race sim nights bench fuzz format build

GO ?= go
SEEDS ?= 100
DAYS ?= 30
FUZZTIME ?= 30s

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

build: ## build the one binary, ./tocsin
	CGO_ENABLED=0 $(GO) build -trimpath -o tocsin .

run: ## start a server on http://127.0.0.1:8080 with its data in ./data
	$(GO) run . serve

web: web/node_modules ## build the app into web/dist, which is committed
	cd web && npm run -s build

web-check: web/node_modules ## the app's types and tests, and that web/dist is what its sources make
	cd web && npm run -s types && npm run -s check && npm test -s
	@$(MAKE) --no-print-directory web
	git diff --exit-code --stat -- web/dist

web/node_modules: web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

e2e-web: build web/node_modules ## the app in Debian's chromium, against the built binary
	cd web && TOCSIN=../tocsin npm run -s e2e

e2e-core: web/node_modules ## the part of e2e-web that must always pass: from set-up to resolved, on both sizes, and two people
	$(GO) build -o tocsin . # as the tests are built, so that nothing is compiled twice
	cd web && TOCSIN=../tocsin npm run -s e2e -- 'set-up, first user' 'two people see each other'

bench-web: build ## the app over 5,000 open and 200,000 closed incidents
	rm -rf web/e2e/out/large && mkdir -p -m 700 web/e2e/out/large
	$(GO) test ./internal/api/v1 -run TestLargeHouse -count=1 -args -large $(CURDIR)/web/e2e/out/large
	cd web && TOCSIN=../tocsin node e2e/large.mjs e2e/out/large; status=$$?; rm -rf e2e/out/large; exit $$status

lighthouse: build web/node_modules ## what Lighthouse says of the app and the public pages (fetches it by npx)
	cd web && TOCSIN=../tocsin node e2e/lighthouse.mjs

shots: build web/node_modules ## pictures of every screen, from the demo, in web/e2e/out
	cd web && TOCSIN=../tocsin npm run -s shots

openapi: ## write docs/openapi.json and the client that is generated from it anew
	$(GO) test ./internal/api/v1 -run TestDocumentIsCommitted -args -update
	$(GO) generate ./internal/client

test: vet staticcheck ## everything that must pass: vet, staticcheck, all tests
	$(GO) test ./internal/sim ./internal/api/v1 ./... # what takes longest begins first
	@$(MAKE) --no-print-directory e2e

e2e: ## other people's programs against the built binary
	cd e2e && $(GO) vet ./... && $(GO) test ./...

oracle: ## hold who is on call against minutes counted one by one: 5,000 schedules, all zones, 1990 to 2040
	$(GO) test ./oncall -run TestOracle -count=1 -v -timeout 0 -args -oracle 10

vet:
	$(GO) vet ./...

staticcheck:
	@mkdir -p bin
	cd tools && $(GO) build -o ../bin/staticcheck honnef.co/go/tools/cmd/staticcheck
	./bin/staticcheck ./...

race: ## the engine and the store under the race detector
	$(GO) test -race -short ./internal/engine ./internal/store

nights: ## play every night, on both databases
	$(GO) test ./internal/sim -run TestNights -v -args -everywhere

sim: ## simulate SEEDS lives of DAYS days each under random faults
	$(GO) test ./internal/sim -run TestSimulator -v -timeout 0 -args -seeds $(SEEDS) -days $(DAYS)
	$(GO) test ./internal/sim -run TestFigures -v -timeout 0 -args -figures 365

bench: ## measure what the goals speak of
	$(GO) test ./internal/app -run '^$$' -bench . -benchtime 1x -timeout 60m -v
	$(GO) test ./internal/api/v1 -run '^$$' -bench . -benchtime 1x -timeout 60m -v
	$(GO) test ./internal/store ./alert ./alert/source ./oncall ./oncall/roster ./internal/engine -run '^$$' -bench . -timeout 60m

fuzz: ## fuzz every parser for FUZZTIME each
	@for dir in $$(grep -rlE '^func Fuzz' --include=*_test.go . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -hoE '^func Fuzz[A-Za-z0-9]+' $$dir/*_test.go | sed 's/func //'); do \
	    echo "$$dir $$f"; $(GO) test $$dir -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) || exit 1; \
	  done; done

format: ## gofumpt every file
	@mkdir -p bin
	cd tools && $(GO) build -o ../bin/gofumpt mvdan.cc/gofumpt
	./bin/gofumpt -w $$(git ls-files '*.go')
