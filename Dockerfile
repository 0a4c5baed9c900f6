# One image for every process: web, worker, GPU worker (see compose.yaml).
FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1 VAR_ROOT=/var/hearback
WORKDIR /srv/hearback
COPY . .
RUN pip install --no-cache-dir --editable '.[s3]' && python manage.py collectstatic --noinput
RUN useradd --system hearback && mkdir -p /var/hearback && chown -R hearback /var/hearback
USER hearback
VOLUME /var/hearback
EXPOSE 8000
HEALTHCHECK CMD python manage.py healthcheck
CMD ["sh", "-c", "python manage.py migrate --noinput && exec gunicorn listening.wsgi --bind :8000 --threads 8"]
