#!/bin/sh
# Docker's way in: configuration and definitions with their secrets go to files that only the broker reads, then the
# image's own start.
set -eu
umask 077
export DEFINITIONS_FILE=/etc/rabbitmq/ems-definitions.json
sh /ems/fill.sh /ems/definitions.json > "$DEFINITIONS_FILE"
sh /ems/fill.sh /ems/rabbitmq.conf > /etc/rabbitmq/conf.d/20-ems.conf
# When a message came, for meters that send a bare number. Brokers before 3.12 have no such setting and would not start with
# it: there a number counts from when it is taken in.
if grep -qs message_interceptors /opt/rabbitmq/plugins/rabbit-*/priv/schema/rabbit.schema; then
  echo "message_interceptors.incoming.set_header_timestamp.overwrite = true" >> /etc/rabbitmq/conf.d/20-ems.conf
fi
cp /ems/enabled_plugins /etc/rabbitmq/enabled_plugins
chown rabbitmq:rabbitmq "$DEFINITIONS_FILE" /etc/rabbitmq/conf.d/20-ems.conf /etc/rabbitmq/enabled_plugins
exec docker-entrypoint.sh rabbitmq-server
