"""Every importer, parser and address under a few spoilt inputs; `python -m tests.fuzz` tries thousands."""

import pytest

from lossmodel.errors import BadInput
from tests.fuzz import files, requests, trial
from tests.fuzz.limits import Hung, answered

FILE_EXAMPLES, REQUEST_EXAMPLES, API_EXAMPLES = 12, 10, 4


@pytest.mark.django_db
@pytest.mark.parametrize("target", files.TARGETS, ids=lambda target: target.name)
def test_a_spoilt_file_is_read_or_refused_in_one_line(tmp_path, target):
    found = trial.file(target, tmp_path / "in", examples=FILE_EXAMPLES)
    assert found.error is None
    assert found.count >= FILE_EXAMPLES


@pytest.mark.django_db
def test_a_spoilt_body_or_form_is_answered(tmp_path):
    for address in requests.addresses(tmp_path):
        found = trial.tried(address.name, trial.spoilt(address.good), address.send, examples=REQUEST_EXAMPLES)
        assert found.error is None, address.name


@pytest.mark.django_db
def test_whatever_the_description_of_the_api_allows_is_answered():
    every = list(requests.operations())
    assert len(every) >= 10
    for operation in every:
        found = trial.tried(operation.name, operation.cases(), operation.send, examples=API_EXAMPLES)
        assert found.error is None, operation.name


def test_a_reader_that_hangs_is_stopped_and_one_that_breaks_is_told(monkeypatch):
    monkeypatch.setattr("tests.fuzz.limits.MAX_SECONDS", 0.1)

    def read(content: bytes) -> None:
        while content == b"endless":
            pass
        raise BadInput("refused") if content == b"refused" else ZeroDivisionError

    with answered():
        read(b"refused")
    with pytest.raises(Hung), answered():
        read(b"endless")
    found = trial.tried("own", trial.spoilt(b"refused"), read, examples=3)
    assert isinstance(found.error, ZeroDivisionError)
