"""The report is whole, readable without a server, safe to open, and says what had not been seen."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from lossmodel.errors import BadInput
from lossmodel.files import write_json
from lossmodel.manifest import Pair
from lossmodel.objective.fitting.evaluate import Evaluation
from lossmodel.objective.report import contents as report
from lossmodel.objective.report import evidence, page
from lossmodel.objective.report.cardpage import card_section
from lossmodel.objective.report.curve import learning_curve
from tests.lossmodel.objective.tables import metrics, predictions, rated

HOSTILE = '<script>alert("1")</script>'


def found(ratings=None):
    """Return the report of tables whose truth is known."""
    ratings = rated(songs=8, people=6) if ratings is None else ratings
    own = predictions(ratings)

    def refit(part, items):
        return own.loc[own["item"].isin(items), ["attribute", "item", "condition", "predicted"]]

    curves = learning_curve(ratings, refit, seed=1, draws=2)
    return evidence.assemble(Evaluation("song", {}, own), ratings, metrics(ratings), curves, seed=1)


def heard(item, condition):
    return f"sounds/{item}/{condition}.flac"


def test_a_report_is_read_as_it_was_written(tmp_path):
    made = found()
    made.write(tmp_path)
    assert report.read(tmp_path) == made
    assert report.read(tmp_path / "elsewhere") is None


def test_a_report_has_everything_of_each_attribute():
    own = found().attributes[0]
    assert (own.name, len(own.stimuli), own.simulated) == ("quality", 40, False)
    assert set(own.measures) == {"pearson", "spearman", "within", "rmse", "coverage"}
    assert 0.7 < own.measures["coverage"].value <= 1
    assert {by: len(rows) for by, rows in own.residuals.items()} == {"song": 8, "system": 5, "assessor": 6}
    assert {each.metric for each in own.rivals} == {"sdr", "log_mel", "sir"}
    assert own.curve.sentence.startswith("Another ")
    assert all(each.people == 6 and each.half_width > 0 for each in own.stimuli)


def test_what_is_not_a_number_is_null_in_the_file(tmp_path):
    own = predictions(rated(songs=4, people=1))
    evidence.assemble(Evaluation("song", {}, own), rated(songs=4, people=1), metrics(rated(songs=4)), {}, seed=1).write(
        tmp_path
    )
    text = (tmp_path / report.REPORT_FILE).read_text()
    assert "NaN" not in text
    assert json.loads(text)["attributes"][0]["stimuli"][0]["half_width"] is None


@pytest.mark.parametrize(
    "text", ['{"version": 1}', "no json", '{"version": 9, "left_out": "", "attributes": [], "suggestions": []}']
)
def test_a_report_of_another_layout_is_refused_by_name(tmp_path, text):
    (tmp_path / report.REPORT_FILE).write_text(text)
    with pytest.raises(BadInput, match=r"report\.json: .*fit again"):
        report.read(tmp_path)


def test_every_point_is_a_link_to_its_sound_and_says_what_it_is():
    made = found()
    html = page.sections(made, heard)
    points = re.findall(r'<a class="hb-point[^"]*" href="([^"]+)"[^>]* data-plays="([^"]+)"', html)
    assert len(points) == 40
    assert {address for address, _ in points} == {heard(e.item, e.condition) for e in made.attributes[0].stimuli}
    assert all("rated" in words and "predicted" in words for _, words in points)
    assert "<strong>songs left out</strong>" in html


def test_a_stimulus_without_a_sound_is_no_link():
    html = page.sections(found(), lambda item, condition: "")
    assert "<a " not in html
    assert html.count('<g class="hb-point"') == 40


def test_points_out_of_calibration_are_hollow_and_counted():
    ratings = rated(songs=8, people=6)
    own = predictions(ratings)
    own.loc[:2, "in_calibration"] = False
    made = evidence.assemble(Evaluation("song", {}, own), ratings, metrics(ratings), {}, seed=1)
    html = page.sections(made, heard)
    assert html.count("hb-outside") == 3
    assert "hollow: 3 out of calibration" in html


def test_simulated_ratings_are_marked():
    ratings = rated(songs=8, people=6)
    assert "simulated" not in page.sections(found(ratings), heard)
    assert '<span class="hb-badge hb-simulated">simulated</span>' in page.sections(
        found(ratings.assign(simulated=True)), heard
    )


def test_names_cannot_become_markup():
    ratings = rated(songs=8, people=6)
    for column in ("item", "condition", "assessor", "attribute"):
        ratings[column] = ratings[column] + HOSTILE
    made = found(ratings)
    card = {
        "data": {HOSTILE: {"studies": [HOSTILE], "ratings": 1, "assessors": 1, "items": 1, "conditions": [HOSTILE]}}
    }
    html = page.document(made, card, lambda item, condition: f"{item}{condition}")
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_no_piece_of_the_sites_page_has_what_its_content_policy_forbids():
    made = found()
    html = page.sections(made, heard) + page.suggestions(made, heard, pick="chosen") + card_section({})
    assert not re.search(r"<(style|script)|\sstyle=|\son\w+=", html)


def test_differences_whose_interval_leaves_out_0_are_bold_and_others_are_not():
    html = page.sections(found(), heard)
    rows = dict(re.findall(r"<tr><th scope=row><code>(\w+)</code></th>(.*?)</tr>", html))
    assert set(rows) == {"sdr", "log_mel", "sir"}
    assert rows["sir"].count("<strong>") == 4
    assert re.search(r"<strong>\+\d\.\d\d</strong>", rows["sir"])
    assert re.search(r"<strong>−\d+\.\d</strong>", rows["sir"])


def test_the_boxes_to_tick_are_numbered_as_the_report_lists():
    made = found()
    boxes = re.findall(
        r'name="chosen" value="(\d+)" aria-label="([^"]+)"', page.suggestions(made, heard, pick="chosen")
    )
    assert [int(at) for at, _ in boxes] == list(range(len(made.suggestions)))
    assert [name for _, name in boxes] == [f"{each.item} · {each.condition}" for each in made.suggestions]
    assert "checkbox" not in page.suggestions(made, heard)


def test_the_file_names_sounds_relative_to_itself(tmp_path):
    made, folder = found(), tmp_path / "objective one"
    folder.mkdir()
    write_json(folder / "card.json", {"seed": 1})
    (tmp_path / "my sounds").mkdir()
    sound = tmp_path / "my sounds" / "a.flac"
    first = made.attributes[0].stimuli[0]
    evidence.publish(folder, made, [Pair(first.item, first.condition, "system", sound, (sound,))])
    html = (folder / "report.html").read_text()
    assert 'href="../my%20sounds/a.flac" target="hb-player"' in html
    assert '<iframe class="hb-player" name="hb-player"' in html
    assert report.read(folder) == made


def test_a_fit_without_songs_left_out_says_so_and_shows_its_card(tmp_path):
    write_json(tmp_path / "card.json", {"seed": 41, "limits": ["nothing is known"]})
    evidence.publish(tmp_path, None, [])
    html = (tmp_path / "report.html").read_text()
    assert "--crossval song" in html
    assert "nothing is known" in html
    assert "<td>41</td>" in html
    assert not (tmp_path / "report.json").exists()


def test_a_card_says_who_was_left_out_and_why():
    gone = {"assessor": "p3", "attribute": "quality", "reason": "rated the hidden reference below 90"}
    own = {"source": "ITU-R BS.1534-3", "rules": {"share": 0.15}, "exclusions": [gone], "notes": ["rule 2 not applied"]}
    for screening in (own, {"voices 1234": own}):
        html = card_section({"screening": screening})
        assert "p3, quality: rated the hidden reference below 90" in html
        assert "rule 2 not applied" in html
        assert "1 left out" in html
    assert "every assessor counts" in card_section({})


def test_the_pages_of_a_report_load_nothing_heavy():
    heavy = "{'torch', 'pandas', 'scipy', 'numpy'}"
    code = f"import sys, lossmodel.objective.report.page; print(sorted({heavy} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_numbers_are_written_as_their_measure_is():
    assert page.number("coverage", 0.894) == "89 %"
    assert page.number("rmse", 6.449) == "6.4"
    assert page.number("pearson", -0.456) == "−0.46"
    assert page.number("pearson", None) == "–"
    assert page.signed(-0.04) == "0.0"
    assert page.signed(-3.26) == "−3.3"
    assert np.isclose(float(page.signed(3.26)), 3.3)
