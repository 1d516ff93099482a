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

--tests also installs what the tests and linters need, --docs what the
documentation needs. The versions are the newest ones; with --lowest they are
the oldest that the requirement files admit.

The virtualenv is ``.venv`` in the checkout; OPENSTACK_REQUIREMENTS_VENV names
another folder, which has to be new, empty, or made by this program. That of
--lowest has ``-lowest`` at the end of its name. Nothing is installed outside
it. It is made again for another Python and when the
checkout was moved, and updated when a file that lists its requirements has
changed. Needs Python 3.10 or newer with venv, and git.
"""

from __future__ import annotations

import difflib
import fcntl
import hashlib
import os
import shutil
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
FOLDER = "OPENSTACK_REQUIREMENTS_VENV"
#: The file in the virtualenv that says that this program made it, for which
#: Python and where. It is empty while that is under way.
STAMP = ".interpreter"


def say(text: str) -> None:
    """Say what is going on, at once."""
    print(f"tools/run.py: {text}", file=sys.stderr, flush=True)


def fail(text: str, status: int = 3) -> SystemExit:
    """The end of this program, with one line."""
    say(text)
    return SystemExit(status)


def fingerprint(files: list[str]) -> str:
    """What the virtualenv was made from, as one line of text."""
    digest = hashlib.sha256()
    for name in sorted([*INPUTS, *files]):
        digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes())
    return f"{digest.hexdigest()}\n"


def require_own(folder: Path) -> None:
    """Refuse a folder with somebody's files in it."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise fail(f"{folder}: is a file, not a folder; see {FOLDER}", 2)
    if (folder / STAMP).is_file() or not any(folder.iterdir()):
        return
    raise fail(
        f"{folder}: is not empty, and was not made by tools/run.py: remove "
        f"it, or name another folder in {FOLDER}",
        2,
    )


def make(folder: Path) -> None:
    """Make the virtualenv, unless it is there for this Python."""
    origin = folder / STAMP
    identity = f"{sys.version_info[:3]} {sys.base_prefix} {folder}\n"
    if origin.is_file() and origin.read_text() == identity:
        return
    say(f"making a virtualenv in {folder}")
    # With the stamp in place first, what is interrupted is made again.
    origin.write_text("")
    for path in folder.iterdir():
        if path.name == STAMP:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    try:
        venv.EnvBuilder(with_pip=True).create(folder)
    except subprocess.CalledProcessError:
        raise fail(
            "this Python has no ensurepip: install its venv package "
            "(python3-venv)"
        ) from None
    origin.write_text(identity)


def install(folder: Path, additions: list[str], *, lowest: bool) -> None:
    """Install the toolkit and what it needs, unless that is done."""
    key = "-".join(Path(name).parent.name or "tests" for name in additions)
    stamp = folder / f".made-from-{key or 'base'}"
    wanted = fingerprint(additions)
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    say("installing the requirements; this takes about a minute")
    python = str(folder / "bin" / "python")
    command = [python, "-m", "pip", "install"]
    command += ["--quiet", "--disable-pip-version-check"]
    # With what old interpreters need, so that any -p works from a checkout.
    what = ["--editable", ".[legacy]"]
    for name in additions:
        what += ["-r", name]
    environment = dict(os.environ)
    if not (ROOT / ".git").exists():
        say("there is no .git here, so the version is 0.0.0")
        environment.setdefault("PBR_VERSION", "0.0.0")
    elif shutil.which("git") is None:
        raise fail("git is needed, and is not on PATH")
    commands = [[*command, *what]]
    if lowest:
        # pip has no such option, and uv counts what is installed already.
        uv = [str(folder / "bin" / "uv"), "pip", "install", "--quiet"]
        uv += ["--python", python, "--upgrade"]
        uv += ["--resolution", "lowest-direct", "-r", "requirements.txt"]
        commands = [[*command, "uv"], [*uv, *what]]
    for argv in commands:
        done = subprocess.run(
            argv, cwd=ROOT, env=environment, stdout=sys.stderr, check=False
        )
        if done.returncode:
            raise fail("the requirements cannot be installed (above)")
    stamp.write_text(wanted)


def prepare(folder: Path, additions: list[str], *, lowest: bool) -> None:
    """Make the virtualenv, or add to it what it lacks.

    Runs at the same moment wait for each other.
    """
    try:
        require_own(folder)
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            make(folder)
            install(folder, additions, lowest=lowest)
        finally:
            os.close(lock)
    except OSError as error:
        name = error.filename or folder
        raise fail(f"{name}: {error.strerror or error}") from None


def become(argv: list[str], folder: Path) -> SystemExit:
    """Become the command; return only where there is no such command."""
    scripts = folder / "bin"
    os.environ["PATH"] = f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ["VIRTUAL_ENV"] = str(folder)
    os.environ.pop("PYTHONHOME", None)
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - becoming it is the point
    except OSError as error:
        reason = error.strerror
    near = difflib.get_close_matches(argv[0], sorted(os.listdir(scripts)), 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return fail(f"{argv[0]}: {reason}{hint}", 127)


def main(argv: list[str]) -> int:
    """Prepare the virtualenv and become the command."""
    if sys.version_info < (3, 10):
        raise fail("needs Python 3.10 or newer")
    if {"-h", "--help"} & set(argv[:1]):
        print(__doc__)
        return 0
    additions: list[str] = []
    lowest = False
    while argv and argv[0] in {"--lowest", *ADDITIONS}:
        option = argv.pop(0)
        lowest = lowest or option == "--lowest"
        additions += ADDITIONS.get(option, [])
    if not argv:
        raise fail("name a command, or -h for help", 2)
    if argv[0].startswith("-"):
        options = ", ".join(["--lowest", *ADDITIONS])
        raise fail(f"{argv[0]}: no such option; there are {options}", 2)
    # An absolute path, as the command may change its folder.
    name = f"{os.environ.get(FOLDER) or '.venv'}{'-lowest' * lowest}"
    folder = (ROOT / name).absolute()
    prepare(folder, additions, lowest=lowest)
    raise become(argv, folder)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        say("interrupted; the next run completes what this one began")
        sys.exit(130)
