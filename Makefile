# Every command people type; `make help` lists them.
# ENGINE=docker|native (otherwise Docker when it can, else native) · INSTANCE=main|second (a whole stack beside the first)
PYTHON ?= python3
SERVICE ?=
ARGS ?=
export ENGINE INSTANCE
ops = @$(PYTHON) -m ops
.DEFAULT_GOAL := help

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

up: ## start everything; returns when all of it is healthy
	$(ops) up

down: ## stop everything; the data stays
	$(ops) down

reset: ## stop everything and drop the data
	$(ops) reset

status: ## what runs, whether it is healthy, what memory it takes
	$(ops) status

logs: ## follow the logs: make logs [SERVICE=auth-web]
	$(ops) logs $(SERVICE)

manage: ## a management command of a service: make manage SERVICE=auth ARGS="createadmin NAME E-MAIL"
	$(ops) manage "$(SERVICE)" $(ARGS)

test: ## everything, on its own ports and data, beside a running stack
	$(ops) test

check: ## linters, formatters, types, migrations and OpenAPI schemas
	$(ops) check

test-service: ## tests of one package: make test-service SERVICE=device [ARGS="-k assign -x"]
	$(ops) test-service $(SERVICE) $(ARGS)

journeys: ## the whole-system tests against the running stack: make journeys [ARGS="-k killed"]
	$(ops) journeys -- $(ARGS)

faults: ## break a stack of its own on purpose, with outages of a minute, and write docs/faults.md: make faults [ARGS="-k broker"]
	$(ops) faults -- $(ARGS)

schemas: ## write the OpenAPI schemas that the dashboard's client is generated from
	$(ops) schemas

bench-queries: infra ## what answers cost with a year of 1,000 meters, against a plain view
	$(ops) with monitoring .local/venv/bin/python -m monitoring_service.bench.queries

bench-ingest: infra ## how fast readings become hours, against a toy consumer and bare COPY
	$(ops) with monitoring .local/venv/bin/python -m monitoring_service.bench.ingest

bench-live: infra ## 500 live streams: how soon a reading is there, and what memory they take
	$(ops) with monitoring .local/venv/bin/python -m monitoring_service.bench.live

bench-growth: infra ## what a reading costs with 50 million rows there already
	$(ops) with monitoring .local/venv/bin/python -m monitoring_service.bench.growth

bench-faults: ## faults put into real series, found by the rules and by an IsolationForest: make bench-faults DATA=folder [ARGS="--every 2"]
	PYTHONPATH=. .local/venv/bin/python -m forecast_service.bench.injected_faults $(DATA) $(ARGS)

bench-weather: ## what the temperature is worth, and how many false alarms it spares: make bench-weather DATA=folder
	PYTHONPATH=. .local/venv/bin/python -m forecast_service.bench.weather $(DATA) $(ARGS)

bench-forecast-api: infra ## how soon a forecast is answered, stored and cold, at 8 clients
	$(ops) with forecast .local/venv/bin/python -m forecast_service.bench.answers

bench-registrations: ## registrations a second, and how soon everybody knows the new user: [ARGS="--people 500 --at-once 50"]
	$(ops) bench registrations $(ARGS)

bench: infra ## an hour of many meters through the forecast workers: make bench [ARGS="10000 --workers 2"]
	$(ops) with forecast .local/venv/bin/python -m forecast_service.bench.many_meters $(or $(ARGS),10000)

bench-forecasts: ## error and CPU of the forecasts beside other people's: make bench-forecasts DATA=folder [ARGS="--tasks m4"]
	@.local/venv/bin/uv venv -q --allow-existing --python 3.11 .local/bench && \
	  .local/venv/bin/uv pip sync -q --python .local/bench/bin/python --require-hashes requirements-bench.lock || \
	  { echo "requirements-bench.lock could not be installed: what is not here is left out."; rm -rf .local/bench; }
	@PYTHONPATH=. $$(ls .local/bench/bin/python 2>/dev/null || echo .local/venv/bin/python) \
	  -m forecast_service.bench.peers $(DATA) $(ARGS)

infra: ## PostgreSQL and RabbitMQ of the test instance alone
	$(ops) infra

lock: ## compile requirements.lock anew from every pyproject.toml, and requirements-bench.lock
	@.local/venv/bin/uv pip compile --universal --generate-hashes --no-header -q --python-version 3.11 \
	  --group native --group dev */pyproject.toml -o requirements.lock
	@.local/venv/bin/uv pip compile --universal --generate-hashes --no-header -q --python-version 3.11 \
	  --group bench forecast_service/pyproject.toml -c requirements.lock -o requirements-bench.lock

.PHONY: help up down reset status logs manage test check test-service journeys faults schemas bench bench-forecasts bench-queries bench-ingest bench-live bench-growth bench-faults bench-weather bench-forecast-api bench-registrations infra lock
