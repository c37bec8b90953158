"""JSON is read strictly, and never at a cost that a sender can choose."""

from __future__ import annotations

import base64
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.encoding import MAX_DEPTH, base64url_bytes, json_object
from validation.errors import Reason, Refused

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(value=st.dictionaries(st.text(st.characters(codec="utf-8")), VALUES, max_size=4))
def test_reads_any_object(value: dict[str, object]) -> None:
    for is_ascii in (True, False):
        assert json_object(json.dumps(value, ensure_ascii=is_ascii).encode(), "text") == value


@given(data=st.binary(max_size=200) | st.text('{}[]",:\\u0d8 1', max_size=200).map(str.encode))
def test_refuses_other_bytes(data: bytes) -> None:
    with contextlib.suppress(Refused):
        assert isinstance(json_object(data, "text"), dict)


def test_brackets_in_strings_do_not_nest() -> None:
    text = json.dumps({"groups": "[{" * 500, "quoted": '"[' * 500})
    assert json_object(text.encode(), "text")["groups"] == "[{" * 500


def test_objects_side_by_side_do_not_nest() -> None:
    text = json.dumps({"list": [{}] * 100})
    assert json_object(text.encode(), "text") == {"list": [{}] * 100}


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


def test_nesting_has_documented_limit() -> None:
    assert json_object(nested(MAX_DEPTH), "text")
    with pytest.raises(Refused) as refused:
        json_object(nested(MAX_DEPTH + 1), "text")
    assert refused.value.reason is Reason.NESTED_TOO_DEEP


@given(data=st.binary(max_size=100))
def test_decodes_base64url(data: bytes) -> None:
    text = base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    assert base64url_bytes(text, "text") == data
