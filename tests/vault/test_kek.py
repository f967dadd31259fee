"""The key file: made once however many ask, and every damage told with its mend."""

import base64
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from parcela.vault.kek import KeyEncryptionKeys, KeyFileError, create_key_file, load_key_file

KEY = base64.b64encode(bytes(range(32))).decode()


def make_keys(*key_ids: str) -> KeyEncryptionKeys:
    return KeyEncryptionKeys(key_ids[0], {key_id: bytes([n]) * 32 for n, key_id in enumerate(key_ids)})


def test_a_new_file_is_its_owners_alone_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "kek.json"
    made = load_key_file(path, may_create=True)
    assert path.stat().st_mode & 0o777 == 0o600
    again = load_key_file(path, may_create=False)
    assert (again.active_id, again.keys) == (made.active_id, made.keys)
    assert [len(key) for key in made.keys.values()] == [32]
    assert list(path.parent.iterdir()) == [path]


def test_of_many_threads_that_make_the_file_all_get_one_key(tmp_path: Path) -> None:
    path = tmp_path / "kek.json"
    with ThreadPoolExecutor(16) as threads:
        made = list(threads.map(lambda _: create_key_file(path).keys["kek-1"], range(64)))
    assert set(made) == {load_key_file(path, may_create=False).keys["kek-1"]}
    assert list(tmp_path.iterdir()) == [path]


def test_of_many_processes_that_make_the_file_all_get_one_key(tmp_path: Path) -> None:
    path = tmp_path / "kek.json"
    program = (
        "import sys; from pathlib import Path; from parcela.vault.kek import load_key_file;"
        "print(load_key_file(Path(sys.argv[1]), may_create=True).keys['kek-1'].hex())"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE) for _ in range(4)
    ]
    printed = {process.communicate()[0].decode().strip() for process in started}
    assert printed == {load_key_file(path, may_create=False).keys["kek-1"].hex()}


def test_a_draft_that_a_crash_left_is_not_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "kek.json.1").write_text("{")
    assert list(load_key_file(tmp_path / "kek.json", may_create=True).keys) == ["kek-1"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is damaged: restore it from a backup."),  # empty
        ("{", "is damaged: restore it from a backup."),  # cut off
        ("[]", "is damaged: restore it from a backup."),  # another document
        ('{"active": "a"}', "is damaged: restore it from a backup."),  # no keys
        ('{"keys": {"a": "AAAA"}}', "is damaged: restore it from a backup."),  # none active
        ('{"active": "a", "keys": ["a"]}', "is damaged: restore it from a backup."),  # no object
        ('{"active": "a", "keys": {"a": "?"}}', "is damaged: restore it from a backup."),  # no base64
        ('{"active": "a", "keys": {"a": 5}}', "is damaged: restore it from a backup."),  # no text
        (
            '{"active": "a", "keys": {"a": "AAAA"}}',
            "must hold keys of 32 bytes and name one of them as active.",
        ),
        (
            json.dumps({"active": "b", "keys": {"a": KEY}}),
            "must hold keys of 32 bytes and name one of them as active.",
        ),
        (
            json.dumps({"active": [], "keys": {"a": KEY}}),
            "must hold keys of 32 bytes and name one of them as active.",
        ),
    ],
)
def test_a_damaged_file_is_told_and_never_replaced(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "kek.json"
    path.write_text(text)
    with pytest.raises(KeyFileError) as refusal:
        load_key_file(path, may_create=True)
    assert str(refusal.value) == f"The key file {path} {sentence}"
    assert path.read_text() == text


def test_a_missing_file_is_not_made_where_that_would_lose_data(tmp_path: Path) -> None:
    path = tmp_path / "kek.json"
    with pytest.raises(KeyFileError) as refusal:
        load_key_file(path, may_create=False)
    assert str(refusal.value) == (
        f"The key file {path} does not exist: set PARCELA_KEK_FILE to the file that holds the "
        "key-encryption key, or make one with `parcela vault new-key-file`."
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "kek.json"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(KeyFileError, match="cannot be read"):
        load_key_file(path, may_create=True)


def test_a_secret_opens_under_its_own_context_and_key_alone() -> None:
    keys = make_keys("new", "old")
    wrapped = keys.wrap(b"secret", context="a")
    assert keys.unwrap(wrapped, kek_id="new", context="a") == b"secret"
    for kek_id, context in (("new", "b"), ("old", "a")):
        with pytest.raises(KeyFileError, match=f"The key '{kek_id}' in the key file does not open"):
            keys.unwrap(wrapped, kek_id=kek_id, context=context)


def test_an_older_key_still_opens_what_it_wrapped() -> None:
    wrapped = make_keys("old").wrap(b"secret", context="a")
    rotated = KeyEncryptionKeys("new", {"new": bytes([7]) * 32, "old": bytes([0]) * 32})
    assert rotated.unwrap(wrapped, kek_id="old", context="a") == b"secret"


def test_a_key_that_the_file_lacks_is_named() -> None:
    with pytest.raises(KeyFileError) as refusal:
        make_keys("new").unwrap(b"", kek_id="old", context="a")
    assert str(refusal.value) == (
        "The key file has no key 'old', which the database's keys are wrapped with: restore it."
    )


def test_every_byte_of_a_wrapped_secret_counts() -> None:
    keys = make_keys("new")
    wrapped = keys.wrap(b"secret", context="a")
    for position in range(len(wrapped)):
        altered = bytearray(wrapped)
        altered[position] ^= 1
        with pytest.raises(KeyFileError):
            keys.unwrap(bytes(altered), kek_id="new", context="a")
    for length in range(len(wrapped)):
        with pytest.raises(KeyFileError):
            keys.unwrap(wrapped[:length], kek_id="new", context="a")


def test_equal_secrets_are_wrapped_differently() -> None:
    keys = make_keys("new")
    assert len({keys.wrap(b"secret", context="a") for _ in range(100)}) == 100


def test_no_way_of_showing_the_keys_shows_one() -> None:
    keys = KeyEncryptionKeys("new", {"new": b"K" * 32})
    assert "KKKK" not in repr(keys) + str(keys) + f"{keys}"
