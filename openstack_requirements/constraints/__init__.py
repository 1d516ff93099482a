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
and ``pin`` change the lines of one distribution in such a text;
``merge_lists`` is the three-way merge of such texts, and of other lists.

Inside of the toolkit this package imports ``pep508``, and ``system`` in its
loader. Start with :mod:`.freeze` and :mod:`.merging`; :mod:`.graph` and
:mod:`.explain` say why a version is there, :mod:`.states` and :mod:`.changes`
what two files differ in.
"""

TYPE_CHECKING = False  # importing typing takes longer than an edit
if TYPE_CHECKING:
    from openstack_requirements.constraints.editing import edit
    from openstack_requirements.constraints.freeze import (
        Distribution,
        Freeze,
        FreezeError,
        clone,
    )
    from openstack_requirements.constraints.freeze_json import (
        from_json,
        to_json,
    )
    from openstack_requirements.constraints.merging import (
        Pin,
        merge,
        prove,
        to_content,
    )
    from openstack_requirements.constraints.pinning import pin
    from openstack_requirements.constraints.threeway import (
        MergeConflict,
        MergedList,
        merge_lists,
    )

__all__ = [
    "Distribution",
    "Freeze",
    "FreezeError",
    "MergeConflict",
    "MergedList",
    "Pin",
    "clone",
    "edit",
    "from_json",
    "merge",
    "merge_lists",
    "pin",
    "prove",
    "to_content",
    "to_json",
]

#: The module of each name.
_MODULES = {
    "edit": "editing",
    "pin": "pinning",
    "Distribution": "freeze",
    "Freeze": "freeze",
    "FreezeError": "freeze",
    "clone": "freeze",
    "from_json": "freeze_json",
    "to_json": "freeze_json",
    "MergeConflict": "threeway",
    "MergedList": "threeway",
    "merge_lists": "threeway",
    "Pin": "merging",
    "merge": "merging",
    "prove": "merging",
    "to_content": "merging",
}


def __getattr__(name: str) -> object:
    """Import the module of a name on its first use (PEP 562).

    edit-constraints imports this package dozens of times in a row, and needs
    nothing that freezes need.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"{__name__}.{_MODULES[name]}")
    return getattr(module, name)


def __dir__() -> list[str]:
    """The names of this module, imported yet or not."""
    return sorted({*globals(), *__all__})
