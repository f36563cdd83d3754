"""Models over HTTP: which names an assistant may use."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel
from starlette.responses import Response

from livethread.api.answers import answered
from livethread.errors import ApiError
from livethread.providers.registry import Registry
from livethread.services.answers import Answer


class Model(BaseModel):
    """A model, for the documentation only."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class Models(BaseModel):
    """All models, for the documentation only; the list is not paged."""

    object: Literal["list"]
    data: list[Model]


class ModelCalls:
    """The calls on models.

    Args:
        registry: knows them.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def list(self) -> Response:
        """List the models that are served."""
        models = [_model(id, owner) for id, owner in await self._registry.models()]
        return answered(Answer(json.dumps({"object": "list", "data": models})))

    async def get(self, model: str) -> Response:
        """Retrieve a model."""
        for id, owner in await self._registry.models():
            if id == model:
                return answered(Answer(json.dumps(_model(id, owner))))
        raise ApiError(f"The model '{model[:128]}' does not exist.", status=404, param="model", code="model_not_found")


def _model(id: str, owner: str) -> dict[str, object]:
    return {"id": id, "object": "model", "created": 0, "owned_by": owner}
