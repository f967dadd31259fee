"""The `Authorization` of a request: OAuth 1.0a with RSA-SHA256 and a hash of the body."""

import base64
import hashlib
import secrets
import time
from urllib.parse import parse_qsl, quote, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

_DEFAULT_PORTS = {"http": 80, "https": 443}


def write_authorization(
    method: str, url: str, body: bytes, *, consumer_key: str, signing_key: RSAPrivateKey
) -> str:
    """The header of a request that is sent exactly so; it holds for this body, this minute and once."""
    members = {
        "oauth_body_hash": base64.b64encode(hashlib.sha256(body).digest()).decode(),
        "oauth_consumer_key": consumer_key,
        "oauth_nonce": secrets.token_hex(16),
        "oauth_signature_method": "RSA-SHA256",
        "oauth_timestamp": str(int(time.time())),
        "oauth_version": "1.0",
    }
    text = "&".join((method.upper(), _escape(_strip(url)), _escape(_list_parameters(url, members))))
    signature = signing_key.sign(text.encode(), PKCS1v15(), SHA256())
    signed = {**members, "oauth_signature": base64.b64encode(signature).decode()}
    return "OAuth " + ",".join(f'{name}="{_escape(value)}"' for name, value in signed.items())


def _strip(url: str) -> str:
    """Scheme, host and path, without a port that goes without saying (RFC 5849 §3.4.1.2)."""
    place = urlsplit(url)
    host = (place.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = "" if place.port in {None, _DEFAULT_PORTS.get(place.scheme)} else f":{place.port}"
    return f"{place.scheme.lower()}://{host}{port}{place.path or '/'}"


def _list_parameters(url: str, members: dict[str, str]) -> str:
    """All parameters, escaped, then sorted (RFC 5849 §3.4.1.3.2)."""
    pairs = [*parse_qsl(urlsplit(url).query, keep_blank_values=True), *members.items()]
    return "&".join(f"{name}={value}" for name, value in sorted((_escape(a), _escape(b)) for a, b in pairs))


def _escape(text: str) -> str:
    return quote(text, safe="~-._")
