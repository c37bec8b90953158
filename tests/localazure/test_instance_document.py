from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localazure.arm.errors import ArmError, InvalidContent, LocationFixed
from localazure.arm.resources import Resources
from localazure.arm.schema import ANYTHING, check
from localazure.arm.signalr import instance_document
from localazure.arm.signalr.shape import INSTANCE

TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
ARM_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.SignalRService/SignalR/one"
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)


def bodies(shape: Any) -> st.SearchStrategy[Any]:
    """Draw valid values of the shape, nulls included."""
    if isinstance(shape, dict):
        optional = {name: bodies(member) for name, member in shape.items()}
        return st.none() | st.fixed_dictionaries({}, optional=optional)
    if isinstance(shape, list):
        members = bodies(shape[0]).filter(lambda member: member is not None)
        return st.none() | st.lists(members, max_size=3)
    if shape is ANYTHING:
        return VALUES | st.dictionaries(st.text(max_size=3), VALUES, max_size=2)
    return st.none() | st.from_type(shape)


def merged(change: dict[str, Any]) -> dict[str, Any]:
    return instance_document.merged(
        instance_document.blank(ARM_ID, "westeurope"), change, Resources(), TENANT
    )


@given(bodies(INSTANCE))
def test_valid_bodies_are_merged_or_refused(body: Any) -> None:
    check(body, INSTANCE)
    before = copy.deepcopy(body)
    try:
        document = merged(body or {})
    except ArmError:
        return
    finally:
        assert body == before
    assert document["id"] == ARM_ID
    assert set(instance_document.blank(ARM_ID, "x")["properties"]) <= set(document["properties"])


@given(st.sampled_from(sorted(instance_document.blank(ARM_ID, "x")["properties"])))
def test_keeps_properties_that_are_not_named(name: str) -> None:
    change = {"properties": {"disableLocalAuth": True}}
    before = instance_document.blank(ARM_ID, "westeurope")["properties"]
    changed = merged(change)["properties"]
    assert (changed[name] == before[name]) is (name != "disableLocalAuth")


def test_refuses_another_location() -> None:
    assert merged({"location": "West Europe"})["location"] == "westeurope"
    with pytest.raises(LocationFixed):
        merged({"location": "eastus"})


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (1, str),
        (True, int),
        ({"a": {"b": 1}}, {"a": {"c": int}}),
        ([1, "2"], [int]),
        ([None], [int]),
        ({}, [int]),
        ([], {"a": int}),
    ],
)
def test_schema_refuses_other_types_and_names(value: Any, shape: Any) -> None:
    with pytest.raises(InvalidContent):
        check(value, shape)
