# Beffroi. `make` prints the targets; `make demo` and `make test` are the two that matter.

PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest
SOURCES := content player server provisioning demo benchmarks tests scripts

.DEFAULT_GOAL := help
.PHONY: help deb release test-updates test-pythons test-deb test-deb-arm64 image test-image prepare prepare-server prepare-player demo demo-reset test lint types imports unit e2e postgresql postgresql-all bench faults alert-faults explore explore-api soak test-attacks test-network test-kms test-systemd gallery docs screenshots schemas guides messages vendor format clean

help:  ## Print the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

prepare:  ## Install what development and the tests need (apt packages, Python packages)
	@scripts/prepare test

prepare-server:  ## Install the server's Python packages, and nothing else
	@scripts/prepare server

prepare-player:  ## Install what a player needs, and nothing else
	@scripts/prepare player

demo:  ## Install what it needs and show the product: a server, a broker, three screens, a small town
	@scripts/prepare demo
	@exec $(PYTHON) -m demo $(ARGUMENTS)

demo-reset:  ## Forget the town of the demo
	rm -rf demo/state

# What pytest makes of the tests is kept, since six processes read them.
test: export PYTHONDONTWRITEBYTECODE =
# Browser tests wait half of their time, for browsers, players and clocks: meanwhile the unit tests have the processors,
# and step back (nice) where both want them.
test: prepare  ## Install what it needs and run every check
	@$(MAKE) --no-print-directory lint
	@echo "Two at a time, each of which prints all it has to say at its end: types, imports, unit, e2e, postgresql"
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target BESIDE="nice -n 5" BROWSERS=1 \
	    unit types imports e2e postgresql

lint:  ## Style and simple faults
	$(PYTHON) -m ruff check $(SOURCES)
	$(PYTHON) -m ruff format --check $(SOURCES)

types:  ## Types, strictly
	$(PYTHON) -m mypy

imports:  ## Who may import whom, declared dependencies, and migrations that fit the models
	.venv/bin/lint-imports
	$(PYTHON) -m deptry .
	BEFFROI_DATA=$$(mktemp -d) .venv/bin/beffroi-server django makemigrations --check --dry-run

unit:  ## Tests of the rooms, with real brokers and windows but without a browser
	$(BESIDE) $(PYTEST) tests --ignore tests/e2e -n 2 --dist loadfile --no-loadscope-reorder

VERSIONS ?= 3.12 3.13
test-pythons:  ## The same under other Pythons, VERSIONS=… those that uv finds or fetches: a quarter of an hour each
	@scripts/prepare test
	for version in $(VERSIONS); do \
	    UV_PROJECT_ENVIRONMENT=build/python-$$version PATH=$(CURDIR)/.tools/bin:$$PATH uv sync --frozen --quiet --python $$version \
	        --extra server --extra player --extra provisioning --extra journal --group dev && \
	    build/python-$$version/bin/python -m pytest tests --ignore tests/e2e -n 2 --dist loadfile --no-loadscope-reorder \
	    || exit 1; done

# What asks and changes the database by statements of its own kind: locks, unions, sums, orders, claims, migrations. Pages
# and operations ask through the packages below them. Files, commands, PDF pages, the embedded broker and what reads feeds
# and CAP store little, or run the same on either database: `make postgresql-all` runs them, too.
ON_POSTGRESQL := $(addprefix tests/server/,accounts alerts core delivery dossiers drills fleet monitoring notifications \
    outside_warnings schedule software backups/test_database_dumps.py library/test_library_services.py \
    library/test_municipalities.py test_bounded_tables.py test_scheduler.py test_simulated_years.py town_export)
postgresql:  ## The server's tests of what depends on the database, on PostgreSQL
	scripts/with-postgresql $(PYTEST) $(ON_POSTGRESQL) --migrations -q -n 2 --dist loadfile \
	    $(addprefix --ignore=tests/server/,notifications/test_a_day_of_incidents.py outside_warnings/test_listings.py \
        delivery/test_embedded_broker.py dossiers/test_alert_dossier.py) \
    --deselect tests/server/town_export/test_town_export.py::test_plays_are_never_all_in_memory

postgresql-all:  ## All of the server's tests that use a database, on PostgreSQL
	scripts/with-postgresql $(PYTEST) tests/server --migrations -q -n 2 --dist loadfile

# Alone, three at a time on two processors: they wait half of their time.
BROWSERS ?= 3
e2e:  ## From the operator's browser to the glass
	$(PYTEST) tests/e2e -n $(BROWSERS) --dist loadfile

bench:  ## Benchmarks: all, or one with NAME=alert_to_glass
	@scripts/prepare test
	@$(PYTHON) -m benchmarks $(NAME)

COUNT ?= 300
faults:  ## Do harm to a real player COUNT times (300); with SEED=… the same harm again
	@scripts/prepare test
	$(PYTHON) -m tests.player.faults --count $(COUNT) $(if $(SEED),--seed $(SEED))

alert-faults: COUNT = 200
alert-faults:  ## Do harm to a whole town at the instant of a broadcast, COUNT times (200); SEED=… as above
	@scripts/prepare test
	$(PYTHON) -m tests.player.alert_faults --count $(COUNT) $(if $(SEED),--seed $(SEED))

test-attacks:  ## Attack a whole town in every way that its signatures must survive, NAMES=… some of them: ten minutes
	@scripts/prepare test
	$(PYTHON) -m tests.player.attacks $(NAMES)

ROUNDS ?= 20
explore:  ## Try the properties with other examples than the tests do, ROUNDS times (20)
	@scripts/prepare test
	for round in $$(seq $(ROUNDS)); do $(PYTEST) tests --ignore tests/e2e -m hypothesis --hypothesis-profile other -q -n 2 || exit 1; done

explore-api:  ## Ask every operation of the REST API for every edge of its document: some minutes
	@scripts/prepare test
	BEFFROI_API_EXAMPLES=60 $(PYTEST) tests/server/api/test_explored_api.py -q -n 2

soak:  ## Three simulated days of a screen: neither memory nor files nor handles may grow
	@scripts/prepare test
	$(PYTHON) -m tests.player.soak --hours 72

test-network:  ## A player cut off, and in bad networks: in network namespaces, as root, some minutes
	@scripts/prepare test
	$(PYTHON) -m tests.network.relay
	$(PYTHON) -m tests.network.places

test-kms:  ## The player on a graphics card without a desktop, in a virtual machine: two to three minutes
	@scripts/prepare kms
	$(PYTHON) tests/kms/run.py

test-systemd:  ## Server and player under systemd, installed as the documentation says, in a virtual machine: five to eight minutes, without KVM half an hour
	@scripts/prepare systemd
	$(PYTHON) tests/kms/run.py --systemd

deb:  ## Build the Debian packages of server and player, amd64 and arm64, into build/deb
	@scripts/prepare server
	PATH=$(CURDIR)/.tools/bin:$$PATH $(PYTHON) -m beffroi_provisioning.packages.build $(ARGUMENTS)

release:  ## Build the archives of a release of the player, for both machines and Pythons, into build/releases
	@scripts/prepare server
	PATH=$(CURDIR)/.tools/bin:$$PATH $(PYTHON) -m beffroi_provisioning.releases.build $(ARGUMENTS)

test-updates:  ## Update a real player and take broken versions back; with BASE=… from the build of an older commit too
	@scripts/prepare test
	$(PYTHON) -m tests.player.real_updates $(if $(BASE),--base $(BASE))

RELEASES ?= bookworm trixie
test-deb:  ## The packages on a bare Debian 12 and 13: installed, set up, shown, changed, removed; as root, a quarter of an hour
	@scripts/prepare packages
	PATH=$(CURDIR)/.tools/bin:$$PATH $(PYTHON) -m tests.packages.run $(RELEASES) $(ARGUMENTS)

test-deb-arm64:  ## The same with a player for arm64, by emulation of its processor: install, enrol, show
	@scripts/prepare image
	PATH=$(CURDIR)/.tools/bin:$$PATH $(PYTHON) -m tests.packages.run trixie --player-architecture arm64 $(ARGUMENTS)

ARCHITECTURE ?= arm64
image:  ## Build the image of a player for memory cards (ARCHITECTURE=amd64: for PCs) into build/image; as root, ten minutes
	@scripts/prepare image
	PATH=$(CURDIR)/.tools/bin:$$PATH $(PYTHON) -m beffroi_provisioning.image.build --architecture $(ARCHITECTURE) $(ARGUMENTS)

test-image:  ## Boot that image in a virtual machine, enrol it, and compare its display: ten to twenty minutes
	@scripts/prepare image
	$(PYTHON) -m tests.image.run --architecture $(ARCHITECTURE) $(ARGUMENTS)

alert-grid:  ## Check every alert of the grid on every class of screens: levels, statuses, hazards, lengths, forms
	@scripts/prepare demo
	BEFFROI_ALERT_GRID=1 $(PYTHON) -m pytest tests/content/templates/test_alert_pages.py -k every_class

gallery:  ## Draw every template for every kind of screen into build/gallery
	@scripts/prepare demo
	@mkdir -p build/gallery
	$(PYTHON) -m beffroi_content.rendering.gallery build/gallery

docs:  ## Build the site of the documentation into build/site
	@scripts/prepare docs
	$(PYTHON) -m mkdocs build

screenshots:  ## Take the pictures of README and docs anew, from the running demo
	@scripts/prepare test
	$(PYTHON) -m scripts.screenshots docs/images

schemas:  ## Write docs/protocol, docs/api and the tables of docs/player.md anew from the code
	$(PYTHON) scripts/schemas.py docs/protocol
	$(PYTHON) scripts/player_files.py docs/player.md
	$(PYTHON) scripts/api_document.py docs/api

guides:  ## Write the lists of templates and the legibility tables of the guides anew from the code
	$(PYTHON) scripts/template_lists.py docs
	$(PYTHON) scripts/legibility_table.py docs

messages:  ## Collect the texts to translate and compile the translations
	cd server/beffroi_server && BEFFROI_DATA=$$(mktemp -d) ../../.venv/bin/beffroi-server django makemessages --locale fr --no-location --no-wrap --no-obsolete --ignore 'static/*'
	cd server/beffroi_server/web/locale/fr/LC_MESSAGES && msgfmt --check-format -o django.mo django.po

vendor:  ## Fetch the vendored stylesheets and scripts anew
	$(PYTHON) scripts/vendor.py

format:  ## Put the sources in form
	$(PYTHON) -m ruff check --fix $(SOURCES)
	$(PYTHON) -m ruff format $(SOURCES)

clean:  ## Remove what was built or installed here
	rm -rf .venv .tools build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
