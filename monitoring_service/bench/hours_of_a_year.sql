-- One year of hours of :meters ten-minute meters, fifty to a plant; client 1 is assigned the first plant's fifty.
INSERT INTO devices_tariff (id, version, name, currency, standing_charge_per_day, feed_in_per_kwh, rates)
VALUES ('00000000-0000-4000-8000-000000000001', 1, 'Day and night', 'EUR', 0.4, 0.08,
        '[{"price_per_kwh": 0.22, "weekdays": [1, 2, 3, 4, 5, 6, 7], "from_minute": 0, "to_minute": 420},
          {"price_per_kwh": 0.34, "weekdays": [1, 2, 3, 4, 5, 6, 7], "from_minute": 420, "to_minute": 1440}]');

INSERT INTO devices_plant (id, version, name, timezone, tariff_id, co2_g_per_kwh)
SELECT ('00000000-0000-4000-8001-' || lpad(n::text, 12, '0'))::uuid, 1, 'Plant ' || n, 'Europe/Rome',
       '00000000-0000-4000-8000-000000000001', 380
FROM generate_series(1, 20) AS n;

INSERT INTO devices_device (id, version, name, kind, reading, interval_seconds, plant_id, credential_revoked)
SELECT ('00000000-0000-4000-8002-' || lpad(n::text, 12, '0'))::uuid, 1, 'Meter ' || n,
       CASE WHEN n % 10 = 0 THEN 'production' ELSE 'consumption' END, 'interval_kwh', 600,
       ('00000000-0000-4000-8001-' || lpad(((n - 1) / 50 + 1)::text, 12, '0'))::uuid, false
FROM generate_series(1, :meters) AS n;

INSERT INTO devices_assignment (device_id, user_id)
SELECT ('00000000-0000-4000-8002-' || lpad(n::text, 12, '0'))::uuid, '00000000-0000-4000-8003-000000000001'
FROM generate_series(1, 50) AS n;

-- As time writes them: all devices' first hour, then all devices' second.
INSERT INTO hours_hour (device_id, start, q1, q2, q3, q4, kwh, expected, readings, n1, n2, n3, n4, whole, quality,
                        version, published_version)
SELECT d.id, h.start, e.kwh / 4, e.kwh / 4, e.kwh / 4, e.kwh / 4, e.kwh, 6, 6, 1, 2, 1, 2, 15, 5, 3, 3
FROM generate_series(date_trunc('hour', now()) - interval '1 year', date_trunc('hour', now()), interval '1 hour')
         AS h (start),
     devices_device d,
     LATERAL (SELECT 0.3 + 0.2 * sin(extract(hour FROM h.start) / 3.82) + random() / 4) AS e (kwh)
ORDER BY h.start, d.id;

ANALYZE hours_hour, devices_device, devices_plant, devices_assignment;
