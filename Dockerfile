# One image for every process: web, worker, GPU worker (see compose.yaml). No secret is made or copied while it is built.
FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1 VAR_ROOT=/var/hearback
# pg_dump and psql, for manage.py backup and restore
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/hearback
COPY . .
RUN pip install --no-cache-dir --editable '.[web,train,demo,s3,cjk]'
RUN useradd --system hearback && mkdir -p /var/hearback && chown -R hearback /var/hearback
USER hearback
VOLUME /var/hearback
EXPOSE 8000
# Of the web process; workers have another (see compose.yaml).
HEALTHCHECK --start-period=60s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=10)"]
CMD ["sh", "-c", "python manage.py migrate --noinput && python manage.py collectstatic --noinput -v 0 && exec gunicorn listening.wsgi --bind :8000 --threads 8"]
