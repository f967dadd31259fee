"""Failed logins and unknown session ids are throttled, and nobody is locked out (`spec/gateway.md` §7)."""

from tests.support.gateway_world import GatewayWorld, Merchant

from parcela.dialects.gateway.throttle import BURST, Throttle

A, B, C = "192.0.2.1", "192.0.2.2", "192.0.2.3"


def fail(throttle: Throttle, times: int, address: str, user: str, now_s: float = 0.0) -> None:
    for _ in range(times):
        throttle.note_failure(address, user, now_s)


def test_a_caller_that_failed_too_often_waits_for_the_next_allowance() -> None:
    throttle = Throttle(burst=3, per_second=0.5)
    fail(throttle, 2, A, "u")
    assert throttle.find_wait_s(A, "u", 0.0) is None
    fail(throttle, 1, A, "u")
    assert throttle.find_wait_s(A, "u", 0.0) == 2
    assert throttle.find_wait_s(A, "u", 1.5) == 1
    assert throttle.find_wait_s(A, "u", 2.0) is None


def test_an_address_that_has_not_failed_is_let_in_whatever_others_tried() -> None:
    throttle = Throttle(burst=3, per_second=0.5)
    fail(throttle, 10, A, "u")
    assert throttle.find_wait_s(B, "u", 0.0) is None


def test_a_user_that_has_not_failed_is_let_in_from_an_address_that_has() -> None:
    throttle = Throttle(burst=3, per_second=0.5)
    fail(throttle, 10, A, "u")
    assert throttle.find_wait_s(A, "v", 0.0) is None


def test_guesses_from_many_addresses_use_up_the_user() -> None:
    throttle = Throttle(burst=3, per_second=0.5)
    fail(throttle, 3, A, "u")
    fail(throttle, 1, B, "u")
    assert throttle.find_wait_s(B, "u", 0.0) == 2


def test_names_from_one_address_use_up_the_address() -> None:
    throttle = Throttle(burst=3, per_second=0.5)
    for user in ("u", "v", "w"):
        fail(throttle, 1, A, user)
    assert throttle.find_wait_s(A, "u", 0.0) == 2


def test_an_address_of_version_6_counts_as_its_network() -> None:
    throttle = Throttle(burst=1, per_second=0.5)
    fail(throttle, 1, "2001:db8::1", "u")
    assert throttle.find_wait_s("2001:db8::ffff:2", "u", 0.0) == 2
    assert throttle.find_wait_s("2001:db8:0:1::1", "u", 0.0) is None


def test_what_has_recovered_is_forgotten() -> None:
    throttle = Throttle(burst=2, per_second=1.0)
    fail(throttle, 2, A, "u")
    assert throttle.find_wait_s(A, "u", 2.0) is None
    fail(throttle, 1, A, "u", 2.0)
    assert throttle.find_wait_s(A, "u", 2.0) is None


def test_memory_is_bounded_and_the_newest_stay() -> None:
    throttle = Throttle(burst=1, per_second=0.001)
    for number in range(10_100):
        throttle.note_failure(f"10.0.{number // 256}.{number % 256}", f"u{number}", 0.0)
    assert throttle.find_wait_s("10.0.0.0", "u0", 0.0) is None
    assert throttle.find_wait_s("10.0.39.115", "u10099", 0.0) == 1000


def test_a_hundred_wrong_logins_are_still_told_so() -> None:
    throttle = Throttle()
    fail(throttle, 100, A, "u")
    assert throttle.find_wait_s(A, "u", 0.0) is None
    fail(throttle, BURST - 100, A, "u")
    assert throttle.find_wait_s(A, "u", 0.0) == 1


def test_a_flood_of_wrong_logins_is_turned_away_and_not_written_down(gateway: GatewayWorld) -> None:
    gateway.set_parts(login_throttle=Throttle(burst=5, per_second=0.001))
    inquiry = {"apiOperation": "PAYMENT_OPTIONS_INQUIRY"}
    wrong = Merchant("TESTPARCELA01", "wrong")
    answers = [gateway.ask_nvp(inquiry, merchant=wrong, address=A) for _ in range(7)]
    assert [answer.status for answer in answers] == [401] * 4 + [429] * 3
    assert len(gateway.list_refusals()) == 4
    wait_s = int(answers[-1].headers["retry-after"])
    assert 990 <= wait_s <= 1000
    assert answers[-1].error == {
        "cause": "REQUEST_REJECTED",
        "explanation": f"Too many failed attempts.  Try again in {wait_s} seconds.",
    }
    # The right password from there waits too; from elsewhere it never does.
    assert gateway.ask_nvp(inquiry, address=A).status == 429
    assert gateway.ask_nvp(inquiry, address=B).status == 200
    # One wrong guess from elsewhere is the last there, while the user is used up.
    assert gateway.ask_nvp(inquiry, merchant=wrong, address=C).status == 429
    assert gateway.ask_nvp(inquiry, address=C).status == 429


def test_asking_for_a_challenge_is_no_failure(gateway: GatewayWorld) -> None:
    gateway.set_parts(login_throttle=Throttle(burst=2, per_second=0.001))
    path = "/api/rest/version/100/merchant/TESTPARCELA01/paymentOptionsInquiry"
    assert [gateway.send("POST", path).status for _ in range(5)] == [401] * 5
    assert gateway.ask("POST", "paymentOptionsInquiry").status == 200


def test_unknown_sessions_are_throttled_by_themselves(gateway: GatewayWorld) -> None:
    gateway.set_parts(session_throttle=Throttle(burst=3, per_second=0.001))
    unknown = "SESSION" + "0" * 24
    made = gateway.ask("POST", "session").body["session"]["id"]
    asked = [gateway.ask("GET", f"session/{unknown}").status for _ in range(4)]
    assert asked == [400, 400, 400, 429]
    # Neither a session in the address nor one in the body is looked at; everything else goes on.
    assert gateway.ask("GET", f"session/{made}").status == 429
    pay = {"apiOperation": "PAY", "session": {"id": made}}
    assert gateway.pay("ORD-1", "1", pay).status == 429
    assert gateway.ask("POST", "paymentOptionsInquiry").status == 200
