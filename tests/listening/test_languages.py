"""Every language says everything, says it on every page, and another one is begun by one command."""

import re
from io import BytesIO

import pytest
from babel import Locale
from babel.messages.mofile import read_mo
from django.conf import settings as django_settings
from django.utils import translation

from listening import presets, stimuli
from listening.importers import import_study
from listening.models import Assessor, Question, Rating, Session
from lossmodel import audio
from lossmodel.errors import BadInput
from tests import builders, messages
from tests.browser import pages
from tests.browser.pages import PAGES

pytestmark = pytest.mark.django_db

CATALOGUES = sorted(messages.LOCALE.glob("*/LC_MESSAGES/django.po"))
CODES = [path.parent.parent.name for path in CATALOGUES]
GAPS = re.compile(r"%\(\w+\)s|\{\w*\}|</?\w+>")
PSEUDO = "eo"

each_catalogue = pytest.mark.parametrize("path", CATALOGUES, ids=CODES)


@pytest.fixture(autouse=True)
def english_again():
    """Leave the language of this thread as it was: a request activates its own and Django keeps it."""
    with translation.override("en"):
        yield


def forms(message) -> list[str]:
    return list(message.string) if isinstance(message.string, tuple) else [message.string]


def originals(message) -> list[str]:
    return list(message.id) if isinstance(message.id, tuple) else [message.id]


def said(path) -> list:
    return [message for message in messages.read(path) if message.id]


def test_the_site_offers_english_and_every_catalogue():
    assert {code for code, _name in django_settings.LANGUAGES} == {"en", *CODES}
    assert {"de", "es", "fr"} <= set(CODES)


@each_catalogue
def test_a_catalogue_has_what_the_sources_say_and_no_more(path):
    told = {(message.id, message.context) for message in messages.sources() if message.id}
    own = {(message.id, message.context) for message in said(path)}
    assert own == told, "run: python -m tests.messages, and translate what is new"


@each_catalogue
def test_a_catalogue_leaves_nothing_out(path):
    empty = [message.id for message in said(path) if message.fuzzy or not all(form.strip() for form in forms(message))]
    assert not empty


@each_catalogue
def test_placeholders_and_tags_survive_translation(path):
    for message in said(path):
        wanted, spare = (set(GAPS.findall(text)) for text in (originals(message)[-1], originals(message)[0]))
        for form in forms(message):
            found = set(GAPS.findall(form))
            assert found <= wanted, form
            assert found >= wanted & spare, form
        assert set(GAPS.findall(forms(message)[-1])) == wanted, message.id


@each_catalogue
def test_what_is_installed_is_what_was_written(path):
    installed = read_mo(BytesIO(path.with_suffix(".mo").read_bytes()))
    written = read_mo(BytesIO(messages.compiled(messages.read(path))))
    assert installed.plural_expr == written.plural_expr
    assert spoken(installed) == spoken(written)  # the header also names the version of Babel that wrote it


def spoken(catalogue) -> dict:
    """Return every translation by its message and context."""
    return {(str(message.id), message.context): message.string for message in catalogue if message.id}


@each_catalogue
def test_a_catalogue_forms_plurals_as_its_language_does(path):
    own = messages.read(path)
    assert {len(forms(message)) for message in said(path) if isinstance(message.id, tuple)} == {own.num_plurals}
    assert Locale.parse(path.parent.parent.name) == own.locale


def test_a_study_is_made_in_its_language(tmp_path):
    made = stimuli.new_study("probe", "Probe", "mushra", language="de")
    attribute = made.attributes.get()
    assert (attribute.key, attribute.low, attribute.high) == ("basic-audio-quality", "Schlecht", "Ausgezeichnet")
    assert made.instructions.startswith("Auf jeder Seite hören Sie")
    assert stimuli.new_study("sample", "Sample", "mushra").attributes.get().low == "Bad"


@pytest.mark.parametrize("code", ["en", *CODES])
@pytest.mark.parametrize("key", presets.PRESETS)
def test_the_words_of_a_scale_stay_apart_in_every_language(key, code):
    rules = presets.preset(key).rules
    with translation.override(code):
        for labels in (rules.choices, rules.intervals):
            assert len({translation.gettext(label) for label in labels}) == len(labels)


def opened(tmp_path, **fields):
    made = builders.study(tmp_path, items=1, attributes=("quality",), replicates=0, **fields)
    made.open()
    return made


@pytest.mark.parametrize(("own", "wish", "spoken"), [("fr", "de", "fr"), ("", "de", "de"), ("", "nl", "en")])
def test_pages_follow_the_study_and_else_the_browser(client, tmp_path, own, wish, spoken):
    study = opened(tmp_path, language=own)
    html = client.get(f"/s/{study.slug}/", headers={"accept-language": wish}).content.decode()
    assert f'<html lang="{spoken}" dir="ltr">' in html
    title = {"fr": "Test d’écoute", "de": "Hörversuch", "en": "Listening test"}[spoken]
    assert title in html


def test_a_personal_link_speaks_the_language_of_its_study_even_where_it_fails(client, tmp_path):
    session = Session.objects.begin(opened(tmp_path, language="es"), Assessor.objects.create())
    assert 'lang="es"' in client.get(session.get_absolute_url(), headers={"accept-language": "de"}).content.decode()
    answer = client.get(f"{session.get_absolute_url()}audio/nothing", headers={"accept-language": "de"})
    assert answer.status_code == 404
    assert "No hay nada en esta dirección" in answer.content.decode()


def test_texts_of_the_method_follow_the_browser_where_a_study_has_no_language(client, tmp_path):
    study = opened(tmp_path, instructions=presets.preset("ward-2").instructions)
    study.attributes.update(low="Worse quality", high="My own words")
    session = Session.objects.begin(study, Assessor.objects.create())
    session.consent()
    html = client.get(session.get_absolute_url(), headers={"accept-language": "de"}).content.decode()
    assert "Auf jeder Seite hören Sie eine Referenz" in html
    assert "Schlechtere Qualität" in html
    assert "My own words" in html


@pytest.mark.parametrize("code", CODES)
def test_numbers_for_machines_keep_their_point_where_people_write_a_comma(client, tmp_path, code):
    session = Session.objects.begin(opened(tmp_path, language=code), Assessor.objects.create())
    pages.bring(session, "trial")
    for slot in session.trials.get().slots.all():
        Rating.objects.create(slot=slot, score=61.5)
    html = client.get(session.get_absolute_url()).content.decode()
    assert html.count('value="61.5"') == 4
    assert not re.findall(r'value="[0-9]+,[0-9]+"', html)


def test_the_grades_are_those_of_the_standard_in_its_languages():
    graded = {}
    for code in ("de", "fr", "es"):
        with translation.override(code):
            graded[code] = [translation.gettext(label) for label in presets.preset("acr").rules.choices]
    assert graded == {
        "de": ["Schlecht", "Dürftig", "Ordentlich", "Gut", "Ausgezeichnet"],
        "fr": ["Mauvais", "Médiocre", "Assez bon", "Bon", "Excellent"],
        "es": ["Mala", "Mediocre", "Aceptable", "Buena", "Excelente"],
    }


def test_researchers_are_spoken_to_in_english(client):
    assert 'lang="en' in client.get("/admin/login/", headers={"accept-language": "de"}).content.decode()


def marked(tmp_path, settings):
    """Begin a language with the project's own tool, and translate it into its own words in brackets."""
    po = tmp_path / "locale" / PSEUDO / "LC_MESSAGES" / "django.po"
    messages.update(po)
    catalogue = messages.read(po)
    for message in catalogue:
        if message.id:
            texts = tuple(f"⟦{text}⟧" for text in originals(message))
            message.string = texts if isinstance(message.id, tuple) else texts[0]
    with po.open("wb") as file:
        messages.write_po(file, catalogue)
    messages.update(po)
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    settings.LANGUAGES = [("en", "English"), (PSEUDO, "Esperanto")]


def bare(html: str) -> list[str]:
    """Return what a page says outside brackets: text, and attributes that are read aloud or shown."""
    html = re.sub(r"<(script|style|kbd)\b.*?</\1>", "", html, flags=re.DOTALL)
    while "⟦" in html:  # brackets may stand within brackets: from the inside
        html = re.sub(r"⟦[^⟦⟧]*⟧", "", html)
    spoken = re.findall(r'(?:aria-label|placeholder|alt|title)="([^"]*)"', html) + re.split(r"<[^>]*>", html)
    return [text.strip() for text in spoken if re.search(r"[a-z]{2}", text)]


OWN_WORDS = ("Hearback", "localhost", "testserver", "http", "Voices", "VOICES-4711", "Page ", "northfield.example")
"""What needs no translation: names, addresses, keys. Nor does what the study of these pages asks in its own words."""


@pytest.mark.parametrize("page", PAGES)
def test_another_language_is_begun_by_one_command_and_reaches_every_word(client, tmp_path, settings, page):
    marked(tmp_path, settings)
    address = pages.address(page, tmp_path, language=PSEUDO)
    html = client.get(address, headers={"accept-language": PSEUDO}).content.decode()
    own = [
        *OWN_WORDS,
        *pages.WHO.values(),
        *Question.objects.values_list("text", flat=True),
        *Session.objects.values_list("code", flat=True),
    ]
    own += [line for question in Question.objects.all() for line in question.options]
    assert "⟦" in html
    assert not [text for text in bare(html) if not any(word in text for word in own)]


def test_a_folder_is_imported_in_a_language_and_a_published_test_keeps_its_own(tmp_path):
    for name in ("reference", "netA"):
        for item in ("anna", "ben"):
            path = tmp_path / "voices" / name / f"{item}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            audio.write(path, builders.tone(330.0 if name == "netA" else 220.0, seconds=1.0, rate=44100))
    made = import_study(tmp_path / "voices", "folder", preset="mushra", language="fr")
    assert (made.language, made.attributes.get().high) == ("fr", "Excellent")
    assert made.instructions.startswith("Sur chaque page")
    with pytest.raises(BadInput, match="--language fr"):
        import_study(tmp_path / "voices", "ward2018", language="fr")
