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
"""Where the projects are that changes are proposed to.

A project has a checkout in a folder, or an address that git reaches, or both:
then what the checkout has is not fetched. A checkout may come from a
stranger. Of its configuration the address of ``origin`` is read, as text, and
it counts only where it leads to another machine.
"""

from __future__ import annotations

import os
import urllib.parse
from typing import TYPE_CHECKING, NamedTuple

from openstack_requirements.errors import (
    CommandFailed,
    OutsideError,
    UnusableInput,
    printable,
)
from openstack_requirements.manifests import loader, setup_py
from openstack_requirements.output import masked
from openstack_requirements.system.git_command import Git
from openstack_requirements.system.git_history import LARGEST_LISTING
from openstack_requirements.system.git_scratch import Remote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openstack_requirements.manifests.loader import Source
    from openstack_requirements.system.process import Processes

#: What stands for a project in a template of addresses.
PLACEHOLDER = "{project}"

_PATHS = (*loader.MANIFESTS, setup_py.FILE)
_ORIGIN = "refs/remotes/origin/"
_HEADS = "refs/heads/"
# The protocols that reach another machine.
_OUTSIDE = frozenset({"git", "http", "https", "ssh"})


class Sources(NamedTuple):
    """Where projects come from.

    :param root: a folder with checkouts, as org/name or name; or empty.
    :param template: an address with :data:`PLACEHOLDER`; or empty.
    """

    root: str = ""
    template: str = ""


class Tips(NamedTuple):
    """The branches of a repository.

    :param default: the branch that HEAD of the remote leads to; or empty.
    :param commits: the id of the tip of each branch.
    """

    default: str
    commits: dict[str, str]

    def wanted(self, branches: Sequence[str]) -> tuple[str, ...]:
        """The branches that are asked for: the default where none are."""
        return tuple(branches) or ((self.default,) if self.default else ())


def require_template(template: str) -> None:
    """Refuse a template that names no project, or a password.

    :raises UnusableInput: with what is wrong.
    """
    if PLACEHOLDER not in template:
        reason = f"has no {PLACEHOLDER}, which stands for a project"
        raise UnusableInput("--clone", reason)
    if masked(template) != template:
        raise UnusableInput(
            "--clone",
            "has a password, which others can read in the list of processes: "
            "leave it to a credential helper of git, or to ~/.netrc",
        )


def absolute(template: str) -> str:
    """A template that is a path of this machine, from the root on.

    git runs in another folder than the current one.
    """
    if "://" in template or _is_short(template):
        return template
    return os.path.abspath(template)


def checkout_of(sources: Sources, project: str) -> str | None:
    """The folder of a project's checkout; None where there is none."""
    return loader.checkout_in(sources.root, project) if sources.root else None


def opened(folder: str, processes: Processes) -> Git:
    """Git in a checkout.

    :raises OutsideError: where the folder is not the top of one.
    """
    git = Git(folder, processes)
    if git.inside != ".":
        raise OutsideError(
            f"{printable(folder)}: is not a git repository, but a folder in "
            f"{printable(git.top)}"
        )
    return git


def tips_of(git: Git, branches: Sequence[str]) -> Tips:
    """The branches of a checkout, as it knows them of its remote.

    :param branches: those that are asked for; without any, the default one.
    :raises OutsideError: where git cannot be asked.
    """
    patterns = [f"{_ORIGIN}HEAD"]
    for branch in branches:
        patterns += [f"{_ORIGIN}{branch}", f"{_HEADS}{branch}"]
    references = _references(git, patterns)
    commit, lead = references.get(f"{_ORIGIN}HEAD", ("", ""))
    if not branches and not lead:
        return _without_remote(git)
    commits = {}
    default = lead.removeprefix(_ORIGIN) if lead.startswith(_ORIGIN) else ""
    if default:
        commits[default] = commit
    for branch in branches:
        for place in (_ORIGIN, _HEADS):
            if f"{place}{branch}" in references:
                commits[branch], _ = references[f"{place}{branch}"]
                break
    return Tips(default, commits)


def _without_remote(git: Git) -> Tips:
    """The default branch of a repository that does not say its remote's.

    A mirror has its branches itself.
    """
    if _references(git, [_ORIGIN]):
        return Tips("", {})
    try:
        lead = git.run("symbolic-ref", "--quiet", "HEAD").decode().strip()
    except CommandFailed:
        return Tips("", {})
    commit, _ = _references(git, [lead]).get(lead, ("", ""))
    branch = lead.removeprefix(_HEADS)
    return Tips(branch, {branch: commit}) if commit else Tips("", {})


def _references(
    git: Git, patterns: Sequence[str]
) -> dict[str, tuple[str, str]]:
    """References of a checkout: where each leads, and through which other."""
    listing = git.ask(
        "for-each-ref",
        "--format=%(objectname) %(refname) %(symref)",
        *patterns,
        most=LARGEST_LISTING,
    )
    result = {}
    for line in listing.decode("utf-8", "replace").splitlines():
        commit, name, lead = line.split(" ")
        result[name] = (commit, lead)
    return result


def tips_in(references: dict[str, str]) -> Tips:
    """The branches that another repository lists."""
    head = references.get("HEAD", "")
    default = head.removeprefix(_HEADS) if head.startswith(_HEADS) else ""
    if f"{_HEADS}{default}" not in references:
        default = ""  # of an empty repository
    return Tips(
        default,
        {
            name.removeprefix(_HEADS): commit
            for name, commit in references.items()
            if name.startswith(_HEADS)
        },
    )


def files_at(git: Git, commit: str) -> Source:
    """The files of a commit that declare requirements.

    The source raises where such a file is a link, or is too large.

    :raises OutsideError: where the commit cannot be read.
    """
    entries = git.entries(commit, sorted(_PATHS))
    contents = git.contents(
        entry
        for entry in entries.values()
        if entry.kind == "file" and entry.size <= loader.LARGEST
    )

    def text(path: str, /) -> str | None:
        entry = entries.get(path)
        if entry is None:
            return None
        if entry.kind != "file":
            raise UnusableInput(path, f"is a {entry.kind}, not a file")
        if entry.size > loader.LARGEST:
            reason = f"is larger than {loader.LARGEST} bytes"
            raise UnusableInput(path, reason)
        return loader.decode(contents[entry.object], path)

    return text


def remote_of(sources: Sources, project: str, git: Git | None) -> Remote:
    """The repository that a project's changes are pushed to.

    :param git: git in its checkout, where there is one.
    :raises UnusableInput: where nothing says it.
    """
    if sources.template:
        return Remote(sources.template.replace(PLACEHOLDER, project))
    url = ""
    if git is not None:
        try:
            url = git.run(
                *("config", "--local", "--no-includes"),
                *("--get", "remote.origin.url"),
            ).decode("utf-8", "replace")
        except CommandFailed:
            url = ""
    address = _address(url.strip())
    if not address:
        raise UnusableInput(
            project,
            "its checkout does not say an address of another machine "
            "(remote.origin.url): name it with --clone",
        )
    return Remote(address)


def _is_short(url: str) -> bool:
    """Whether it is the short form for ssh, ``host:path``."""
    host, _, path = url.partition(":")
    return bool(host and path) and not ("/" in host or path[0] == ":")


def _address(url: str) -> str:
    """An address of another machine without its password; or empty."""
    if not url.isprintable() or url.startswith("-"):
        return ""
    if "://" not in url and _is_short(url):
        return url if masked(url) == url else ""
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in _OUTSIDE:
        return ""
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    try:
        name = urllib.parse.urlsplit(f"x://{host}").hostname
    except ValueError:
        return ""
    if not name or name.startswith("-"):
        return ""
    user = user.partition(":")[0]
    return f"{scheme}://{user}{at if user else ''}{host}{slash}{path}"
