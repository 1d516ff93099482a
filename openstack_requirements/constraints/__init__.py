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
"""Constraints: freezes, merging and proving them, and editing their lines.

For other programs: a :class:`Freeze` is what one interpreter installed
(``from_json``, ``to_json``); ``clone``, ``merge``, ``to_content`` and
``prove`` turn freezes into the text of ``upper-constraints.txt``; ``edit``
and ``pin`` change the lines of one distribution in such a text.

Inside of the toolkit this package imports ``pep508``, and ``system`` in its
loader. Start with :mod:`.freeze`; :mod:`.graph` and :mod:`.explain` say why a
version is there, :mod:`.states` and :mod:`.changes` what two files differ in.
"""

TYPE_CHECKING = False  # typing costs more to import than an edit takes
if TYPE_CHECKING:
    from openstack_requirements.constraints.editing import edit, pin
    from openstack_requirements.constraints.freeze import (
        Distribution,
        Freeze,
        FreezeError,
        Pin,
        clone,
        from_json,
        merge,
        prove,
        to_content,
        to_json,
    )

__all__ = [
    "Distribution",
    "Freeze",
    "FreezeError",
    "Pin",
    "clone",
    "edit",
    "from_json",
    "merge",
    "pin",
    "prove",
    "to_content",
    "to_json",
]

_EDITING = ("edit", "pin")


def __getattr__(name: str) -> object:
    """Import what is asked for, and nothing else (PEP 562).

    edit-constraints imports this package dozens of times in a row, and needs
    none of what freezes need.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = "editing" if name in _EDITING else "freeze"
    return getattr(import_module(f"{__name__}.{module}"), name)


def __dir__() -> list[str]:
    """What there is, be it imported yet or not."""
    return sorted({*globals(), *__all__})
