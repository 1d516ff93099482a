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
"""The forges by the names of ``--forge``; each is imported when it is used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from openstack_requirements.errors import UnusableInput
from openstack_requirements.proposals.forges import git_branches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from openstack_requirements.proposals.forges import Forge

#: The class of each forge that needs an address and an account.
_CLASSES = {
    "gerrit": "Gerrit",
    "github": "GitHub",
    "gitlab": "GitLab",
    "forgejo": "Forgejo",
}
#: All that ``--forge`` takes.
NAMES = ("git", *_CLASSES)


def make(
    name: str,
    url: str,
    environ: Mapping[str, str],
    warn: Callable[[str], object],
) -> Forge:
    """A forge, for the account that the environment names.

    :param name: one of :data:`NAMES`.
    :param url: its address; empty for ``git``, which has none.
    :param warn: is told what is unusual.
    :raises UnusableInput: where what it needs is not installed, or nothing
        says the account.
    """
    if name == "git":
        return git_branches.GitBranches(warn)
    module = importlib.import_module(f"{__package__}.{name}")
    from openstack_requirements.proposals.forges import credentials

    account = credentials.find(name, url, environ)
    if account is None:
        raise UnusableInput(
            f"--forge {name}",
            f"no account for it: set {_variables(name)} in the environment, "
            "or have it in ~/.netrc or a credential helper of git",
        )
    return cast("Forge", getattr(module, _CLASSES[name])(url, account))


def _variables(name: str) -> str:
    if name == "gerrit":
        return "GERRIT_USERNAME and GERRIT_PASSWORD"
    return f"{name.upper()}_TOKEN"
