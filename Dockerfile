# One recipe for all Python services: docker build --build-arg SERVICE=auth_service .
FROM python:3.11-slim-bookworm AS packages
WORKDIR /build
COPY requirements.lock ops/runtime_lock.py ./
# One layer with the packages of all services, which their images share; nothing that only builds or tests.
RUN python -m venv /venv \
 && python runtime_lock.py requirements.lock > runtime.lock \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check -q --require-hashes --no-deps -r runtime.lock

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app
RUN useradd --system --uid 10001 --home-dir /app ems && mkdir -p /data/keys && chown ems /data/keys && chmod 700 /data/keys
COPY --from=packages /venv /venv
WORKDIR /app
COPY ops/__init__.py ops/alive.py ops/
COPY service_kit service_kit
ARG SERVICE
COPY ${SERVICE} ${SERVICE}
USER ems
