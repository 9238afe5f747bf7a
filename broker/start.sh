#!/bin/sh
# Docker's way in: configuration and definitions with their secrets go to files that only the broker reads, then the
# image's own start.
set -eu
umask 077
export DEFINITIONS_FILE=/etc/rabbitmq/ems-definitions.json
sh /ems/fill.sh /ems/definitions.json > "$DEFINITIONS_FILE"
sh /ems/fill.sh /ems/rabbitmq.conf > /etc/rabbitmq/conf.d/20-ems.conf
chown rabbitmq:rabbitmq "$DEFINITIONS_FILE" /etc/rabbitmq/conf.d/20-ems.conf
exec docker-entrypoint.sh rabbitmq-server
