# Two images: web, without torch, and worker, for every queue (see compose.yaml). No secret is made or copied while they
# are built, and static files are part of them, so that an upgrade brings its own.
FROM python:3.12-slim AS base
# MALLOC_ARENA_MAX: threads that send sounds would otherwise each keep a heap of their own.
ENV PYTHONUNBUFFERED=1 VAR_ROOT=/var/hearback STATIC_ROOT=/srv/static MALLOC_ARENA_MAX=2
# pg_dump and psql, for manage.py backup and restore
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir --upgrade 'pip>=25.1'
RUN useradd --system hearback && mkdir -p /var/hearback && chown -R hearback /var/hearback
WORKDIR /srv/hearback

FROM base AS web
COPY pyproject.toml .
RUN pip install --no-cache-dir --group web-image
COPY . .
RUN pip install --no-cache-dir --no-deps --editable .
RUN VAR_ROOT=/tmp/build SECRET_KEY=unused python manage.py collectstatic --noinput -v 0 && rm -r /tmp/build
USER hearback
VOLUME /var/hearback
EXPOSE 8000
HEALTHCHECK --start-period=60s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=10)"]
CMD ["sh", "-c", "python manage.py migrate --noinput && exec gunicorn listening.wsgi --bind :8000 --threads 8"]

FROM base AS worker
COPY . .
RUN pip install --no-cache-dir --editable '.[web,train,demo,s3,cjk]'
USER hearback
VOLUME /var/hearback
HEALTHCHECK --interval=60s --timeout=30s CMD ["python", "manage.py", "healthcheck"]
CMD ["celery", "-A", "listening", "worker", "-Q", "celery"]
