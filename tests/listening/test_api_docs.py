"""What docs/api.md shows is carried out against a real server, as it stands there."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from django.core.cache import cache

from listening.exports import ratings as export
from listening.exports import results
from listening.models import ApiToken, Scope
from tests.listening.panel import rate, voices
from tests.listening.people import staff

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture
def token(tmp_path):
    cache.clear()
    study = voices(tmp_path, items=1)
    rate(study, assessors=3)
    user = staff("owner", study, "owner")
    return ApiToken.objects.issue(user=user, name="docs", scopes=["studies:read", "ratings:read", "results:read"])


def block(language: str) -> str:
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


def test_the_examples_for_the_shell_run(live_server, token, tmp_path):
    row, secret = token
    given = {**os.environ, "TOKEN": secret, "SITE": live_server.url}  # noqa: TID251
    script = "set -e\n" + block("bash").replace("curl ", "curl --fail --silent ")
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=given, capture_output=True, text=True, check=True)
    assert '"slug": "voices"' in done.stdout
    assert '"condition"' in done.stdout
    study = row.user.study_roles.get().study
    assert (tmp_path / "ratings.csv").read_text().count("\n") == 1 + len(list(export.rows(study)))


def test_the_example_in_python_reads_every_page(live_server, token):
    row, secret = token
    names = {"SITE": live_server.url, "TOKEN": secret}
    exec(block("python"), names)
    assert names["ratings"] == list(export.rows(row.user.study_roles.get().study))
    assert names["count"] > 10


def test_the_notebook_goes_from_a_token_to_a_figure_in_ten_lines(live_server, token):
    row, secret = token
    notebook = json.loads((Path(__file__).parents[2] / "docs" / "token-to-figure.ipynb").read_text(encoding="utf-8"))
    assert not any(cell.get("outputs") for cell in notebook["cells"])
    told, rest = ("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    assert len([line for line in f"{told}\n{rest}".splitlines() if line]) <= 10
    assert set(re.findall(r"[A-Z]{4,}", told)) == {"SITE", "TOKEN", "STUDY"}
    names = {"SITE": live_server.url, "TOKEN": secret, "STUDY": "voices"}
    exec(rest, names)
    drawn = [text.get_text() for text in names["axes"].get_yticklabels()]
    means = {each.condition: each.mean for each in results.means(row.user.study_roles.get().study)}
    assert drawn == sorted(means, key=means.get)
    assert names["means"].set_index("condition")["mean"].to_dict() == pytest.approx(means, abs=0.5)


def test_every_scope_stands_on_the_page():
    assert set(re.findall(r"^\| `(\w+:\w+)` \|", PAGE, re.MULTILINE)) == set(Scope.values)
