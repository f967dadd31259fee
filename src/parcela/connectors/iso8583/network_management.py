"""Sign-on, sign-off and echo (0800, DE 70), which every side of a link asks and answers for itself."""

from datetime import datetime

from parcela.connectors.iso8583.messages import Message, make_response

SIGN_ON, SIGN_OFF, ECHO = "001", "002", "301"


def make_network_request(function: str, *, stan: str, now: datetime) -> dict[str, str]:
    """An 0800 of our own; the time is UTC, as DE 7 has it."""
    return {"t": "0800", "7": f"{now:%m%d%H%M%S}", "11": stan, "70": function}


def answer_network(message: Message) -> dict[str, str]:
    """The 0810 of a request: this side is there."""
    return make_response(message.elements, "00")
