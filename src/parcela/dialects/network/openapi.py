"""The OpenAPI document of the network dialect: kept by hand in `openapi.yaml`, served as JSON."""

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import yaml

from parcela.dialects.network.settings import NetworkSettings


def render_openapi(settings: NetworkSettings) -> bytes:
    """The document as JSON, with this deployment's address."""
    document = {**_load_document(), "servers": [{"url": settings.public_url}]}
    return msgspec.json.encode(document)


@cache
def _load_document() -> dict[str, Any]:
    text = files("parcela.dialects.network").joinpath("openapi.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document
