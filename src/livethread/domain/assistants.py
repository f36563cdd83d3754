"""Assistants: stored configuration (reference sections 2.1 and 3.1)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from livethread.domain.body import Body, Instructions, Metadata, Model, Temperature, TopP
from livethread.domain.options import ReasoningEffort, ResponseFormat, stored_option
from livethread.domain.record import Record
from livethread.domain.resources import NewToolResources, ToolResources, filled_resources, stored_resources
from livethread.domain.tools import Tools, stored_tools
from livethread.ids import Ids


class AssistantCreate(Body):
    """The body of ``POST /assistants`` (reference section 2.1)."""

    model: Model
    name: Annotated[str, Field(max_length=256)] | None = None
    description: Annotated[str, Field(max_length=512)] | None = None
    instructions: Instructions | None = None
    reasoning_effort: ReasoningEffort | None = None
    tools: Tools | None = None
    tool_resources: NewToolResources | None = None
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    response_format: ResponseFormat | None = None


class AssistantUpdate(Body):
    """The body of ``POST /assistants/{assistant_id}``: what is not given stays, null goes back to the default."""

    model: Model = ""
    name: Annotated[str, Field(max_length=256)] | None = None
    description: Annotated[str, Field(max_length=512)] | None = None
    instructions: Instructions | None = None
    reasoning_effort: ReasoningEffort | None = None
    tools: Tools | None = None
    tool_resources: ToolResources | None = None
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    response_format: ResponseFormat | None = None


class Assistant(Record):
    """A stored assistant (reference section 3.1)."""

    object: Literal["assistant"] = "assistant"
    created_at: int
    name: str | None
    description: str | None
    model: str
    instructions: str | None
    tools: list[dict[str, Any]]
    top_p: float
    temperature: float
    reasoning_effort: str | None
    tool_resources: dict[str, Any]
    metadata: dict[str, str]
    response_format: str | dict[str, Any]

    @classmethod
    def create(cls, body: AssistantCreate, ids: Ids, now: int) -> Assistant:
        """A new assistant with the documented defaults."""
        tools = stored_tools(body.tools)
        return cls(
            id=ids.new("asst"),
            created_at=now,
            name=body.name,
            description=body.description,
            model=body.model,
            instructions=body.instructions,
            tools=tools,
            top_p=1.0 if body.top_p is None else body.top_p,
            temperature=1.0 if body.temperature is None else body.temperature,
            reasoning_effort=body.reasoning_effort,
            tool_resources=filled_resources(stored_resources(body.tool_resources, ids), tools),
            metadata=body.metadata or {},
            response_format=stored_option(body.response_format),
        )

    def updated(self, body: AssistantUpdate, ids: Ids) -> Assistant:
        """The assistant with the fields that the body gives; the others keep their value (reference section 2.1)."""
        plain = {"model", "name", "description", "instructions", "reasoning_effort"} & body.model_fields_set
        changes: dict[str, Any] = {field: getattr(body, field) for field in plain}
        if "temperature" in body.model_fields_set:
            changes["temperature"] = 1.0 if body.temperature is None else body.temperature
        if "top_p" in body.model_fields_set:
            changes["top_p"] = 1.0 if body.top_p is None else body.top_p
        if "response_format" in body.model_fields_set:
            changes["response_format"] = stored_option(body.response_format)
        if "metadata" in body.model_fields_set:
            changes["metadata"] = body.metadata or {}
        tools = stored_tools(body.tools) if "tools" in body.model_fields_set else self.tools
        resources = self.tool_resources
        if "tool_resources" in body.model_fields_set:
            resources = stored_resources(body.tool_resources, ids)
        changes |= {"tools": tools, "tool_resources": filled_resources(resources, tools)}
        return self.model_copy(update=changes)
