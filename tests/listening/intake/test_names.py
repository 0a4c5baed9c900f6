"""Names: whichever way round a folder is laid out, every file comes to its item and column."""

import unicodedata

import pytest

from listening.intake.names import Place, place

SONGS = ("song_one", "song_two", "song_three")
COLUMNS = ("ref", "mixture", "wave_u_net", "umx")
EXPECTED = {"ref": "reference", "mixture": "mixture", "wave_u_net": "wave_u_net", "umx": "umx"}


@pytest.mark.parametrize(
    "layout",
    ["{song}/{column}.wav", "{column}/{song}.wav", "{song}_{column}.wav", "{column}_{song}.wav",
     "{song} - {column}.flac", "my test/{song}/{column}.wav", "./up/{column}/{song}.ogg"],
)  # fmt: skip
def test_a_folder_is_understood_whichever_way_round_it_is_laid_out(layout):
    paths = {layout.format(song=song, column=column): (song, column) for song in SONGS for column in COLUMNS}
    found = place(paths)
    assert found == {path: Place(song, EXPECTED[column]) for path, (song, column) in paths.items()}


def test_a_tree_of_stems_gives_its_vocals_as_the_reference_and_folders_of_estimates_as_systems():
    paths = ["musdb/test/A/vocals.wav", "musdb/test/A/mixture.wav", "musdb/test/A/accompaniment.wav",
             "musdb/test/A/drums.wav", "estimates/UMX/test/A/vocals.wav", "estimates/UMX/test/A/accompaniment.wav",
             "estimates/Demucs/A.wav"]  # fmt: skip
    found = [(each.item, each.column) if each else None for each in place(paths).values()]
    assert found == [
        ("A", "reference"), ("A", "mixture"), ("A", "accompaniment"), None, ("A", "UMX"), None, ("A", "Demucs"),
    ]  # fmt: skip


def test_one_song_with_its_systems_is_a_grid_of_one_item():
    assert place(["x/Song/ref.wav", "x/Song/a.wav"])["x/Song/a.wav"] == Place("Song", "a")


def test_an_ending_that_all_systems_share_is_no_part_of_their_names():
    found = place([f"{song}/{name}_vocals.flac" for song in "ab" for name in ("ref", "JY3", "UHL3")])
    assert {each.column for each in found.values() if each} == {"reference", "JY3", "UHL3"}


def test_a_name_typed_in_two_unicode_forms_is_one_item():
    nfc, nfd = (unicodedata.normalize(form, "Beyoncé") for form in ("NFC", "NFD"))
    found = place([f"reference/{nfc}.wav", f"umx/{nfd}.wav", "reference/b.wav", "umx/b.wav"])
    assert found[f"reference/{nfc}.wav"].item == found[f"umx/{nfd}.wav"].item


def test_files_that_are_no_sounds_have_no_place():
    found = place(["a/ref.wav", "a/x.wav", "b/ref.wav", "b/x.wav", "README.txt", "a/.hidden.wav", "__MACOSX/a/ref.wav"])
    assert [path for path, each in found.items() if each is None] == [
        "README.txt",
        "a/.hidden.wav",
        "__MACOSX/a/ref.wav",
    ]


def test_published_tests_on_disk_are_understood(data):
    for name, items, systems in (("sisec2018", 10, 6), ("gensvs2025", 6, 5)):
        root = data / name / "sounds"
        found = place([str(path.relative_to(root)) for path in root.rglob("*.flac")])
        columns = {each.column for each in found.values()} - {"reference", "mixture", "accompaniment"}
        assert len({each.item for each in found.values()}) == items
        assert len({column for column in columns if not column.endswith("-anchor")}) == systems
