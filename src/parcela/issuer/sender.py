"""Proof that the network sent a request: its OAuth 1.0a signature, by the rules of `spec/network.md` §3."""

from collections.abc import Callable

from starlette.requests import Request

from parcela.dialects.network.oauth import (
    OAuthHeader,
    OAuthRefusal,
    build_base_string,
    check_body_hash,
    check_timestamp,
    parse_authorization,
    verify_signature,
)
from parcela.issuer.ports import NonceBook, ReceiverKeys, SenderKey


class SenderCheck:
    """Proves the sender of a request and uses up its nonce.

    `public_url` is the configured address that the network signs: scheme, host, port and any prefix that
    a proxy takes away; what the request's own headers say about it never counts. `now_s` gives seconds
    since 1970 by a true clock.
    """

    def __init__(
        self,
        keys: ReceiverKeys,
        nonces: NonceBook,
        *,
        public_url: str,
        window_s: int,
        now_s: Callable[[], float],
    ) -> None:
        self._keys = keys
        self._nonces = nonces
        self._public_url = public_url
        self._window_s = window_s
        self._now_s = now_s

    async def check(self, request: Request, body: bytes) -> SenderKey:
        """The key that signed a request with this raw body. Raises OAuthRefusal and TryLater."""
        values = [value for name, value in request.scope["headers"] if name == b"authorization"]
        header = parse_authorization(values)
        check_timestamp(header, now_s=self._now_s(), window_s=self._window_s)
        check_body_hash(header, body)
        base_string = self._build_base_string(request, header)
        key = await self._keys.find_sender_key(header.consumer_key)
        verify_signature(header, base_string, None if key is None else key.public_key)
        assert key is not None, "no signature is proved without a key"
        if not await self._nonces.use(key, signed_at=header.timestamp, nonce=header.nonce):
            raise OAuthRefusal("nonce")
        # Using a nonce may have told of a key that was revoked meanwhile.
        if await self._keys.find_sender_key(header.consumer_key) is None:
            raise OAuthRefusal("signature", base_string)
        return key

    def _build_base_string(self, request: Request, header: OAuthHeader) -> str:
        raw_path: bytes = request.scope.get("raw_path") or request.url.path.encode()
        query: bytes = request.scope["query_string"]
        return build_base_string(
            header,
            method=request.method,
            base_url=self._public_url,
            raw_path=raw_path.partition(b"?")[0].decode("latin-1"),
            raw_query=query.decode("latin-1"),
        )
