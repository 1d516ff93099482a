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
"""Asks uv what a package index has."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from openstack_requirements.errors import CommandFailed
from openstack_requirements.install import fallbacks
from openstack_requirements.install.installers import answers
from openstack_requirements.install.installers.uv_command import UvCommand
from openstack_requirements.pep508.requirement import canonical_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openstack_requirements.install.failures import Reason
    from openstack_requirements.pep508.requirement import CanonicalName


class UvIndex(UvCommand):
    """What uv says of a package index, without installing any of it."""

    def newest(
        self, python_version: str, names: Iterable[CanonicalName], folder: str
    ) -> tuple[dict[CanonicalName, str], list[Reason]]:
        """The newest version of each distribution that suits a Python.

        :param python_version: ``3.12``; the interpreter need not be at hand.
        :param folder: an existing one, for what uv writes.
        :returns: the versions, and why some names are not among them.
        :raises CommandFailed: where uv fails for another reason than a name.
        """
        asked = os.path.join(folder, "newest.in")
        answer = os.path.join(folder, f"newest-{python_version}.txt")
        wanted = set(names)
        reasons = []
        while wanted:
            with open(asked, "w", encoding="utf-8") as file:
                file.writelines(f"{name}\n" for name in sorted(wanted))
            try:
                self._run(
                    *("pip", "compile", "--quiet", "--no-deps"),
                    *("--python", sys.executable),
                    *("--python-version", python_version),
                    *("--resolution", "highest", "--no-header"),
                    *("--no-annotate", "--output-file", answer, asked),
                )
            except CommandFailed as error:
                reason = self.reason(error.output)
                name = fallbacks.name_of(reason.culprit)
                if name not in wanted or reason.kind in {"index", "disk"}:
                    raise
                reasons.append(reason)
                wanted -= {name}
            else:
                break
        if not wanted:
            return {}, reasons
        pins = re.findall(
            r"^([A-Za-z0-9._-]+)==(\S+)", answers.text(answer), re.MULTILINE
        )
        return {canonical_name(name): pin for name, pin in pins}, reasons
