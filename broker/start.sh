#!/bin/sh
# Docker's way in: the definitions with their secrets go to a file that only the broker reads, then the image's own start.
set -eu
umask 077
sh /ems/fill.sh /ems/definitions.json > /etc/rabbitmq/ems-definitions.json
chown rabbitmq:rabbitmq /etc/rabbitmq/ems-definitions.json
exec docker-entrypoint.sh rabbitmq-server
