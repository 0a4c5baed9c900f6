"""``python -m lossmodel``: metrics, fit, score, analyse, plan. What is heavy is imported when its command runs."""

import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lossmodel import manifest as manifests
from lossmodel.cli import complain, run, say
from lossmodel.errors import BadInput
from lossmodel.manifest import Pair
from lossmodel.plan import plan
from lossmodel.progress import bar
from lossmodel.ratings.thresholds import Rules

if TYPE_CHECKING:
    from pandas import DataFrame

    from lossmodel.objective.config import FitRecipe
    from lossmodel.objective.fitting.evaluate import By, Evaluation
    from lossmodel.objective.report.contents import Report

EXIT_SOME_FAILED = 1


def main() -> None:
    """Run the command that the shell names."""
    commands: tuple[Callable[..., object], ...] = (metrics, compare, fit, score, suggest, analyse, plan)
    run(
        {command.__name__: command for command in commands},
        prog="python -m lossmodel",
        description="Fit objectives to ratings, predict ratings and analyse listening tests.",
    )


def metrics(*, manifest: Path, output: Path, only: str = "") -> int:
    """Measure every row of a manifest with published metrics.

    A row that cannot be measured is reported, and the column `missing` says why; the others are measured, and the exit
    status is then 1.

    For example:

        python -m lossmodel metrics --manifest pairs.csv --output metrics.csv
        python -m lossmodel metrics --manifest pairs.csv --output metrics.csv --only sdr,si_sdr

    Args:
        manifest: CSV with the columns item, condition, estimate, reference, mixture, accompaniment.
        output: The manifest's rows with one column per metric.
        only: Names of metrics, separated by commas; all if empty.
    """
    from lossmodel.metrics import families, measure

    wanted = families.parsed_names(only)
    pairs = manifests.read(manifest, check_files=False)
    if not only:
        complain(*(f"left out: {why}" for why in families.UNAVAILABLE.values()))
    with bar("measuring") as report:
        rows = measure.measure(pairs, only=wanted, report=report)
    measure.write(output, rows)
    complain(*(remark for row in rows for remark in row.remarks))
    failed = [row for row in rows if row.error]
    complain(*(f"{row.pair.item}, {row.pair.condition}: {row.error}" for row in failed))
    say(f"{output}: {len(rows) - len(failed)} of {len(rows)} rows measured")
    counts = measure.missing_counts(rows)
    for count in sorted(set(counts.values())):
        say(f"no value in {count} of {len(rows)} rows: {', '.join(name for name in counts if counts[name] == count)}")
    return EXIT_SOME_FAILED if failed else 0


def compare(*, ratings: tuple[Path, ...], metrics: tuple[Path, ...], output: Path, seed: int = 1) -> None:
    """Show how well measured values agree with ratings: a Markdown page of correlations with intervals over songs.

    For example:

        python -m lossmodel metrics --manifest pairs.csv --output metrics.csv
        python -m lossmodel compare --ratings ratings.csv --metrics metrics.csv --output metrics.md

    Args:
        ratings: CSV files with one row per rating, of one or several studies.
        metrics: CSV files with measured values, as written by the commands metrics and score.
        output: The Markdown page.
        seed: Seed of all resampling.
    """
    from lossmodel.files import atomic_file
    from lossmodel.objective import compare as comparison
    from lossmodel.ratings import table

    rated = comparison.together([table.read(path) for path in ratings])
    values = comparison.together([comparison.read_values(path) for path in metrics])
    found = comparison.compare(rated, values, seed=seed)
    with atomic_file(output) as part:
        part.write_text(comparison.page(found, command="python -m lossmodel compare"), encoding="utf-8")
    say(f"{output}: {found['metric'].nunique()} metrics, {len(found.groupby(['study', 'attribute']))} attributes")


def fit(
    *,
    ratings: Path,
    manifest: Path,
    output: Path,
    recipe: str = "compact",
    crossval: Literal["song", "song-and-system"] | None = None,
    screening: bool = True,
    cache: Path | None = None,
) -> None:
    """Fit an objective to ratings and write a folder with weights, card.json and report.html.

    For example:

        python -m lossmodel fit --ratings ratings.csv --manifest pairs.csv --output objective --crossval song

    Args:
        ratings: CSV with one row per rating.
        manifest: CSV that names the audio of every rated item and condition.
        output: Folder for the objective; replaced if it exists.
        recipe: Name of a recipe of the package, or a TOML file.
        crossval: Also print and report how well left-out songs are predicted, next to every metric.
        screening: Leave out assessors whom BS.1534-3's rule 1 excludes.
        cache: Folder in which computed features are cached for the next fit.
    """
    from lossmodel.objective import config, store
    from lossmodel.objective.fitting.fit import fit as fit_objective
    from lossmodel.objective.report import evidence
    from lossmodel.ratings import table

    chosen, pairs, rated = config.load(recipe), manifests.read(manifest), table.read(ratings)
    kept, screened = _screened(rated) if screening else (rated, None)
    with _folder(cache) as features:
        evaluation, report = _crossvalidated(kept, pairs, chosen, crossval, features) if crossval else (None, None)
        with bar("fitting") as progress:
            objective = fit_objective(kept, pairs, chosen, cache=features, report=progress)
    card = store.describe(chosen, kept, inputs={"ratings": ratings, "manifest": manifest}, evaluation=evaluation)
    name = store.save(objective, output, card={**card, "screening": screened})
    evidence.publish(output, report, pairs)
    say(f"{output}: objective {name[:12]} for {', '.join(card['data'])}")


def score(
    *,
    manifest: Path | None = None,
    output: Path | None = None,
    objective: Path | None = None,
    estimate: Path | None = None,
    reference: tuple[Path, ...] = (),
    mixture: Path | None = None,
) -> None:
    """Predict ratings (0-100, with a 90 % interval) for the rows of a manifest, or for one estimate.

    For example:

        python -m lossmodel score --manifest pairs.csv --output scores.csv --objective objective
        python -m lossmodel score --estimate vocals.wav --reference true.wav --mixture song.wav --objective objective

    Args:
        manifest: CSV with the columns item, condition, estimate, reference, mixture, accompaniment.
        output: The manifest's rows with their predictions; printed if not given.
        objective: Folder of a fitted objective; the package's own if not given.
        estimate: One audio file to judge, instead of a manifest.
        reference: The admissible true vocals of that file, one or several.
        mixture: The mixture that it was separated from.
    """
    from lossmodel.objective import store
    from lossmodel.objective.score import score as predict

    pairs = manifests.read(manifest) if manifest else [_pair(estimate, reference, mixture)]
    with bar("scoring") as report:
        scores = predict(store.load(objective or store.default()), pairs, report=report)
    if output:
        manifests.write(output, pairs, [each.columns() for each in scores])
        say(f"{output}: {len(scores)} rows scored")
        return
    for each in scores:
        say(f"{each.item}, {each.condition}: " + ", ".join(f"{name} {value}" for name, value in each.columns().items()))


def suggest(
    *, objective: Path, ratings: Path, manifest: Path, output: Path, most: int = 30, cache: Path | None = None
) -> None:
    """Suggest which stimuli to rate next: those from which an objective would learn most, with the reasons.

    For example:

        python -m lossmodel suggest --objective objective --ratings ratings.csv --manifest pairs.csv --output next.csv

    Args:
        objective: Folder of a fitted objective.
        ratings: CSV with the ratings that it was fitted to.
        manifest: CSV that names the audio of the candidates and of the rated stimuli.
        output: CSV with a row per stimulus, the most useful first.
        most: Maximum number of stimuli.
        cache: Folder in which measured metrics are cached for the next time.
    """
    from lossmodel.objective import store
    from lossmodel.objective.report import evidence
    from lossmodel.ratings import table

    if most < 1:
        raise BadInput(f"--most {most}: give at least 1")
    pairs, rated, fitted = manifests.read(manifest), table.read(ratings), store.load(objective)
    if not any(pair.role == "system" for pair in pairs):
        raise BadInput(f"{manifest}: no row is a system, and only systems are suggested; add some")
    with bar("extracting features and measuring") as report:
        found = evidence.rank(fitted, rated, pairs, most=most, cache=cache, report=report)
    evidence.write_suggestions(output, found)
    first = found[0]
    say(f"{output}: {len(found)} stimuli; first {first.item}, {first.condition}: {'; '.join(first.reasons)}")


def analyse(
    *,
    ratings: tuple[Path, ...],
    output: Path,
    rules: Rules = Rules(),  # noqa: B008 frozen
    margin: float | None = None,
    baseline: str | None = None,
    predictions: Path | None = None,
    seed: int = 0,
) -> None:
    """Screen, describe, test and plot the ratings of a listening test, and write a folder with index.html.

    For example:

        python -m lossmodel analyse --ratings ratings.csv --output analysis
        python -m lossmodel analyse --ratings ratings.csv --output analysis --mid-anchor anchor70
        python -m lossmodel analyse --ratings ratings.csv --output analysis --margin 5 --baseline open-unmix
        python -m lossmodel analyse --ratings ratings.csv --output analysis --predictions scores.csv

    Args:
        ratings: CSV with one row per rating; several files, or one with several studies, are also compared.
        output: Folder for tables, figures and the page; replaced if it exists.
        rules: Thresholds of the screening.
        margin: Points by which a system may be worse and still count as no worse; each pair is also tested against it.
        baseline: System that every other one is set against, in a figure and baseline.csv.
        predictions: What the command score wrote for the same stimuli: drawn and correlated with the ratings.
        seed: Seed of all resampling.
    """
    from lossmodel.ratings import predicted, table
    from lossmodel.ratings.analyse import analyse as write_analysis

    command, rated = shlex.join(["python", "-m", "lossmodel", *sys.argv[1:]]), table.read_all(ratings)
    told = predicted.read(predictions) if predictions else None
    with bar("analysing") as report:
        found = write_analysis(
            rated, output, rules=rules, seed=seed, margin=margin, baseline=baseline, predictions=told, sources=ratings,
            command=command, report=report,
        )  # fmt: skip
    say(*(f"excluded: {each}" for each in found.screening.exclusions))
    say(*found.screening.notes, f"{output / 'index.html'}: written")


def _screened(rated: "DataFrame") -> "tuple[DataFrame, dict[str, Any]]":
    """Return the ratings that post-screening keeps and its record for the card; say who goes."""
    from lossmodel.ratings.screening import screen

    found = screen(rated)
    complain(*(f"excluded: {each}" for each in found.exclusions))
    return found.keep(rated), found.to_json()


def _crossvalidated(
    rated: "DataFrame", pairs: list[Pair], recipe: "FitRecipe", by: "By", features: Path
) -> "tuple[Evaluation, Report]":
    """Print how well left-out songs are predicted, also by every metric; return that for the card, and the report."""
    from lossmodel.objective.fitting.evaluate import cross_validate
    from lossmodel.objective.report import evidence

    with bar("cross-validating") as progress:
        evaluation = cross_validate(rated, pairs, recipe, by=by, cache=features, report=progress)
    say(*evaluation.lines())
    with bar("measuring metrics and the learning curve") as progress:
        report = evidence.gather(evaluation, rated, pairs, recipe, cache=features, report=progress)
    say(*evidence.lines(report))
    return evaluation, report


def _pair(estimate: Path | None, references: tuple[Path, ...], mixture: Path | None) -> Pair:
    if estimate is None or not references:
        raise BadInput("nothing to score: give --manifest, or --estimate with --reference and --mixture")
    return Pair(estimate.parent.name or ".", estimate.stem, "system", estimate, references, mixture)


@contextmanager
def _folder(cache: Path | None) -> Iterator[Path]:
    """Yield the folder for features: the given one, or one that lasts as long as the command."""
    if cache:
        yield cache
        return
    with tempfile.TemporaryDirectory(prefix="features-") as folder:
        yield Path(folder)


if __name__ == "__main__":
    main()
