# make demo   installs into .venv what the command line needs and makes a picture
# make test   the same for the tests
# make lint   ruff and mypy
# make web    types and tests of the page's editor; fails if its committed bundle is not what the sources give
# make bundle  writes that bundle
# make browser tests the editor in Chromium on a real ComfyUI (COMFYUI_FRONTEND: with another page than its own)
PYTHON ?= python3
BIN := .venv/bin
DEMO := humandiffusion generate --text "A woman in a red blouse and blue jeans, brown boots" \
  --pose preset:standing-trousers --seed 1 --out demo/picture.png --sheet demo/sheet.png

.PHONY: demo test lint web bundle browser clean

demo: .venv/.installed-cli
	@mkdir -p demo
	@echo '$(DEMO)' > demo/command.txt
	$(BIN)/$(DEMO)
	@echo "See demo/picture.png, demo/sheet.png and demo/command.txt"

test: .venv/.installed-test
	$(BIN)/python -m pytest

lint: .venv/.installed-test
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy

web: node_modules/.installed
	npm run --silent types
	npm test --silent
	npm run --silent build -- --outDir "$(CURDIR)/build/web" --logLevel warn
	@cmp build/web/humandiffusion.js web/humandiffusion.js || \
	  { echo "web/humandiffusion.js is not what web/src gives: run make bundle and commit it" >&2; exit 1; }

browser: node_modules/.installed
	npm run --silent browser

bundle: node_modules/.installed
	npm run --silent build

# Not `npm ci`, which stops where a registry lacks an optional package of another platform; the lock holds all the same.
node_modules/.installed: package.json package-lock.json
	npm install --no-save --silent
	@touch $@

# One stamp for each extra: a second run installs nothing unless pyproject.toml is newer.
.venv/.installed-%: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable ".[$*]"
	@touch $@

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "HumanDiffusion needs Python 3.10 or newer; name one with: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv

clean:
	rm -rf .venv node_modules demo build humandiffusion.egg-info
