"""The prefix, api-versions, headers and errors that routes of Microsoft.Authorization share."""

from __future__ import annotations

from localazure.arm import errors
from localazure.arm.versions import ApiVersions

PREFIX = "/{scope:path}/providers/Microsoft.Authorization"
# How much of its budget a request used; the service reports it in every response.
HEADERS = {"x-ms-request-charge": "1"}
_SINCE_2020 = ("condition", "conditionVersion", "description", "delegatedManagedIdentityResourceId")
API_VERSIONS = ApiVersions(
    (
        "2014-04-01-preview",
        "2015-07-01",
        "2017-10-01-preview",
        "2018-01-01-preview",
        "2018-05-01-preview",
        "2018-07-01",
        "2018-09-01-preview",
        "2018-12-01-preview",
        "2019-04-01-preview",
        "2020-03-01-preview",
        "2020-04-01-preview",
        "2020-08-01-preview",
        "2020-10-01-preview",
        "2021-04-01-preview",
        "2022-01-01-preview",
        "2022-04-01",
        "2022-05-01-preview",
    ),
    since={f"properties.{name}": "2020-03-01-preview" for name in _SINCE_2020},
)


class UnsupportedFilter(errors.ArmError):
    """A `$filter` that the list does not support."""

    code = "UnsupportedQuery"

    def __init__(self, text: str) -> None:
        super().__init__(f"The filter '{text}' is not supported.")


class RoleDefinitionDoesNotExist(errors.ArmError):
    """No role definition has this id."""

    code = "RoleDefinitionDoesNotExist"

    def __init__(self, definition_id: str) -> None:
        super().__init__(f"The specified role definition with ID '{definition_id}' does not exist.")


class RoleDefinitionNotFound(RoleDefinitionDoesNotExist):
    """No role definition has this id, when the definition itself is read."""

    status = 404
