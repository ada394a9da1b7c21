"""Calling a function with what it names: how handlers get casebot's parts without knowing who makes them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")

Parts = Mapping[str, Any]


@cache
def _names(function: Callable[..., object]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def call(function: Callable[..., T], known: Parts) -> T:
    """Calls `function` with those of `known` that it names; one that it names and nobody knows is a KeyError."""
    return function(**{name: known[name] for name in _names(function)})
