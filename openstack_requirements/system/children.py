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
"""Starts the installers and Pythons of a job, out of a checkout's reach.

A Python looks for modules in the folder that it is started in, and uv looks
for configuration there and in all parents. The user's current folder may be
a checkout, so that what a stranger proposes would run or would choose the
package index. So this is the only module that knows how a Python is started,
and no child of a job runs in the folder of the user:

- A Python is started isolated (``-I``), one that is too old for that with
  ``-E -s``, and always in a folder that holds nothing to import.
- uv is started in the same folder. Two files there end its search for the
  configuration of a project, wherever the folder lies. Both are empty, but for
  what a job itself configures.
- Relative paths in the user's variables are meant for the user's folder, and
  are made absolute.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
from typing import TYPE_CHECKING, TypeVar

from openstack_requirements.system.process import WORK_DEADLINE, Processes
from openstack_requirements.system.temporary import work_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_Value = TypeVar("_Value")

#: These end uv's search for the configuration of a project. The first is the
#: nearest ``pyproject.toml``, without which uv goes on to the parent folders;
#: the second is the nearest configuration.
SEARCH_ENDS = ("pyproject.toml", "uv.toml")

#: Variables that hold paths, and what separates several of them.
_PATHS = {
    **dict.fromkeys(
        (
            "NETRC",
            "PIP_CACHE_DIR",
            "PIP_CERT",
            "PIP_CLIENT_CERT",
            "PIP_CONFIG_FILE",
            "PIP_LOG",
            "PIP_SRC",
            "PYENV_ROOT",
            "CURL_CA_BUNDLE",
            "REQUESTS_CA_BUNDLE",
            "SSL_CERT_FILE",
            "SSL_CLIENT_CERT",
            "UV_CACHE_DIR",
            "UV_CONFIG_FILE",
            "UV_CREDENTIALS_DIR",
            "UV_DEFAULT_INDEX",
            "UV_INDEX_URL",
            "UV_PYTHON_INSTALL_DIR",
            "VIRTUALENV_CONFIG_FILE",
            "VIRTUALENV_OVERRIDE_APP_DATA",
        ),
        "",
    ),
    **dict.fromkeys(
        (
            "PIP_BUILD_CONSTRAINT",
            "PIP_CONSTRAINT",
            "PIP_EXTRA_INDEX_URL",
            "PIP_FIND_LINKS",
            "PIP_INDEX_URL",
            "UV_BUILD_CONSTRAINT",
            "UV_CONSTRAINT",
            "UV_EXCLUDE",
            "UV_EXTRA_INDEX_URL",
            "UV_INDEX",
            "UV_OVERRIDE",
        ),
        " ",
    ),
    "SSL_CERT_DIR": os.pathsep,
    "UV_FIND_LINKS": ",",
}
#: Variables that would bring a project's configuration back in.
_LEFT_OUT = ("UV_PROJECT", "UV_WORKING_DIR", "UV_WORKING_DIRECTORY")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


class Children(Processes):
    """The children of one job, which run in a folder of the job's own.

    :param folder: an existing one, for this job alone.
    """

    def __init__(self, folder: str) -> None:
        self.work = folder
        temporary = os.path.join(folder, "tmp")
        os.mkdir(temporary)
        #: The variables that :meth:`give` has set.
        self.told: dict[str, str] = {}
        #: The folder that holds nothing.
        self.empty = os.path.join(folder, "here")
        os.mkdir(self.empty)
        for name in SEARCH_ENDS:
            with open(os.path.join(self.empty, name), "w", encoding="utf-8"):
                pass
        super().__init__(temporary)
        try:
            current = os.getcwd()
        except OSError:
            current = ""  # it was removed with all that was in it
        self._given: dict[str, str | None] = {
            **absolute(os.environ, current),
            # git finds no repository of a parent folder for what is built.
            "GIT_CEILING_DIRECTORIES": folder,
        }
        self._known: dict[object, object] = {}
        self._finding_out = threading.RLock()

    def run(
        self,
        command: Sequence[str],
        *,
        folder: str = "",
        environment: Mapping[str, str | None] | None = None,
        on_line: Callable[[str], None] | None = None,
        deadline: float = WORK_DEADLINE,
    ) -> str:
        """Run a command; see :meth:`Processes.run`.

        :param folder: where it runs, where that is not the folder that
            holds nothing.
        """
        return super().run(
            command,
            folder=folder or self.empty,
            environment={**self._given, **(environment or {})},
            on_line=on_line,
            deadline=deadline,
        )

    def variable(self, name: str) -> str:
        """The value that children find in a variable; empty without one."""
        value = self._given.get(name, os.environ.get(name))
        return value or ""

    def give(
        self, variables: Mapping[str, str], *, recorded: bool = True
    ) -> None:
        """Set variables of all children from now on.

        :param recorded: whether they are a part of the configuration.
        """
        self._given.update(variables)
        if recorded:
            self.told.update(variables)

    def configure(self, content: str) -> None:
        """Give uv a configuration of the job's own.

        It may hold passwords, so nobody else can read it.

        :param content: that of a ``uv.toml``.
        """
        path = os.path.join(self.empty, SEARCH_ENDS[1])
        os.chmod(path, 0o600)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)

    def once(self, key: object, make: Callable[[], _Value]) -> _Value:
        """A value that a job computes once, in whichever thread."""
        with self._finding_out:
            if key not in self._known:
                self._known[key] = make()
            return self._known[key]  # type: ignore[return-value]


@contextlib.contextmanager
def of_job(job: str) -> Iterator[Children]:
    """The children of a job, with a folder that is removed at its end.

    :param job: what the folder's name starts with.
    :raises OutsideError: where no folder can be made.
    """
    with work_folder(job) as folder:
        yield Children(folder)


def python_command(
    executable: str, version: Sequence[int], *words: str
) -> list[str]:
    """The command that starts a Python isolated.

    Neither its variables nor the user's site folder count, and modules come
    from where it is installed.

    :param version: of the Python; empty where that is to be found out.
    :param words: its further options, and what it runs.
    """
    isolated = ["-I"] if tuple(version) >= (3, 4) else ["-E", "-s"]
    return [executable, *isolated, *words]


def own_module(name: str, *words: str) -> list[str]:
    """The command that runs a module of the environment of this program."""
    if not _is_users(name):
        return python_command(
            sys.executable, sys.version_info[:2], "-m", name, *words
        )
    # Where this program is installed for one user alone, an isolated Python
    # does not find the module.
    safe = ["-P"] if sys.version_info >= (3, 11) else []
    return [sys.executable, "-E", *safe, "-m", name, *words]


def _is_users(name: str) -> bool:
    """Whether a module is imported from the site folder of the user."""
    import importlib.util
    import site

    if not site.ENABLE_USER_SITE:
        return False
    spec = importlib.util.find_spec(name)
    folder = os.path.join(site.getusersitepackages(), "")
    return spec is not None and (spec.origin or "").startswith(folder)


def absolute(
    variables: Mapping[str, str], folder: str
) -> dict[str, str | None]:
    """The variables that change where a child runs in another folder.

    :param variables: those of this program.
    :param folder: the current folder of the user.
    :returns: only those that change; None for one that is removed.
    """
    changed: dict[str, str | None] = dict.fromkeys(_LEFT_OUT)
    for name, separator in _PATHS.items():
        value = variables.get(name, "")
        entries = value.split(separator or None) if separator else [value]
        joined = (separator or "").join(
            _absolute(entry, folder, named=name.startswith("UV_"))
            for entry in entries
        )
        if value and joined != value:
            changed[name] = joined
    changed["PATH"] = search_path(variables)
    return changed


def _absolute(entry: str, folder: str, *, named: bool) -> str:
    """A path of a variable made absolute; a URL as it is.

    :param named: it may have a name before it, as uv's indexes do.
    """
    name = ""
    if named:
        match = re.match(r"[A-Za-z0-9._-]+=", entry)
        name = match[0] if match else ""
    path = entry[len(name) :]
    if not path or _URL.match(path) or path.startswith("~"):
        return entry
    return name + os.path.join(folder, path)


def search_path(variables: Mapping[str, str]) -> str:
    """``PATH`` without the entries that depend on the current folder."""
    entries = variables.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(filter(os.path.isabs, entries))
