# One image for every process of Signalman: the command of the container chooses which.
#
#   docker build --tag signalman .
#
# It runs as an unprivileged user, and with a read-only root file system: only /tmp is written.
# To add an app of your own, with its hubs: FROM signalman, COPY the package to /app, and set
# SIGNALMAN_APPS.

ARG PYTHON=3.13

FROM python:${PYTHON}-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv /opt/venv
COPY requirements.txt requirements-otel.txt ./
# Every file that is installed has a hash in these lists.
RUN /opt/venv/bin/pip install --require-hashes --only-binary :all: \
    --requirement requirements.txt --requirement requirements-otel.txt
COPY . .
# Collected here, because the running container cannot write. The key signs nothing.
RUN SIGNALMAN_SECRET_KEY=build SIGNALMAN_DATA_DIR=/app/var SIGNALMAN_DATABASE_URL=sqlite:///:memory: \
    SIGNALMAN_BROKER_URL=memory:// /opt/venv/bin/python manage.py collectstatic --no-input \
    && /opt/venv/bin/python -m compileall -q /app \
    && chmod -R a+rX /app

FROM python:${PYTHON}-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    SIGNALMAN_DATA_DIR=/app/var \
    SIGNALMAN_LOG_FORMAT=json
# A number, so that Kubernetes can see that it is not root.
RUN groupadd --system --gid 10001 signalman \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin signalman
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["granian", "--interface", "asgi", "--http", "1", "--no-ws", "--host", "0.0.0.0", "--port", "8000", \
    "--respawn-failed-workers", "--workers-kill-timeout", "30", \
    "--backlog", "4096", "--backpressure", "2048", "config.asgi:application"]
