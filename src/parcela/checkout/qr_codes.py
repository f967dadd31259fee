"""An address as a QR code in the page itself: a phone's camera opens the same payment there."""

import segno
from markupsafe import Markup

_QUIET_MODULES = 4
"""The white border that readers need (ISO/IEC 18004, 9.1)."""


def draw_qr_code(url: str) -> Markup:
    """The code as inline SVG, black on white in every colour scheme; its size is the style sheet's."""
    code = segno.make(url, error="l", micro=False)
    drawn: str = code.svg_inline(
        omitsize=True, border=_QUIET_MODULES, light="#fff", svgclass=None, lineclass=None
    )
    # The name is on the element around it.
    return Markup(drawn.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1))
