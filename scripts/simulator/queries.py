# SPDX-License-Identifier: Apache-2.0
"""Lists as Cloud Foundry's API v3 gives them: filters, label selectors, order, and pages with absolute links."""

from __future__ import annotations

import datetime
import re
import urllib.parse
from collections.abc import Callable
from typing import Any

from .clock import parse, stamp

Json = dict[str, Any]
PAGING = ("page", "per_page", "order_by")
TIMES = tuple(
    f"{name}{suffix}" for name in ("created_ats", "updated_ats") for suffix in ("", "[lt]", "[lte]", "[gt]", "[gte]")
)
LARGEST_PAGE = 5000


class BadQuery(Exception):
    """A query that the platform answers with 400."""


def names(text: str) -> list[str]:
    """The values of a filter, which are parted by commas and encoded once more."""
    return [urllib.parse.unquote(part) for part in text.split(",")]


def selects(selector: str, labels: Json) -> bool:
    """Whether labels fit a selector: `a=b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, joined by commas."""
    return all(_fits(part.strip(), labels) for part in re.split(r",(?![^(]*\))", selector))


def _fits(part: str, labels: Json) -> bool:
    if found := re.fullmatch(r"(\S+?)\s+(in|notin)\s*\(([^)]*)\)", part):
        name, verb, values = found.groups()
        return (labels.get(name) in [value.strip() for value in values.split(",")]) == (verb == "in")
    if found := re.fullmatch(r"([^=!]+)(==|=|!=)(.*)", part):
        name, verb, value = found.groups()
        return (labels.get(name) == value) == (verb != "!=")
    if found := re.fullmatch(r"!(\S+)", part):
        return found[1] not in labels
    if not part or not re.fullmatch(r"[\w./-]+", part):
        raise BadQuery(f"The query parameter is invalid: Invalid label_selector value: {part!r}")
    return part in labels


def in_time(parameter: str, text: str, moment: datetime.datetime) -> bool:
    """Whether a time fits a filter such as `created_ats[gt]`."""
    try:
        bounds = [parse(value) for value in text.split(",")]
    except ValueError as error:
        raise BadQuery(f"The query parameter is invalid: {parameter} has no valid timestamp") from error
    moment = moment.replace(microsecond=0)
    match parameter.partition("[")[2].rstrip("]"):
        case "lt":
            return moment < bounds[0]
        case "lte":
            return moment <= bounds[0]
        case "gt":
            return moment > bounds[0]
        case "gte":
            return moment >= bounds[0]
        case _:
            return moment in bounds


def check(query: dict[str, str], allowed: tuple[str, ...]) -> None:
    """Raises BadQuery for a parameter that the list does not know, as the platform does."""
    unknown = [name for name in query if name not in allowed]
    if unknown:
        told = ", ".join(f"'{name}'" for name in unknown)
        known = ", ".join(f"'{name}'" for name in allowed)
        raise BadQuery(
            f"The query parameter is invalid: Unknown query parameter(s): {told}. Valid parameters are: {known}"
        )


def _whole(query: dict[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, str(default))
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise BadQuery(
            f"The query parameter is invalid: {name.replace('_', ' ').capitalize()} must be between 1 and {most}"
        )
    return int(text)


def page(
    url: str,
    query: dict[str, str],
    resources: list[Any],
    present: Callable[[Any], Json],
    orders: dict[str, Callable[[Any], Any]],
    largest: int = LARGEST_PAGE,
) -> Json:
    """One page of a list. `largest` makes pages smaller than the client asked for, so that it has to follow links."""
    order = query.get("order_by", "created_at")
    if order.lstrip("+-") not in orders:
        allowed = ", ".join(f"'{name}'" for name in orders)
        raise BadQuery(f"The query parameter is invalid: Order by can only be: {allowed}")
    resources = sorted(resources, key=orders[order.lstrip("+-")], reverse=order.startswith("-"))
    number, size = _whole(query, "page", 1, 2**31), min(_whole(query, "per_page", 50, LARGEST_PAGE), largest)
    last = max(1, -(-len(resources) // size))

    def link(target: int) -> Json:
        return {"href": f"{url}?{urllib.parse.urlencode({**query, 'page': target, 'per_page': size})}"}

    shown = resources[(number - 1) * size : number * size]
    return {
        "pagination": {
            "total_results": len(resources),
            "total_pages": last,
            "first": link(1),
            "last": link(last),
            "next": link(number + 1) if number < last else None,
            "previous": link(number - 1) if number > 1 else None,
        },
        "resources": [present(resource) for resource in shown],
    }


def metadata(value: Any) -> tuple[Json, Json]:
    """Labels and annotations from a body's `metadata`. Raises ValueError in the platform's words if they are bad."""
    value = value or {}
    labels, annotations = value.get("labels") or {}, value.get("annotations") or {}
    for name, label in labels.items():
        prefix, _, bare = name.rpartition("/")
        if not re.fullmatch(r"[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?", bare) or prefix == "cloudfoundry.org":
            raise ValueError(f"Metadata label key error: '{name}' contains invalid characters")
        if label is not None and not re.fullmatch(r"([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?", str(label)):
            raise ValueError(
                f"Metadata label value error: '{label}' contains invalid characters or has over 63 characters"
            )
    for name, text in annotations.items():
        if text is not None and len(str(text)) > 5000:
            raise ValueError(f"Metadata annotation value error: '{name}' is greater than 5000 characters")
    return labels, annotations


def merged(old: Json, changes: Json) -> Json:
    """Metadata after a change; null removes."""
    return {name: value for name, value in {**old, **changes}.items() if value is not None}


def times(moment: datetime.datetime, changed: datetime.datetime) -> Json:
    return {"created_at": stamp(moment), "updated_at": stamp(changed)}
