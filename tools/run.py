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
#!/usr/bin/env python3
"""Run a command in this checkout's own virtualenv, made on first use.

    python3 tools/run.py [--lowest] [--tests|--docs] COMMAND [ARGUMENT...]

The virtualenv is ``.venv`` in the checkout (``OPENSTACK_REQUIREMENTS_VENV``
names another folder); nothing is installed outside it. It is made again only
when the interpreter or one of the requirement files has changed. Needs
nothing but Python 3.10 or newer with venv, and git.

It has the newest versions of what is required. With ``--lowest`` it has the
oldest ones that the requirement files admit, and is in another folder, whose
name has ``-lowest`` at its end.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: What each option adds to the toolkit itself.
ADDITIONS = {
    "--tests": ["test-requirements.txt"],
    "--docs": ["doc/requirements.txt"],
}
INPUTS = [
    "setup.cfg",
    "pyproject.toml",
    "requirements.txt",
    "tools/run.py",
]


def fingerprint(files: list[str]) -> str:
    """What the virtualenv was made from, as one line of text."""
    digest = hashlib.sha256()
    for name in sorted([*INPUTS, *files]):
        digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes())
    version = ".".join(map(str, sys.version_info[:3]))
    return f"{version} {sys.base_prefix} {digest.hexdigest()}\n"


def prepare(folder: Path, additions: list[str], *, lowest: bool) -> None:
    """Make the virtualenv, or add to it what it lacks."""
    key = "-".join(Path(name).parent.name or "tests" for name in additions)
    stamp = folder / f".made-from-{key or 'base'}"
    wanted = fingerprint(additions)
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    python = folder / "bin" / "python"
    base = f"{sys.version_info[:3]} {sys.base_prefix}\n"
    origin = folder / ".interpreter"
    if not (origin.is_file() and origin.read_text() == base):
        venv.EnvBuilder(clear=True, with_pip=True).create(folder)
        origin.write_text(base)
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    pip += ["--disable-pip-version-check"]
    # With what old interpreters need, so that any -p works from a checkout.
    files = ["requirements.txt", *additions]
    wanted_files = [word for name in files for word in ("-r", name)]
    what = ["--editable", ".[legacy]", *wanted_files]
    if lowest:
        # pip has no such option, and uv counts what is installed already.
        install([*pip, "uv"], folder)
        install(
            [
                *(str(folder / "bin/uv"), "pip", "install", "--quiet"),
                *("--python", str(python), "--upgrade"),
                *("--resolution", "lowest-direct", *what),
            ],
            folder,
        )
    else:
        install([*pip, *what], folder)
    stamp.write_text(wanted)


def install(command: list[str], folder: Path) -> None:
    """Run a command of pip or uv that installs into the virtualenv."""
    done = subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=False)
    if done.returncode:
        raise SystemExit(
            f"{folder}: the requirements cannot be installed (above)"
        )


def main(argv: list[str]) -> int:
    """Prepare the virtualenv and become the command."""
    if sys.version_info < (3, 10):
        raise SystemExit("tools/run.py needs Python 3.10 or newer")
    additions: list[str] = []
    lowest = False
    while argv and argv[0] in {"--lowest", *ADDITIONS}:
        option = argv.pop(0)
        lowest = lowest or option == "--lowest"
        additions += ADDITIONS.get(option, [])
    if not argv or argv[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(os.environ.get("OPENSTACK_REQUIREMENTS_VENV") or ".venv")
    folder = ROOT / f"{folder}{'-lowest' if lowest else ''}"
    prepare(folder, additions, lowest=lowest)
    bin_dir = folder / "bin"
    os.environ["PATH"] = f"{bin_dir}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ["VIRTUAL_ENV"] = str(folder)
    os.environ.pop("PYTHONHOME", None)
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - becoming it is the point
    except OSError as error:
        print(f"{argv[0]}: {error.strerror}", file=sys.stderr)
    return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
