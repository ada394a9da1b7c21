"""Hooks of the simulators: functions that a test hangs in, to look or to do something at a moment. Async or not."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

Hook = Callable[..., Awaitable[None] | None]


async def tell(hook: Hook | None, *told: Any) -> None:
    if hook:
        result = hook(*told)
        if inspect.isawaitable(result):
            await result
