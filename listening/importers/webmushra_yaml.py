r"""YAML as webMUSHRA's own loader takes it, which is none of the standard's.

It reads line by line and takes what follows the first colon as it stands: `content: see: below` and `content: @home`
are texts. `yes`, `no`, `on` and `off` are texts too, `010` is eight, `1,000` is a thousand, `1_000`, `12:30` and dates
are texts. Here such values are quoted first, and PyYAML with those rules reads the rest, which a strict loader would
read alike.
"""

import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

from lossmodel.errors import BadInput

KEY = re.compile(
    r"""^(?P<lead>\s*(?:-\s+)*)(?P<key>"[^"]*"|'[^']*'|[^\s#:"'\[\]{}&*!|>%@`-][^:#]*?)\s*:\s+(?P<value>\S.*)$"""
)
QUOTED_ITEM = re.compile(r"""^\s*(?:-\s+)+(?P<quote>["'])(?P<rest>.*)$""")
BLOCK = re.compile(r"[|>][-+0-9]*\s*(#.*)?$")
ESCAPE = re.compile(r'\\(?![0abtnve "/\\N_LPxuU])')
"""A backslash in double quotes that begins none of YAML's escapes: it stands for itself."""
MISREAD = re.compile(r":(\s|$)|^[@%`|>]|^[-?]\s|^!")
"""What the standard does not take as a plain text, and the loader does."""
UNSTORABLE = re.compile("[\\x00\\ud800-\\udfff]")
"""NUL and halves of characters, which no database keeps."""
MAX_CHARACTERS = 4_000_000
MAX_NODES = 200_000
"""Values of a configuration, aliases written out: hundreds of pages of a dozen sounds have fewer."""
ESCAPED_QUOTE = re.compile(r'\\.|"')


class _Loader(yaml.SafeLoader):
    """The safe loader with the loader's own words for true, false, null and numbers, and no dates."""

    yaml_implicit_resolvers: dict[str, Any] = {}


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$", re.IGNORECASE), list("tTfF"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$", re.IGNORECASE), ["~", "n", "N", ""]
)
_Loader.add_implicit_resolver(
    "!number",
    re.compile(r"^[-+]?(?:0x[0-9a-f]+|[0-9,]*\.?[0-9]+(?:e[-+]?[0-9]+)?)$", re.IGNORECASE),
    list("-+0123456789."),
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^<<$"), ["<"])


def _number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float | int | str:
    """Return the number as JavaScript has it: octal after a 0, hexadecimal after 0x, commas left out."""
    text = loader.construct_scalar(node).replace(",", "")
    if re.fullmatch(r"0[0-7]+", text):
        return int(text, 8)
    value = int(text, 16) if text[:2].lower() == "0x" else float(text)
    return int(value) if value == int(value) else value


_Loader.add_constructor("!number", _number)


def load(where: str, text: str) -> Any:
    """Return what the text holds; `BadInput` names the line that cannot be read."""
    if len(text) > MAX_CHARACTERS:
        raise BadInput(f"{where}: {len(text)} characters; a configuration has at most {MAX_CHARACTERS}")
    mended = "\n".join(_lines(text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")))
    try:
        held = _constructed(where, mended)
    except BadInput:
        raise
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        shown = text.splitlines()[line - 1].strip() if line <= len(text.splitlines()) else "its end"
        raise BadInput(f"{where}: line {line}: {shown!r} cannot be read as YAML ({error.problem})") from None
    except RecursionError:
        raise BadInput(f"{where}: nested too deeply; check its brackets and indentation") from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise BadInput(f"{where}: not a YAML file ({' '.join(str(error).split())})") from None
    for found in _texts(held):
        if UNSTORABLE.search(found):
            raise BadInput(f"{where}: {found!r} has an escaped character that is not text; remove it")
    return held


def _constructed(where: str, text: str) -> Any:
    """Return what the text holds; `BadInput` before anything is made of aliases that hold one another many times."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        size = _size_in_nodes(node, {})
        if size > MAX_NODES:
            raise BadInput(f"{where}: its aliases (*) expand to more than {MAX_NODES} values; use fewer")
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _size_in_nodes(node: yaml.Node, known: dict[int, float]) -> float:
    """Return how many values a node holds with every alias written out; infinitely many if it holds itself."""
    if id(node) not in known:
        known[id(node)] = math.inf
        pairs = node.value if isinstance(node, yaml.CollectionNode) else []
        below = [each for pair in pairs for each in pair] if isinstance(node, yaml.MappingNode) else pairs
        known[id(node)] = 1 + sum(_size_in_nodes(each, known) for each in below)
    return known[id(node)]


def as_text(value: Any) -> str:
    """Return a value as JavaScript writes it into a text, "" for nothing, and for what is no single value.

    >>> as_text(0), as_text(True), as_text(1.50), as_text(None)
    ('0', 'true', '1.5', '')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None or isinstance(value, dict | list) else str(value)


def mappings(value: Any) -> list[dict[str, Any]]:
    """Return the mappings of a list; none of anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in what was read, each object once however often it is referred to."""
    rest, seen = [value], set()
    while rest:
        one = rest.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict | list) and id(one) not in seen:
            seen.add(id(one))
            rest += [*one, *one.values()] if isinstance(one, dict) else one


def _lines(text: str) -> Iterator[str]:
    """Yield the lines, quoted where the loader takes as text what the standard would not."""
    block, quoted = -1, ""
    for line in text.split("\n"):
        indent = len(line) - len(line.lstrip())
        if block >= 0 and (not line.strip() or indent > block):
            yield line
            continue
        block = -1
        if quoted:
            quoted = "" if _closes(line, quoted) else quoted
            yield _own_backslashes(line)
            continue
        found = KEY.match(line)
        value = found["value"].rstrip() if found else ""
        if found is None and (item := QUOTED_ITEM.match(line)):
            quoted = "" if _closes(item["rest"], item["quote"]) else item["quote"]
        if found and BLOCK.match(value):
            block = len(found["lead"])
        elif value[:1] in {'"', "'"}:
            quoted = "" if _closes(value[1:], value[0]) else value[0]
        yield line if found is None or block >= 0 else f"{found['lead']}{found['key']}: {_value(value)}"


def _closes(text: str, quote: str) -> bool:
    if quote == "'":
        return text.replace("''", "").count("'") > 0
    return any(each[0] == '"' for each in ESCAPED_QUOTE.findall(text))


def _value(value: str) -> str:
    """Return what stands behind a colon, quoted if the standard would take it for something else than its text."""
    if value[0] == '"':
        return _own_backslashes(value)
    if value[0] in "'[{&*#":
        return value
    plain = re.split(r"\s#", value, maxsplit=1)[0].rstrip()
    return "'" + plain.replace("'", "''") + "'" if MISREAD.search(plain) else value


def _own_backslashes(text: str) -> str:
    return ESCAPE.sub(r"\\\\", text)
