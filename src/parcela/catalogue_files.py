"""Catalogue files in YAML: numbers keep their text, so that no rate or amount becomes a float."""

from decimal import Decimal
from typing import Any

import yaml

from parcela.domain.errors import InvalidInput


class _Loader(yaml.SafeLoader):
    """Plain YAML, but decimals stay exact and date-times stay text for the reader of documents."""


def _read_number(loader: _Loader, node: yaml.ScalarNode) -> Decimal | str:
    text = loader.construct_scalar(node)
    return Decimal(text) if text.replace(".", "", 1).lstrip("-").isdigit() else text


def _read_text(loader: _Loader, node: yaml.ScalarNode) -> str:
    text = loader.construct_scalar(node)
    return text.replace(" ", "T", 1) if len(text) > 10 else text


_Loader.add_constructor("tag:yaml.org,2002:float", _read_number)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _read_text)


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


def write_yaml(document: object) -> str:
    """A document as YAML, ready to be read by people and by `read_yaml`."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
