#!/bin/bash
# One database and one owner per service, both with the service's name. Docker's postgres image runs this at its first
# start, the native stack at every start: it may run any number of times, and a changed password is taken over.
# Reads POSTGRES_USER, <SERVICE>_DB_PASSWORD, PG* as psql does; OWNER_OPTIONS=CREATEDB lets tests make databases.
set -euo pipefail
export OWNER_OPTIONS=${OWNER_OPTIONS:-NOCREATEDB}

for service in auth user device monitoring forecast; do
  variable=${service^^}_DB_PASSWORD
  export SERVICE_NAME=$service SERVICE_PASSWORD=${!variable:?is not set: add it to .env}
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv name SERVICE_NAME
\getenv password SERVICE_PASSWORD
\getenv options OWNER_OPTIONS
SELECT format('CREATE ROLE %I', :'name') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
SELECT format('ALTER ROLE %I LOGIN PASSWORD %L %s', :'name', :'password', :'options') \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'name') \gexec
SQL
done
