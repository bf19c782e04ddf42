# Sallyport. `make run` is the way in; `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

export PATH := $(PATH):/usr/local/go/bin:/usr/local/sbin:/usr/sbin:/sbin
export CGO_ENABLED := 0

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unversioned)
LDFLAGS := -s -w -X main.version=$(VERSION)
TESTFLAGS ?=

GOLANGCI_VERSION := v2.15.0
EXPOSURE_DATAPLANE := 38
EXPOSURE_WEB := 13
GOLANGCI := .tools/bin/golangci-lint-$(GOLANGCI_VERSION)

# Where `make run` keeps its state. Root's web process runs as another user, who must be able to
# reach it: where that user may not enter this directory, /var/lib stands in.
RUN_DIR ?= $(CURDIR)/.run
RUN_DIR_ELSEWHERE := /var/lib/sallyport-run
WEB_USER := 69999

# What must be there, and the Debian package that brings it.
DEPS_RUN := npm:npm openvpn:openvpn nft:nftables ip:iproute2 /usr/lib/*/libjemalloc.so.2:libjemalloc2
DEPS_TEST := ping:iputils-ping iperf3:iperf3 openssl:openssl /usr/share/easy-rsa/easyrsa:easy-rsa curl:curl chromium:chromium \
	/usr/share/fonts/truetype/dejavu:fonts-dejavu-core /usr/lib/postgresql/*/bin/initdb:postgresql \
	/usr/sbin/slapd:slapd /usr/bin/ldapmodify:ldap-utils /usr/sbin/samba:samba /usr/share/samba/setup/provision.ldif:samba-ad-provision /usr/bin/ldbmodify:ldb-tools \
	/usr/lib/*/samba/ldb/acl.so:samba-dsdb-modules /usr/lib/*/samba/vfs/acl_xattr.so:samba-vfs-modules \
	php:php-cli /usr/lib/php/*/dom.so:php-xml /usr/lib/php/*/mbstring.so:php-mbstring

define install
	missing=""; \
	for dep in $(1); do \
		what="$${dep%:*}"; \
		case "$$what" in \
		/*) compgen -G "$$what" >/dev/null || missing+=" $${dep##*:}" ;; \
		*) command -v "$$what" >/dev/null || missing+=" $${dep##*:}" ;; \
		esac; \
	done; \
	if [ -n "$$missing" ]; then \
		as=""; [ "$$(id -u)" = 0 ] || as="sudo"; \
		if ! command -v apt-get >/dev/null; then \
			echo "Missing:$$missing (names of Debian packages). This machine has no apt-get: install what they bring by hand."; \
		elif [ -n "$$as" ] && ! command -v sudo >/dev/null; then \
			echo "Missing:$$missing. Neither root nor sudo: have an administrator run apt-get install$$missing"; \
		else \
			echo "Installing with $${as:+$$as }apt-get:$$missing"; \
			$$as env DEBIAN_FRONTEND=noninteractive apt-get -qq update; \
			$$as env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $$missing >/dev/null; \
		fi; \
	fi
endef

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: deps
deps: deps-run ## Install what is missing to build, run and test (Debian packages, by apt-get).
	@$(call install,$(DEPS_TEST))
	@lab/programs.sh .tools/programs

.PHONY: deps-run
deps-run: ## Install what is missing to build and run.
	@$(call install,$(DEPS_RUN))
	@command -v go >/dev/null || { echo "Install Go, in the version that go.mod names or a later one: https://go.dev/dl/"; exit 1; }

.PHONY: build
build: assets ## Build bin/sallyport, one static binary.
	go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/sallyport .

# Where `make install` puts things. DESTDIR goes before all of it, for packages.
PREFIX ?= /usr/local
DESTDIR ?=
UNITS := packaging/systemd

.PHONY: install
install: build ## Install the program, its systemd units and an example configuration (PREFIX, DESTDIR).
	install -D -m 0755 bin/sallyport '$(DESTDIR)$(PREFIX)/bin/sallyport.new'
	mv -f '$(DESTDIR)$(PREFIX)/bin/sallyport.new' '$(DESTDIR)$(PREFIX)/bin/sallyport'
	install -D -m 0644 $(UNITS)/sallyport.sysusers '$(DESTDIR)$(PREFIX)/lib/sysusers.d/sallyport.conf'
	for unit in sallyport-dataplane sallyport-web; do \
		install -D -m 0644 $(UNITS)/$$unit.service '$(DESTDIR)$(PREFIX)/lib/systemd/system/'$$unit.service; \
		sed -i 's|/usr/local/bin/|$(PREFIX)/bin/|' '$(DESTDIR)$(PREFIX)/lib/systemd/system/'$$unit.service; \
	done
	[ -e '$(DESTDIR)/etc/sallyport/sallyport.conf' ] || install -D -m 0644 $(UNITS)/sallyport.conf '$(DESTDIR)/etc/sallyport/sallyport.conf'
	install -D -m 0644 $(UNITS)/host-policy.json '$(DESTDIR)$(PREFIX)/share/doc/sallyport/host-policy.json'

# The thresholds are tenths of what `systemd-analyze security` calls exposure.
.PHONY: lint-units
lint-units: build ## Check the systemd units, and that their sandboxes are not loosened.
	@dir="$$(mktemp -d)"; trap 'rm -rf "$$dir"' EXIT; \
	for unit in sallyport-dataplane:$(EXPOSURE_DATAPLANE) sallyport-web:$(EXPOSURE_WEB); do \
		file="$$dir/$${unit%:*}.service"; sed 's|/usr/local/bin/|$(CURDIR)/bin/|' $(UNITS)/$${unit%:*}.service >"$$file"; \
	done; \
	systemd-analyze verify --recursive-errors=no "$$dir"/*.service; \
	for unit in sallyport-dataplane:$(EXPOSURE_DATAPLANE) sallyport-web:$(EXPOSURE_WEB); do \
		systemd-analyze security --offline=true --no-pager --threshold="$${unit#*:}" "$$dir/$${unit%:*}.service" | tail -n 1; \
	done

.PHONY: run
run: deps-run build ## Serve the console and a dataplane, with state in .run/.
	@dir='$(RUN_DIR)'; as=""; \
	if [ "$$(id -u)" != 0 ] && command -v sudo >/dev/null; then as="sudo"; fi; \
	if [ "$$(id -u)" = 0 ] && ! setpriv --reuid=$(WEB_USER) --regid=$(WEB_USER) --clear-groups test -x '$(CURDIR)'; then \
		dir='$(RUN_DIR_ELSEWHERE)'; echo "Only root may enter $(CURDIR), so the state is kept in $$dir."; \
	fi; \
	case "$$dir" in *[!A-Za-z0-9/._-]*) \
		echo "OpenVPN does not take every character of $$dir, so the state is kept in $(RUN_DIR_ELSEWHERE)."; dir='$(RUN_DIR_ELSEWHERE)' ;; \
	esac; \
	mkdir -p "$$dir"; install -m 0755 bin/sallyport "$$dir/sallyport.new"; mv -f "$$dir/sallyport.new" "$$dir/sallyport"; \
	[ "$$(id -u)" = 0 ] || [ -n "$$as" ] || echo "Not root, and no sudo: the console runs, tunnels do not."; \
	listen="$${SALLYPORT_CONSOLE_LISTEN:-127.0.0.1:8443}"; case "$$listen" in :*|0.0.0.0:*) listen="127.0.0.1:$${listen##*:}" ;; esac; \
	scheme=https; note=" (self-signed certificate: the browser asks once)"; \
	case "$${SALLYPORT_CONSOLE_PLAIN_HTTP:-}" in 1|t|T|true|TRUE|True) scheme=http; note="" ;; esac; \
	[ -z "$${SALLYPORT_CONSOLE_TLS_CERTIFICATE:-}" ] || note=""; \
	echo "The console will be at $$scheme://$$listen$$note. The log says where the public pages are (https://localhost:8444 by default). Ctrl-C stops it."; \
	exec $$as env SALLYPORT_DATA_DIR="$$dir/data" SALLYPORT_RUN_DIR="$$dir/run" $$(env | grep '^SALLYPORT_' || true) "$$dir/sallyport" serve

.PHONY: test
# Results are never taken from the cache: lab and browser build the program themselves, so Go does
# not see that what they test has changed. The lab takes longest and mostly waits, so it begins first: go test
# begins packages in the order in which they are named.
test: deps assets generate ## Run every test: with PostgreSQL, network namespaces and the browser.
	go build ./...
	go test -count=1 -timeout 30m $(TESTFLAGS) ./lab ./...

.PHONY: test-unit
test-unit: deps-run assets ## Run the tests that need no root, no PostgreSQL and no browser.
	go test $(TESTFLAGS) $$(go list ./... | grep -vE '^sallyport/(lab|browser|dataplane|store|migrations)(/|$$)')

.PHONY: test-lab
test-lab: deps assets ## Run the tunnel lab: network namespaces, real OpenVPN clients.
	go test -count=1 -timeout 30m $(TESTFLAGS) ./lab/... ./dataplane/...

.PHONY: test-browser
test-browser: deps assets ## Run the console's tests in Chromium.
	go test -count=1 -timeout 30m $(TESTFLAGS) ./browser/...

.PHONY: test-upgrade
test-upgrade: deps assets ## Replace a running older program (FROM=commit) by this one, under load.
	@[ -n '$(FROM)' ] || { echo "Say from which commit: make test-upgrade FROM=34183eb"; exit 1; }
	@dir="$$(mktemp -d /var/tmp/sallyport-upgrade-XXXXXX)"; trap 'git worktree remove --force "$$dir/tree" 2>/dev/null || true; rm -rf "$$dir"' EXIT; \
	git worktree add --quiet --detach "$$dir/tree" '$(FROM)'; \
	$(MAKE) -C "$$dir/tree" build; \
	LAB_FROM="$$dir/tree/bin/sallyport" go test -count=1 -timeout 30m -tags upgrade -run '^TestUpgradeFromOlderProgram$$' -v $(TESTFLAGS) ./lab

.PHONY: bench
bench: deps assets ## Run the benchmarks: of the pages on both databases.
	go test -run '^$$' -bench . -benchmem -timeout 30m $(TESTFLAGS) ./...

.PHONY: lint
lint: assets lint-words $(GOLANGCI) ## Check the code with golangci-lint, and its words.
	$(GOLANGCI) run ./...

.PHONY: lint-words
lint-words: ## Check names, comments, pages and documentation against .ci/words.txt.
	.ci/words
	go vet -tags upgrade ./lab

.PHONY: fmt
fmt: ## Format Go and templ files.
	git ls-files -co --exclude-standard -- '*.go' ':!*_templ.go' | xargs -r gofmt -s -w
	go tool templ fmt .

.PHONY: generate
generate: ## Write the Go code of the templ files.
	go tool templ generate

.PHONY: assets
assets: static/dist/manifest.json ## Fetch the pinned npm packages and build static/dist.

.PHONY: clean
clean: ## Remove what was built and fetched; the state in .run/ stays.
	rm -rf bin .assets .tools .artifacts
	find static/dist -type f ! -name .gitkeep -delete

ASSET_SOURCES := $(wildcard static/src/*) $(wildcard static/internal/build/*.go)

static/dist/manifest.json: .assets/node_modules/.package-lock.json $(ASSET_SOURCES)
	go run ./static/internal/build .assets/node_modules

# .assets begins with a dot so that neither Go nor a linter walks through it.
.assets/node_modules/.package-lock.json: static/package.json static/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: run make deps"; exit 1; }
	@echo "Fetching the npm packages of static/package-lock.json into .assets/ (once; some seconds, at most three minutes)"
	mkdir -p .assets
	cp static/package.json static/package-lock.json .assets/
	@cd .assets && timeout 180 npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --prefer-offline --loglevel=error \
		--fetch-timeout=30000 --fetch-retries=1 --fetch-retry-mintimeout=2000 --fetch-retry-maxtimeout=5000 || { \
		echo "The npm packages could not be fetched from $$(npm config get registry). Check that this machine reaches it (a proxy is set with: npm config set proxy URL), then run make again. It is needed once: later runs use .assets/."; \
		exit 1; }
	touch $@

$(GOLANGCI):
	@echo "Building golangci-lint $(GOLANGCI_VERSION) into .tools/bin (once; about a minute)"
	GOBIN='$(CURDIR)/.tools/bin' go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv .tools/bin/golangci-lint $@
