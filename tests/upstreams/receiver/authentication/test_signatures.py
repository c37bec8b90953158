"""X-ASRS-Signature, with Microsoft's own vector."""

from __future__ import annotations

import pytest

from upstreams.receiver.authentication.signatures import is_signed, sign

CONNECTION = "0f9c97a2f0bf4706afe87a14e0797b11"
PRIMARY = "7aab239577fd4f24bc919802fb629f5f"
SECONDARY = "a5f2815d0d0c4b00bd27e832432f91ab"
FIRST = "sha256=7767effcb3946f3e1de039df4b986ef02c110b1469d02c0a06f41b3b727ab561"
SECOND = "sha256=d4aefb65547a00a9881fa8ac8bd03d0faf77af9da5205d45c6e57cbda4377760"


def test_signs_as_microsofts_example() -> None:
    assert sign(PRIMARY, CONNECTION) == FIRST
    assert sign(SECONDARY, CONNECTION) == SECOND


@pytest.mark.parametrize("keys", [[PRIMARY], [SECONDARY], [PRIMARY, SECONDARY], ["", SECONDARY]])
@pytest.mark.parametrize(
    "header",
    [f"{FIRST},{SECOND}", f"{FIRST}, {SECOND}", f" {SECOND} ,{FIRST}", f"{FIRST},{SECOND}".upper()],
)
def test_accepts_signature_of_either_key(header: str, keys: list[str]) -> None:
    assert is_signed(header, CONNECTION, keys)


@pytest.mark.parametrize(
    "header",
    [
        "",
        ",",
        "sha256=",
        FIRST[:-1],
        FIRST.removeprefix("sha256="),
        "sha1=" + FIRST[7:],
        "sha256=é",
    ],
)
def test_refuses_signature_of_another_key(header: str) -> None:
    assert not is_signed(header, CONNECTION, [PRIMARY, SECONDARY])


def test_refuses_signature_of_another_connection() -> None:
    assert not is_signed(FIRST, "another", [PRIMARY])


@pytest.mark.parametrize("keys", [[], [""], ["wrong"]])
def test_refuses_signature_without_keys(keys: list[str]) -> None:
    assert not is_signed(FIRST, CONNECTION, keys)
    assert not is_signed(sign("", CONNECTION), CONNECTION, keys)


def test_ignores_surplus_entries() -> None:
    assert not is_signed(",".join(["sha256=00"] * 4 + [FIRST]), CONNECTION, [PRIMARY])
