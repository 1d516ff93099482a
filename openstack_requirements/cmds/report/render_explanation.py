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
"""Why a version was installed, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from openstack_requirements.errors import printable
from openstack_requirements.output import json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from openstack_requirements.constraints.explain import Bounds, Explanation
    from openstack_requirements.constraints.graph import Demand

#: The formats that :func:`render` knows.
Format = Literal["text", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)


def render(
    explanations: Sequence[Explanation],
    form: Format,
    *,
    everything: bool = False,
) -> str:
    """The explanations of one name, one for each interpreter.

    :param everything: in text, also each requirement that belongs to an
        extra which nobody asks for; JSON has them always.
    """
    formats: dict[Format, Callable[[], str]] = {
        "text": lambda: to_text(explanations, everything=everything),
        "json": lambda: to_json(explanations),
    }
    return formats[form]()


def to_text(
    explanations: Sequence[Explanation], *, everything: bool = False
) -> str:
    """The explanations for a terminal; what is the same is said once."""
    groups: dict[Explanation, list[str]] = {}
    for each in explanations:
        groups.setdefault(each._replace(python=""), []).append(each.python)
    blocks = [
        _block(each, pythons, everything=everything)
        for each, pythons in groups.items()
    ]
    return "\n".join(
        "".join(f"{printable(line)}\n" for line in block) for block in blocks
    )


def to_json(explanations: Iterable[Explanation]) -> str:
    """The explanations for programs: one object."""
    found = list(explanations)
    return json_text(
        {
            "name": found[0].name if found else None,
            "pythons": [_data(each) for each in found],
        }
    )


def demand_data(demand: Demand) -> dict[str, Any]:
    """A demand for JSON; the list is a null owner."""
    return {
        "owner": demand.owner or None,
        "owner_version": demand.owner_version or None,
        "requirement": demand.text,
        "specifiers": demand.specifiers,
        "marker": demand.marker or None,
        "applies": demand.applies,
        "problem": demand.problem or None,
    }


def _data(each: Explanation) -> dict[str, Any]:
    bounds = each.bounds
    return {
        "python_version": each.python,
        "name": each.name,
        "version": each.version or None,
        "chain": [demand_data(demand) for demand in each.chain],
        "demands": [demand_data(demand) for demand in each.demands],
        "together": bounds.together,
        "lower": _bound_data(bounds.lower, bounds.lower_by),
        "upper": _bound_data(bounds.upper, bounds.upper_by),
        "unmet": [demand_data(demand) for demand in bounds.unmet],
    }


def _bound_data(
    clause: str, demands: Iterable[Demand]
) -> dict[str, Any] | None:
    if not clause:
        return None
    return {"clause": clause, "by": [demand_data(each) for each in demands]}


def _block(
    each: Explanation, pythons: Sequence[str], *, everything: bool
) -> list[str]:
    """What one or several interpreters have in common."""
    where = f"Python {', '.join(pythons)}"
    lines = [f"{each.name} {each.version or 'is not installed'} ({where})"]
    if each.chain:
        way = " -> ".join(
            [*(demand.who for demand in each.chain), each.chain[-1].text]
        )
        lines.append(f"  because of: {way}")
    elif each.version:
        lines.append("  because of: nothing that the list leads to")
    applying = [demand for demand in each.demands if demand.applies]
    rest = [demand for demand in each.demands if not demand.applies]
    by_extra = [demand for demand in rest if _by_extra(demand)]
    if everything:
        by_extra = []
    lines += _section("required by", applying)
    lines += _section(
        "not required here by",
        [demand for demand in rest if demand not in by_extra],
    )
    if by_extra:
        owners = ", ".join(dict.fromkeys(each.owner for each in by_extra))
        lines.append(f"  only for extras that nobody asks for: {owners}")
    return [*lines, *_decision(each.bounds, required=bool(applying))]


def _by_extra(demand: Demand) -> bool:
    return "extra" in demand.marker and not demand.problem


def _section(title: str, demands: Sequence[Demand]) -> list[str]:
    if not demands:
        return []
    width = min(30, max(len(each.who) for each in demands))
    return [
        f"  {title}",
        *(
            f"    {each.who:{width}}  {each.text}"
            + (f"  ({each.problem})" if each.problem else "")
            for each in demands
        ),
    ]


def _decision(bounds: Bounds, *, required: bool) -> list[str]:
    """Which versions are left, and who decides that."""
    if not required:
        return []
    lines = [
        f"  together: {bounds.together or 'any version'}",
        f"  lower bound: {_bound(bounds.lower, bounds.lower_by)}",
        f"  upper bound: {_bound(bounds.upper, bounds.upper_by)}",
    ]
    if bounds.unmet:
        owners = ", ".join(f"{x.text} of {x.who}" for x in bounds.unmet)
        lines.append(f"  not met by this version: {owners}")
    return lines


def _bound(clause: str, demands: Iterable[Demand]) -> str:
    if not clause:
        return "none"
    return f"{clause} of {', '.join(each.who for each in demands)}"
