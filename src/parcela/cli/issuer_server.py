"""`parcela issuer serve` and `issuer new-keys`: an issuer's processor on its own, and its key pair."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from parcela.cli.acting import read_settings
from parcela.cli.entries import issuers
from parcela.cli.options import CommandError, HomeOption, say

if TYPE_CHECKING:
    from parcela.issuer.keys import FileKeys

__all__ = ["issuers", "make_keys", "serve"]

PRIVATE_FILE, PUBLIC_FILE, CERTIFICATE_FILE = "decryption.pem", "encryption-public.pem", "encryption.crt"
_DEFAULT_PORT = 8090
_MAX_CID_DIGITS = 10

NetworkKeyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--network-key",
        metavar="[CONSUMER_KEY=]FILE",
        help="The network's public key or certificate (PEM); may be given several times.",
    ),
]
DecryptionKeyOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--decryption-key",
        metavar="FILE",
        help="The issuer's private key (PEM), made by `parcela issuer new-keys`; may be given several times.",
    ),
]


@issuers.command("serve")
def serve(  # noqa: PLR0913 - each option of a command is a parameter
    *,
    network_key: NetworkKeyOption = None,
    decryption_key: DecryptionKeyOption = None,
    cid: Annotated[
        list[str] | None,
        typer.Option(metavar="CID", help="Company id whose plans are taken in; may be given several times."),
    ] = None,
    public_url: Annotated[
        str | None, typer.Option(help="The address that the network calls and signs (PARCELA_PUBLIC_URL).")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (PARCELA_HOST).")] = None,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = _DEFAULT_PORT,
    requests_per_second: Annotated[int, typer.Option(min=0, help="Limit per address; 0 for none.")] = 0,
    home: HomeOption = None,
) -> None:
    """Serve an issuer's processor: plan notifications in, real-time offers out, plans on card accounts."""
    keys = _load_keys(network_key or [], decryption_key or [])
    cids = _check_cids(cid or [])
    settings = read_settings(home=home, host=host, port=port, public_url=public_url)
    # The rest is heavy and needed by a server alone.
    from parcela.cli.issuer_process import serve_issuer
    from parcela.issuer.app import IssuerSettings

    issuer = IssuerSettings(
        public_url=settings.root_url,
        cids=cids,
        oauth_window_s=settings.oauth_window_seconds,
        requests_per_second=requests_per_second,
    )
    serve_issuer(settings, keys, issuer)


@issuers.command("new-keys")
def make_keys(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write the key pair.")],
) -> None:
    """Make the key pair to which the network encrypts: a private key, and its public half to register."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from parcela.operations.keys import compute_key_name, generate_key_pair, render_public_pem
    from parcela.sandbox.keys import make_certificate, write_private_file

    private_file = folder / PRIVATE_FILE
    if private_file.exists():
        raise CommandError(f"{private_file} exists already, and a key file is never replaced.")
    private_key = generate_key_pair()
    public_key = private_key.public_key()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private_file(private_file, pem)
        (folder / PUBLIC_FILE).write_text(render_public_pem(public_key), encoding="ascii")
        (folder / CERTIFICATE_FILE).write_bytes(make_certificate(private_key, name="Issuer encryption"))
    except OSError as error:
        raise CommandError(f"{folder} cannot be written ({error.strerror}).") from None
    say(f"Written to {folder}:")
    say(f"  {PRIVATE_FILE}  the private key, readable by you alone: --decryption-key {private_file}")
    say(
        f"  {PUBLIC_FILE}  its public half, and {CERTIFICATE_FILE} the same as a certificate: for the network"
    )
    say(f"Its kid is {compute_key_name(public_key)}.")
    say("At the network, an operator registers it for the issuer's client:")
    say(f"  parcela client key add CODE {folder / PUBLIC_FILE} --purpose client_encryption --as OPERATOR")
    say("and gives you the key that signs what it sends you, listed as platform_signing:")
    say("  parcela client key list CODE --pem")


def _load_keys(network_keys: list[str], decryption_keys: list[Path]) -> FileKeys:
    """Read the key files. Raises CommandError that says how to come by what is missing."""
    if not decryption_keys:
        raise CommandError(
            "Give the issuer's private key with --decryption-key FILE: `parcela issuer new-keys DIR` makes "
            "one."
        )
    if not network_keys:
        raise CommandError(
            "Give the network's public key with --network-key FILE: the network's operator shows it with "
            "`parcela client key list CODE --pem`, as platform_signing."
        )
    from parcela.issuer.keys import UnusableKey, load_file_keys

    for path in decryption_keys:
        if not path.exists():
            raise CommandError(
                f"There is no key file {path}: `parcela issuer new-keys {path.parent}` makes "
                f"{path.parent / PRIVATE_FILE}."
            )
    try:
        return load_file_keys(network_keys=network_keys, decryption_keys=decryption_keys)
    except UnusableKey as error:
        raise CommandError(str(error)) from None


def _check_cids(cids: list[str]) -> frozenset[str]:
    if not cids:
        raise CommandError("Give the company id whose plans are taken in with --cid, such as --cid 242666.")
    for cid in cids:
        if not (cid.isascii() and cid.isdigit() and len(cid) <= _MAX_CID_DIGITS):
            raise CommandError(f"A company id has 1 to {_MAX_CID_DIGITS} digits, not {cid!r}.")
    return frozenset(cids)
