"""How every web process runs: threads for the many short waits, a bounded life so that a leak never grows."""

import os

bind = f"{os.environ.get('HOST', '0.0.0.0')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_WORKERS") or 1)
worker_class = "gthread"
threads = 8
timeout = 60
graceful_timeout = 20
keepalive = 75
limit_request_line = 0  # a hundred device ids are more than its 4,094 bytes; the gateway has a bound of its own
max_requests = 50_000
max_requests_jitter = 5_000
control_socket_disable = True
worker_tmp_dir = "/dev/shm"
loglevel = "warning"
