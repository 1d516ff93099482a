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
"""The options of all commands, as their parsers have them.

``tools/options.py`` writes the table to ``doc/source/contributor``, and
``test_option_audit`` holds that an option is one thing in all commands.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from typing import NamedTuple

from openstack_requirements.cmds import openstack_requirements
from openstack_requirements.tests import base

PAGE = base.ROOT / "doc" / "source" / "contributor" / "options.rst"
#: Names of options as they were once, by the names that they have now. An
#: older name may be another option's name in another command.
OLDER = {
    ("check-conflicts", "--freeze"),
    ("check-conflicts", "--python"),
    ("check-python2-support", "--freeze"),
    ("check-python2-support", "--python"),
    ("check-python2-support", "--requirements"),
    ("edit-constraints", "--python"),
    ("generate-constraints", "--from-freezes"),
    ("propose-constraints", "--from-freezes"),
    ("update-requirements", "--output-suffix"),
    ("update-requirements", "--soft-update"),
    ("update-requirements", "--source"),
}
_HEAD = """\
=========================
The options of all commands
=========================

An option means the same in all commands that have it, and takes the same
value. Those of several commands are in the table ``MEANINGS`` of
``cmds/_options.py``; the help of a command starts with that text. Names in
parentheses are older ones. ``tools/options.py --update`` writes this page.

.. list-table::
   :header-rows: 1
   :widths: 30 10 30 30

   * - Option
     - Value
     - Meaning
     - Commands
"""


class OptionRow(NamedTuple):
    """An option of a command; ``names`` are without the older ones."""

    command: str
    names: tuple[str, ...]
    older: tuple[str, ...]
    metavar: str | None
    text: str

    @property
    def name(self) -> str:
        """What the option is called, in long."""
        return next(name for name in self.names if name[:2] == "--")


def rows() -> list[OptionRow]:
    """The options of all commands, but for what every one has."""
    return [
        _row(command, action)
        for command in openstack_requirements.COMMANDS
        for action in openstack_requirements._module(command).parser()._actions
        if action.option_strings
        and not {"--help", "--version"} & {*action.option_strings}
    ]


def _row(command: str, action: argparse.Action) -> OptionRow:
    older = [x for x in action.option_strings if (command, x) in OLDER]
    metavar = action.metavar
    return OptionRow(
        command,
        tuple(x for x in action.option_strings if x not in older),
        tuple(older),
        metavar if metavar is None else str(metavar),
        action.help or "",
    )


def page() -> str:
    """The page with the table."""
    by_name: dict[str, list[OptionRow]] = defaultdict(list)
    for row in rows():
        by_name[row.name].append(row)
    title = "The options of all commands"
    lines = [_HEAD.replace("=" * 25, "=" * len(title))]
    for name in sorted(by_name):
        group = by_name[name]
        names = [*dict.fromkeys(x for row in group for x in row.names)]
        older = [*dict.fromkeys(x for row in group for x in row.older)]
        shown = ", ".join(f"``{x}``" for x in names)
        if older:
            shown += f" ({', '.join(f'``{x}``' for x in older)})"
        values = sorted({row.metavar for row in group if row.metavar})
        lines.append(
            f"   * - {shown}\n"
            f"     - {', '.join(values)}\n"
            f"     - {meaning(group)}\n"
            f"     - {', '.join(row.command for row in group)}\n"
        )
    return "".join(line.replace("- \n", "-\n") for line in lines)


def meaning(group: list[OptionRow]) -> str:
    """The meaning of an option, from the table or of its only command."""
    from openstack_requirements.cmds import _options

    known = _options.MEANINGS.get(group[0].name)
    text = group[0].text if known is None else known.text
    # As plain text: no markup, and no reference to other options.
    return text.replace("*", "\\*").replace("|", "\\|").replace("%%", "%")
