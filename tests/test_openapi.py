"""The description of the API against the running service: generated requests, each answer as described."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from feeds.api import OPENAPI
from reading_room import reading_room
from reading_site import TOKEN, asked_site

TOO_LONG = 414
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.BaseSchema]:
    """Serve an archive, and read the description from there."""
    room = reading_room(tmp_path_factory.mktemp("openapi") / "wireroom.db")
    with asked_site(tmp_path_factory.mktemp("site"), room.path, rates={}, base_url="http://testserver/") as ask:
        yield schemathesis.openapi.from_asgi("/api/openapi.json", ask.app)


DESCRIBED = json.loads(OPENAPI.read_bytes())["paths"]
ASKED = [
    (path, mode)
    for path, described in DESCRIBED.items()
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if mode is GenerationMode.POSITIVE
    or any(one["schema"]["type"] == "integer" for one in described["get"].get("parameters", ()))
]
"""Each address as it is described, and against it, where a parameter can be wrong."""


@pytest.mark.parametrize(("path", "mode"), ASKED)
@pytest.mark.parametrize("owner", [False, True])
def test_answers_are_as_described(
    described: schemathesis.BaseSchema, path: str, mode: GenerationMode, *, owner: bool
) -> None:
    """Whatever is asked."""
    headers = {"Authorization": f"Bearer {TOKEN}"} if owner else {}

    @settings(max_examples=15, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(case=described[path]["GET"].as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case[Any]) -> None:
        response = case.call(headers=headers)
        if response.status_code != TOO_LONG:  # of an address; the shell says so, before anything is read
            case.validate_response(response, checks=CHECKS)

    ask()


def test_description_is_an_openapi_file(described: schemathesis.BaseSchema) -> None:
    """By the specification's own schema."""
    described.validate()

    broken = schemathesis.openapi.from_dict(json.loads(OPENAPI.read_bytes()) | {"paths": {"/api/stories": {"get": 1}}})
    with pytest.raises(ValueError, match="is not of type"):
        broken.validate()
