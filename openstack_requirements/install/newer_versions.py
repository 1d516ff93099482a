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
"""Looks up what newer versions require that were not installed.

The configuration of the installer that made a freeze says where the index is.
Where sdists may be built, uv's own log has the reason; else, and for pip, the
metadata in the files of the index has.
"""

from __future__ import annotations

import contextlib
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from openstack_requirements.constraints.newer import Release
from openstack_requirements.errors import OutsideError
from openstack_requirements.install import metadata_cache, releases
from openstack_requirements.install.archives import Unreadable
from openstack_requirements.install.installers import (
    pip_settings,
    run_index,
    uv_command,
    uv_index,
)
from openstack_requirements.install.pages import normal
from openstack_requirements.pep508.versions import parse_version
from openstack_requirements.system import children
from openstack_requirements.system.fetch import ClientSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from openstack_requirements.constraints.freeze import Freeze
    from openstack_requirements.constraints.newer import Wanted
    from openstack_requirements.system.children import Children

#: How many versions are looked up; of more, the first.
MOST_LOOKED_UP = 50

_JOBS = 4


def look_up(
    wanted: Sequence[Wanted],
    freezes: Sequence[Freeze],
    warn: Callable[[str], object],
    *,
    build: bool,
    timeout: int | None = None,
    project: str = "",
) -> dict[Wanted, Release]:
    """What newer versions require, where that can be found out.

    :param freezes: those that do not have these versions.
    :param warn: is told why nothing can be found out.
    :param build: whether uv may build sdists for their metadata. It is then
        asked for its reason; else only files are read.
    :param timeout: how long a request to the index may take, in seconds.
    :param project: a folder whose configuration of uv counts too, or empty.
    """
    by_python = {freeze.python_version: freeze for freeze in freezes}
    looked_up = [version for version in wanted if version[0] in by_python]
    del looked_up[MOST_LOOKED_UP:]
    pips = [
        version for version in looked_up if _is_pips(by_python[version[0]])
    ]
    uvs = [version for version in looked_up if version not in pips]
    result: dict[Wanted, Release] = {}
    try:
        preferred = run_index.of_freezes(freezes)
        result.update(_from_files(pips, preferred))
        with children.of_job("newer") as started:
            run_index.settle(started, None, preferred, project)
            asked = uv_index.UvIndex(started, timeout, project=project)
            if build:
                result.update(_from_log(asked, started, by_python, uvs))
            else:
                result.update(_from_uvs_files(asked, started, uvs))
    except OutsideError as error:
        warn(f"what newer versions require is not known: {error}")
    return result


def _is_pips(freeze: Freeze) -> bool:
    """Whether pip made a freeze, or uv does not know its Python."""
    return (
        freeze.installer.startswith("pip ")
        or freeze.python_key < uv_command.OLDEST
    )


def _from_log(
    asked: uv_index.UvIndex,
    started: Children,
    by_python: Mapping[str, Freeze],
    wanted: Sequence[Wanted],
) -> dict[Wanted, Release]:
    """What uv says of versions beside all that a freeze has."""

    def ask(version: Wanted) -> Release | None:
        python, name, newest = version
        pins = [
            _pin(pinned, distribution.version)
            for pinned, distribution in by_python[python].by_name().items()
            if pinned != name
            and parse_version(distribution.version) is not None
        ]
        folder = tempfile.mkdtemp(dir=started.work)
        return asked.requirements(python, name, newest, pins, folder)

    pool = ThreadPoolExecutor(_JOBS)
    try:
        answers = list(pool.map(ask, wanted))
    except BaseException:
        started.stop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    return {
        version: answer
        for version, answer in zip(wanted, answers, strict=True)
        if answer is not None
    }


def _from_uvs_files(
    asked: uv_index.UvIndex, started: Children, wanted: Sequence[Wanted]
) -> dict[Wanted, Release]:
    """What the files of the index say, which uv's configuration names."""
    cache = metadata_cache.MetadataCache(metadata_cache.default_folder())
    bundle = started.variable("SSL_CERT_FILE")
    settings = pip_settings.IndexSettings((), (), ClientSettings(bundle))
    index = releases.ReleaseIndex(settings, cache, started.work)
    result = {}
    with index.client() as client:
        for python in dict.fromkeys(version[0] for version in wanted):
            versions = [version for version in wanted if version[0] == python]
            files = asked.files(
                python,
                [_pin(name, newest) for _, name, newest in versions],
                tempfile.mkdtemp(dir=started.work),
            )
            for version in versions:
                _, name, newest = version
                with contextlib.suppress(Unreadable):
                    result[version] = index.describe_files(
                        client, (name, normal(newest)), files.get(name, ())
                    )
    return result


def _pin(name: str, version: str) -> str:
    return f"{name}=={version}"


def _from_files(
    wanted: Sequence[Wanted], preferred: str
) -> dict[Wanted, Release]:
    """What the files of the index say, which pip's configuration names."""
    if not wanted:
        return {}
    keys = {(name, normal(version)) for _, name, version in wanted}
    cache = metadata_cache.MetadataCache(metadata_cache.default_folder())
    answers = releases.look_up(
        sorted(keys),
        _JOBS,
        cache,
        lambda _who, _phase, _count: None,
        preferred=preferred,
    )
    result = {}
    for version in wanted:
        answer = answers[version[1], normal(version[2])]
        if isinstance(answer, Release):
            result[version] = answer
    return result
