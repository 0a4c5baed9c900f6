"""Run a command against PostgreSQL and Redis where they answer on this machine; with CI=true they must.

python -m tests.services COMMAND…   (DATABASE_URL and CELERY_BROKER_URL are set for it; TEST_POSTGRES and TEST_REDIS
name other servers)
"""

import os
import subprocess
import sys

POSTGRES = os.environ.get("TEST_POSTGRES", "postgres://root@127.0.0.1:5432/test")  # noqa: TID251
REDIS = os.environ.get("TEST_REDIS", "redis://127.0.0.1:6379/9")  # noqa: TID251


def missing() -> list[str]:
    """Return one line for each of the two servers that does not answer."""
    import psycopg
    import redis

    lines = []
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.Error as error:
        lines.append(f"PostgreSQL does not answer at {POSTGRES}: {str(error).splitlines()[0]}")
    try:
        redis.Redis.from_url(REDIS, socket_timeout=3).ping()
    except redis.RedisError as error:
        lines.append(f"Redis does not answer at {REDIS}: {error}")
    return lines


def main(command: list[str]) -> int:
    """Run `command` with both servers; 0 with a word of why when they are absent, 1 when CI asks for them."""
    absent = missing()
    for line in absent:
        sys.stderr.write(line + "\n")
    if absent:
        sys.stderr.write("The suite ran on SQLite alone.\n")
        return int(os.environ.get("CI") == "true")  # noqa: TID251
    servers = {"DATABASE_URL": POSTGRES, "CELERY_BROKER_URL": REDIS}
    return subprocess.run(command, env=os.environ | servers, check=False).returncode  # noqa: TID251


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
