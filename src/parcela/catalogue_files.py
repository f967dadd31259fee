"""Catalogue files in YAML: numbers keep their text, so that no rate or amount becomes a float."""

import re
from decimal import Decimal
from typing import Any

import yaml

from parcela.domain.errors import InvalidInput

_PLAIN_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
_PLAIN_DECIMAL = re.compile(r"-?[0-9]*\.[0-9]+")


class _Loader(yaml.SafeLoader):
    """Plain YAML, but decimals stay exact and date-times stay text for the reader of documents."""


def _read_whole(loader: _Loader, node: yaml.ScalarNode) -> int | str:
    """YAML reads `0742` as octal and `1:30` as sixty-fold: what does not look like a number stays text."""
    text = loader.construct_scalar(node)
    return int(text) if _PLAIN_WHOLE.fullmatch(text) else text


def _read_decimal(loader: _Loader, node: yaml.ScalarNode) -> Decimal | str:
    text = loader.construct_scalar(node)
    return Decimal(text) if _PLAIN_DECIMAL.fullmatch(text) else text


def _read_text(loader: _Loader, node: yaml.ScalarNode) -> str:
    text = loader.construct_scalar(node)
    return text.replace(" ", "T", 1) if len(text) > 10 else text


def _read_mapping(loader: _Loader, node: yaml.MappingNode) -> Any:
    """A member that stands twice is refused: one of the two would silently not count."""
    seen: set[str] = set()
    for key, _ in node.value:
        problem = None
        if not isinstance(key, yaml.ScalarNode):
            problem = "the name of a member is a text"
        elif key.value in seen:
            problem = f"the member {key.value!r} stands twice"
        if problem is not None:
            raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
        seen.add(key.value)
    return loader.construct_yaml_map(node)


_Loader.add_constructor("tag:yaml.org,2002:int", _read_whole)
_Loader.add_constructor("tag:yaml.org,2002:float", _read_decimal)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _read_text)
_Loader.add_constructor("tag:yaml.org,2002:map", _read_mapping)


class _Dumper(yaml.SafeDumper):
    """Plain YAML without anchors, in the order of the document."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def read_yaml(text: str) -> Any:
    """A YAML document as builtins. Raises InvalidInput with the line of the slip."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = "" if mark is None else f" in line {mark.line + 1}"
        raise InvalidInput("catalogue file", f"YAML; {error.problem}{where}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidInput("catalogue file", f"YAML; {error}") from None
    except RecursionError:
        raise InvalidInput("catalogue file", "YAML that is not nested without end") from None


def write_yaml(document: object) -> str:
    """A document as YAML, ready to be read by people and by `read_yaml`."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
