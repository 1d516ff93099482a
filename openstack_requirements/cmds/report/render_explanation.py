# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.
"""Explanations of installed versions as text and JSON."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

from openstack_requirements.cmds.report.render_holds import (
    because,
    demand_data,
    hold_data,
)
from openstack_requirements.errors import printable
from openstack_requirements.output import json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from openstack_requirements.constraints.explain import Bounds, Explanation
    from openstack_requirements.constraints.graph import Demand
    from openstack_requirements.constraints.reasons import Hold

#: The formats that :func:`render` knows.
Format = Literal["text", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)


def render(
    explanations: Sequence[Explanation],
    form: Format,
    *,
    everything: bool = False,
    newer: Mapping[str, Hold] = MappingProxyType({}),
) -> str:
    """Render the explanations of a name, one for each interpreter.

    :param everything: show in text also the requirements that only count for
        extras which nothing requires; JSON always has them.
    :param newer: what keeps a newer version away, by Python.
    """
    formats: dict[Format, Callable[[], str]] = {
        "text": lambda: to_text(
            explanations, everything=everything, newer=newer
        ),
        "json": lambda: to_json(explanations, newer),
    }
    return formats[form]()


def to_text(
    explanations: Sequence[Explanation],
    *,
    everything: bool = False,
    newer: Mapping[str, Hold] = MappingProxyType({}),
) -> str:
    """Render the explanations for a terminal; equal ones share a block."""
    groups: dict[tuple[Explanation, str], list[str]] = {}
    for explanation in explanations:
        hold = newer.get(explanation.python)
        reason = because(hold, str) if hold is not None else ""
        key = explanation._replace(python=""), reason
        groups.setdefault(key, []).append(explanation.python)
    blocks = [
        [
            *_block(explanation, pythons, everything=everything),
            *([f"  {reason}"] if reason else []),
        ]
        for (explanation, reason), pythons in groups.items()
    ]
    return "\n".join(
        "".join(f"{printable(line)}\n" for line in block) for block in blocks
    )


def to_json(
    explanations: Iterable[Explanation],
    newer: Mapping[str, Hold] = MappingProxyType({}),
) -> str:
    """Render the explanations for programs: one JSON object."""
    pythons = list(explanations)
    return json_text(
        {
            "name": pythons[0].name if pythons else None,
            "pythons": [
                _data(explanation, newer.get(explanation.python))
                for explanation in pythons
            ],
        }
    )


def _data(explanation: Explanation, newer: Hold | None) -> dict[str, Any]:
    bounds = explanation.bounds
    return {
        "python_version": explanation.python,
        "name": explanation.name,
        "version": explanation.version or None,
        "chain": list(map(demand_data, explanation.chain)),
        "demands": list(map(demand_data, explanation.demands)),
        "together": bounds.together,
        "lower": _bound_data(bounds.lower, bounds.lower_by),
        "upper": _bound_data(bounds.upper, bounds.upper_by),
        "unmet": list(map(demand_data, bounds.unmet)),
        "newer": hold_data(newer) if newer is not None else None,
    }


def _bound_data(
    clause: str, demands: Iterable[Demand]
) -> dict[str, Any] | None:
    if not clause:
        return None
    return {"clause": clause, "by": list(map(demand_data, demands))}


def _block(
    explanation: Explanation, pythons: Sequence[str], *, everything: bool
) -> list[str]:
    """The lines for interpreters that have the same explanation."""
    version = explanation.version or "is not installed"
    lines = [f"{explanation.name} {version} (Python {', '.join(pythons)})"]
    chain = explanation.chain
    if chain:
        names = [*(demand.who for demand in chain), chain[-1].text]
        lines.append(f"  because of: {' -> '.join(names)}")
    elif explanation.version:
        lines.append("  because of: nothing that the list leads to")
    demands = explanation.demands
    applying = [demand for demand in demands if demand.applies]
    inactive = [demand for demand in demands if not demand.applies]
    by_extra = [demand for demand in inactive if _by_extra(demand)]
    if everything:
        by_extra = []
    lines += _section("required by", applying)
    lines += _section(
        "not required here by",
        [demand for demand in inactive if demand not in by_extra],
    )
    if by_extra:
        owners = ", ".join(dict.fromkeys(demand.owner for demand in by_extra))
        lines.append(f"  only for extras that nothing requires: {owners}")
    return [*lines, *_decision(explanation.bounds, required=bool(applying))]


def _by_extra(demand: Demand) -> bool:
    return "extra" in demand.marker and not demand.problem


def _section(title: str, demands: Sequence[Demand]) -> list[str]:
    if not demands:
        return []
    width = min(30, max(len(demand.who) for demand in demands))
    return [
        f"  {title}",
        *(
            f"    {demand.who:{width}}  {demand.text}"
            + (f"  ({demand.problem})" if demand.problem else "")
            for demand in demands
        ),
    ]


def _decision(bounds: Bounds, *, required: bool) -> list[str]:
    """The versions that all demands admit, and the demands that decide."""
    if not required:
        return []
    lines = [
        f"  together: {bounds.together or 'any version'}",
        f"  lower bound: {_bound(bounds.lower, bounds.lower_by)}",
        f"  upper bound: {_bound(bounds.upper, bounds.upper_by)}",
    ]
    if bounds.unmet:
        owners = ", ".join(
            f"{demand.text} of {demand.who}" for demand in bounds.unmet
        )
        lines.append(f"  not met by this version: {owners}")
    return lines


def _bound(clause: str, demands: Iterable[Demand]) -> str:
    if not clause:
        return "none"
    return f"{clause} of {', '.join(demand.who for demand in demands)}"
