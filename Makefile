# Everything Comity's people do, from a fresh clone: each target makes the environment it needs.

PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
PYTEST  = $(BIN)/python -m pytest -q
STYLE   = projections/templates/built/desk.css
PAGE    = browser/verify.html

# Tests start thousands of processes; each would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo test quick cover slow faults fuzz mutate postgres cluster lint format interop style browser browser-test bench scale messages characters confusables reserved-names examples docs pins sbom review wheel deb image packages reproducible release clean

help:
	@echo 'make demo      one order from issue to verified bundle (DIR=folder)'
	@echo 'make test      the test suite, three minutes'
	@echo 'make quick     the tests of the domain alone, seconds;   make cover   lines that the suite runs'
	@echo 'make slow      kill -9 at random moments, flipped bits, papers and filings, all examples (FULL=1: every bit; SEED=0)'
	@echo 'make faults    kills, errors, wrong clocks at the calls of every writing command (SEED=0 PART=folder; COUNT=0: every one)'
	@echo 'make fuzz      two minutes of worlds whose signers lie, inputs for every parser, requests for desk and witness (SEED=0 SECONDS=120)'
	@echo 'make mutate    small changes of the code, each of which a test must notice (COUNT=300 SEED=0; AREA=, FILE=; docs/how-to/test.md)'
	@echo 'make postgres  the entries in PostgreSQL: servers killed and failed over, and every test of a ledger there'
	@echo 'make cluster   an office on three machines (Patroni, etcd, HAProxy) through kills, partitions, wrong clocks, a full disk (PART=leader SECONDS=5; root)'
	@echo 'make interop   Go, OpenSSL, Python and npm verifiers over our output'
	@echo 'make style     the styles of desk and reports, from npm packages (a part of make install)'
	@echo 'make browser   the verifier page and the signing page, browser/*.html;   make browser-test   them in Node, Chromium, Firefox'
	@echo 'make bench     every performance figure as JSON (BENCH_FULL=1: a million entries; ONLY=office: an office server)'
	@echo 'make scale     what every command costs as a ledger grows, and the slope (SIZES="1e5 1e6"; FULL=1: all copies at 1e7)'
	@echo 'make lint      ruff, mypy --strict, the layers and plain English;   make format   ruff'
	@echo 'make install   comity in $(BIN);   make wheel   a wheel in dist;   make clean'
	@echo 'make reproducible  the last commit built twice and compared;   make release KEY=file   and signed'
	@echo 'make deb       the Debian package in build/deb;   make image   the OCI image (BASE=image; LOCAL=1: Debian by mmdebstrap)'
	@echo 'make packages  both built, and tried in a Debian of their own and under podman; root'
	@echo 'make sbom      the bill of materials, build/comity.cdx.json'
	@echo 'make review    licences, hashes, advisories, yanked releases, newer majors of what is pinned (OFFLINE=1)'
	@echo 'make characters  the table of Unicode 14.0, from the tables of Python 3.11'
	@echo 'make confusables  the table of letters that look like letters of ASCII, from ICU'
	@echo 'make reserved-names  the table of codes and verdicts that are no names of offices'
	@echo 'make messages  the catalogues of other languages, with every message of today'
	@echo 'make examples  docs/examples and tests/transcripts, by the commands that they name'
	@echo 'make docs      generated reference pages, and the site in build/site'
	@echo 'make pins      requirements/*.txt from pyproject.toml'

install: $(VENV)/.dev $(STYLE)

# The pinned set, hash-checked, then this tree itself on top, editable, with nothing more to fetch.
$(VENV)/.dev: pyproject.toml requirements/dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# Without npm, and without leave to install it, desk and reports have a plain style and say so.
$(STYLE): $(VENV)/.dev $(wildcard browser/style.* browser/package*.* projections/templates/*.*)
	{ tests/browser/install.sh page && $(BIN)/python -m browser.style; } || echo 'no npm: desk and reports have a plain style' >&2

style: install

# Without npm, and without leave to install it, the demonstration has no verifier page and says so.
$(PAGE): $(VENV)/.dev $(wildcard browser/*.* browser/check/*.* browser/check/*/*.* browser/page/*.* browser/sign/*.* browser/sign/*/*.* browser/desk/*.* browser/texts/*.*)
	{ tests/browser/install.sh page && $(BIN)/python -m browser.build; } || echo 'no npm: there is no verifier page; with npm, make browser builds it' >&2

# Into build/demo, which is made anew each time; `make demo DIR=somewhere` deletes nothing.
demo: install $(PAGE)
	$(if $(DIR),,rm -rf build/demo)
	$(BIN)/comity demo $(or $(DIR),build/demo)

# A third of the time of a test is waiting for servers, processes and disks that it started: three at once use two cores.
# A test that hangs ends after two minutes, with where each thread was. AGAIN=1 tries alone what has failed.
test: install
	$(PYTEST) $(if $(AGAIN),-n 0 --last-failed --last-failed-no-failures none,-n 3 --durations=10) -rsfE \
	-o cache_dir=.pytest_cache/$(notdir $(VENV)) -o faulthandler_timeout=120

# The domain alone, for the time between two edits; without the tables of Unicode, which change with their generator.
quick: install
	$(PYTEST) -n 2 $(QUICK)

QUICK = --ignore=tests/ledger/formats/test_characters.py tests/ledger/formats tests/ledger/tlog tests/ledger/facts tests/ledger/entries tests/ledger/bundle

# Lines that the suite runs, those of the processes that tests start too.
cover: install
	rm -rf build/cover
	$(BIN)/python -m coverage run --source=ledger,projections,server,cli,comity --data-file=build/cover/data -m pytest -q
	$(BIN)/python -m coverage report --data-file=build/cover/data --skip-covered

# Kills processes at random moments, flips bits: the promises that take minutes to try. One moment or bit in four, others
# for each SEED; FULL=1 tries every one. And all examples of the properties of which `make test` tries a quarter. AGAIN=1 as
# above.
slow: install
	$(PYTEST) $(if $(AGAIN),-n 0 --last-failed --last-failed-no-failures none,-n 3) -o cache_dir=.pytest_cache/slow \
	-m 'slow or (hypothesis and not browser and not postgres and not interop)' --hypothesis-profile whole

# Kills and errors at the calls by which commands, a witness, a signer and PostgreSQL write and speak, and wrong clocks; a
# sample of all. COUNT=0 tries them all, and goes on where it was stopped. PART=postgres tries that part alone.
faults: install
	$(BIN)/python -m tests.faults --seed $(or $(SEED),0) $(if $(COUNT),--count $(COUNT)) $(if $(PART),--part $(PART)) $(if $(filter 0,$(COUNT)),--keep build/faults/held.jsonl)

# New cases from SEED on, for two minutes: half of them for the two verifiers, a third for every parser and importer, the
# rest for desk and witness. What fails is made small and kept in build/fuzz.
fuzz: install
	tests/browser/install.sh page
	$(BIN)/python -m tests.fuzz --seed $(or $(SEED),0) --count $(or $(COUNT),1000000) --seconds $$(( $(or $(SECONDS),120) / 2 )) --keep build/fuzz
	$(BIN)/python -m tests.fuzz.parsers --seed $(or $(SEED),0) --seconds $$(( $(or $(SECONDS),120) / 3 )) --keep build/fuzz
	$(BIN)/python -m tests.fuzz.servers --seed $(or $(SEED),0) --seconds $$(( $(or $(SECONDS),120) / 6 ))

# Mutation testing: an hour or more for 300. What was tried is kept in build/mutate, and the next run goes on from there.
mutate: install
	tests/browser/install.sh page
	$(BIN)/python -m tests.mutate --seed $(or $(SEED),0) --count $(or $(COUNT),300) $(addprefix --area ,$(AREA)) $(addprefix --file ,$(FILE)) $(addprefix --tests ,$(TESTS))

# PostgreSQL from Debian. What is true of a ledger in a folder is tried again with its entries in a database.
postgres: install
	tests/postgres/install.sh
	$(PYTEST) -n 2 -m postgres -rs tests/postgres
	$(PYTEST) -n 3 -p tests.postgres.everywhere $$(grep -rlE --include='test_*.py' 'ledger_of|House\(|Journal\.' tests/comity tests/ledger tests/projections tests/cli tests/docs)
	$(PYTEST) -n 3 -p tests.postgres.keys_everywhere tests/ledger/adapters/subject_keys $$(grep -rlE --include='test_*.py' 'ledger_of|House|Journal|subject_keys' tests/ledger/application tests/cli/commands)
	$(PYTEST) -n 3 -p tests.postgres.everywhere -m slow tests/cli/handover/test_hand_over.py tests/ledger/application/test_interrupted.py

# An office on three machines in network namespaces, through one accident after the other, with a JSON line for each; a
# quarter of an hour. SECONDS of writing are before and after each. Asks for root.
cluster: install
	tests/cluster/install.sh
	$(BIN)/python -m tests.cluster --seconds $(or $(SECONDS),5) $(addprefix --part ,$(PART))

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/python -m tests.plain_english

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Other people's verifiers over our output: Go and OpenSSL from Debian, the rest from PyPI and npm.
interop: install
	tests/interop/install.sh $(BIN)/python
	$(PYTEST) -m interop -rs tests/interop

# The verifier in one file. npm fetches the packages that browser/package-lock.json pins by their digests.
browser: install
	tests/browser/install.sh page
	$(BIN)/python -m browser.build

# The page against the Python verifier, in Node.js, Chromium and Firefox. AGAIN=1 tries alone, in new browsers, what
# has failed.
browser-test: install
	tests/browser/install.sh
	$(PYTEST) $(if $(AGAIN),-n 0 --last-failed --last-failed-no-failures none,-n 2 --dist worksteal) -m browser -rs \
	-o cache_dir=.pytest_cache/browser tests/browser

# A quarter of an hour, with the peers it measures against; BENCH_FULL=1 goes up to a million entries. The last line is
# one JSON object.
bench: install
	tests/interop/install.sh $(BIN)/python
	tests/browser/install.sh
	tests/postgres/install.sh
	$(BIN)/python -m benchmarks $(ONLY)

# Half an hour for the two sizes, and an hour and 36 GB more for 1e7. It goes on where it was stopped (BENCH_DIR).
scale: install
	$(BIN)/python -m benchmarks.scale $(if $(FULL),--full) $(SIZES)

# Asks for Python 3.11: the tables of Unicode 14.0 are those that it has.
characters: install
	$(BIN)/python -m tests.generate.characters

# Asks for libicu, from Debian's libicu-dev.
confusables: install
	$(BIN)/python -m tests.generate.confusables

# The catalogues of other languages, with every message of today.
reserved-names: install
	$(BIN)/python -m tests.generate.reserved_names

messages: install
	$(BIN)/python -m tests.generate.messages

# docs/examples, by the commands of its table, pictures of two of them, and what commands say of stories (tests/transcripts); tests say when they
# are old.
examples: install
	$(BIN)/python -m tests.generate.examples
	tests/browser/install.sh pictures
	$(BIN)/python -m tests.generate.pictures
	$(BIN)/python -m tests.generate.desk_pictures
	$(BIN)/python -m tests.transcripts
	$(BIN)/python -m tests.projections.drawings.layouts
	$(BIN)/python -m tests.projections.papers

# The site in build/site, from the Markdown files of docs: generated pages first, then zensical in an environment of its
# own. A dead link ends it.
docs: install .tools/docs/.made
	$(BIN)/python -m tests.generate.reference
	.tools/docs/bin/zensical build --strict --clean

.tools/docs/.made: requirements/docs.txt
	$(PYTHON) -m venv .tools/docs
	.tools/docs/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	touch $@

pins:
	$(PYTHON) -m venv .tools/pins
	.tools/pins/bin/python -m pip install --quiet --disable-pip-version-check pip-tools
	$(PINS) --output-file requirements/run.txt pyproject.toml
	$(PINS) --constraint requirements/run.txt --extra test --extra dev $(foreach e,archive arrow calendar dask mail pdf pkcs11 postgres s3 scitt server sign spreadsheet tsa,--extra $e) --output-file requirements/dev.txt pyproject.toml
	$(PINS) --constraint requirements/dev.txt $(foreach e,calendar pdf pkcs11 postgres scitt server sign spreadsheet tsa,--extra $e) --output-file requirements/server.txt pyproject.toml
	$(PINS) --constraint requirements/dev.txt --extra interop --output-file requirements/interop.txt pyproject.toml
	$(PINS) --constraint requirements/dev.txt --extra archive --extra ray --output-file requirements/ray.txt pyproject.toml
	$(PINS) --output-file requirements/docs.txt requirements/docs.in
	$(PINS) --output-file requirements/review.txt requirements/review.in

PINS = .tools/pins/bin/pip-compile --quiet --strip-extras --allow-unsafe --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

# The bill of materials alone: what the wheel installs, and what the verifier page bundles.
sbom: install
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m release.sbom build/comity.cdx.json

# Licences, hashes and pins; advisories, yanked releases and newer majors where the registries answer (OFFLINE=1: unasked).
review: install
	$(if $(OFFLINE),,$(MAKE) .tools/review/.made)
	$(BIN)/python -m release.review $(if $(OFFLINE),--offline,--tools .tools/review/bin/python)

.tools/review/.made: requirements/review.txt
	$(PYTHON) -m venv .tools/review
	.tools/review/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/review.txt
	touch $@

# Of this tree as it is, into dist, which is emptied first.
wheel: install
	tests/browser/install.sh page
	$(BIN)/python -m release.build dist

# The program with its pinned packages below /opt/comity, for the Python of this Debian: docs/how-to/install-the-office-server.md
deb: wheel
	tests/release/install.sh
	$(BIN)/python -m release.packaging deb dist build/deb

# In Debian's image from a registry, in BASE, or with LOCAL=1 in a Debian that mmdebstrap makes of its packages.
image: wheel
	tests/release/install.sh
	$(if $(LOCAL),release/oci/base.sh $(LOCAL_BASE))
	$(BIN)/python -m release.packaging image dist build/image --base "$(or $(BASE),$(if $(LOCAL),$(LOCAL_BASE)))"

LOCAL_BASE = localhost/comity-base:trixie

packages: deb
	$(MAKE) image LOCAL=1
	$(PYTEST) -m packages -rs tests/release/test_packages.py

# Of the last commit, built twice and compared; then the digests are signed by the releaser's key. docs/how-to/release.md
reproducible: install
	tests/browser/install.sh page
	$(BIN)/python -m release.build dist --commit

release:
	@test -n "$(KEY)" || { echo 'make release KEY=file of an SSH key, or of its public half where an agent holds it' >&2; exit 2; }
	$(MAKE) reproducible
	ssh-keygen -Y sign -f "$(KEY)" -n comity-release dist/SHA256SUMS

clean:
	rm -rf $(VENV) .tools dist build demo projections/templates/built .mypy_cache .ruff_cache .pytest_cache .hypothesis
