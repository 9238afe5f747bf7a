# Every command people type. `make help` lists them. ENGINE=docker|native, INSTANCE=main (others: see ops/instances.py).
PYTHON ?= python3
OPS = $(PYTHON) -m ops
SERVICE ?=
ARGS ?=
.DEFAULT_GOAL := help

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

test-service: ## tests of one package: make test-service SERVICE=device [ARGS="-k assign -x"]
	@$(OPS) test-service $(SERVICE) $(ARGS)

infra: ## PostgreSQL and RabbitMQ of the test instance alone
	@$(OPS) infra

.PHONY: help test-service infra
