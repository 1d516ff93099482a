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
"""The one place where text becomes output.

Errors, warnings, progress, reports, logs and freezes hold text that somebody
else wrote: a line of a list, the name of a file, the output of an installer.
This module removes what must not reach a terminal or a log:

- control characters, and invisible characters that change how text is shown
  (bidirectional marks, lone surrogates), become escapes;
- secrets become :data:`MASK`: the userinfo of a URL, query parameters that
  are named like secrets, and headers that carry secrets.

What a command writes back into a list is data and is not changed.

In doubt, text is masked. All functions take time in proportion to the text.
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing takes longer than this module
if TYPE_CHECKING:
    import re
    from typing import Any

#: What replaces a secret.
MASK = "****"

# Parts of a parameter's name that make it a secret, and whole words of it.
_PARTS = (
    "token|passw|passphrase|pwd|secret|signature|credential|jwt|bearer"
    "|session|authoriz|api[_.-]?key|access[_.-]?key|private[_.-]?key"
)
_WORDS = "key|sig|auth|pass|pw|sas"
_NAME = (
    rf"(?:[\w.%+-]{{0,48}}?(?:{_PARTS})[\w.%+-]{{0,48}}"
    rf"|(?:[\w.%+-]{{0,48}}[._-])?(?:{_WORDS}))"
)
_PARAMETER = rf"(?i)([?&;#]{_NAME}=)([^&;#\s'\"<>`]+)"
_ENCODED_PARAMETER = (
    rf"(?i)((?:%3f|%26|%23){_NAME.replace('%', '')}%3d)"
    r"((?:(?!%26|%23)[^&;#\s'\"<>`])+)"
)
_ENCODED_USERINFO = r"(?i)(%3a%2f%2f)(?:(?!%2f|%3f|%23)[^/?#&\s])+(?=%40)"
_HEADER = (
    r"(?im)(\b(?:(?:proxy-)?authorization|(?:private|job|deploy)-token"
    r"|x-[\w-]{1,48}-(?:token|key|auth))['\"]?[ \t]{0,4}[:=](?!=)[ \t]{0,4})"
    r"[^\r\n]+"
)
_HEADER_WORDS = ("authorization", "-token", "x-")
# Behind a URL, these belong to the sentence around it.
_PUNCTUATION = "),.:]}"


def shown(text: str, *, keep_lines: bool = False) -> str:
    r"""The text as it may be shown or kept. Never fails.

    Control characters become escapes (``\x1b``), and secrets :data:`MASK`.
    Doing this a second time changes nothing.

    :param keep_lines: keep line ends. Otherwise they become escapes like all
        control characters, so that no text forges a line.
    """
    if not text.isprintable():
        keep = "\n\t" if keep_lines else "\t"
        text = "".join(
            char
            if char.isprintable() or char in keep
            else char.encode("unicode_escape").decode("ascii")
            for char in text
        )
    return masked(text)


def masked(text: str) -> str:
    """The text without secrets, its other characters as they are."""
    if "@" in text or "://" in text or "%40" in text:
        text = _without_userinfo(text)
    if "=" in text or "%3" in text:
        text = _without_parameters(text)
    lower = text.lower()
    if any(word in lower for word in _HEADER_WORDS):
        import re

        text = re.sub(_HEADER, rf"\g<1>{MASK}", text)
    return text


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: ``1 pin``, ``2 pins``.

    :param plural: where it is not the singular with an ``s``.
    """
    return f"{number} {singular if number == 1 else plural or f'{singular}s'}"


def json_text(value: Any, *, ascii_only: bool = True) -> str:
    """A value as JSON with a line end; equal values give equal bytes.

    Its texts are :func:`masked`. Characters that are not printable become
    escapes of JSON, which programs decode and terminals do not.
    """
    import json

    text = json.dumps(_masked_texts(value), indent=1, ensure_ascii=ascii_only)
    if not text.isprintable():
        text = "".join(
            char if char.isprintable() or char == "\n" else _json_escape(char)
            for char in text
        )
    return f"{text}\n"


def _json_escape(char: str) -> str:
    r"""A character as an escape of JSON: ``\uXXXX``, or a pair of them."""
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(
        f"\\u{units[place]:02x}{units[place + 1]:02x}"
        for place in range(0, len(units), 2)
    )


def _masked_texts(value: Any) -> Any:
    """A value for JSON whose texts are masked."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {
            _masked_texts(key): _masked_texts(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_masked_texts(item) for item in value]
    return value


def _without_parameters(text: str) -> str:
    import re

    def replaced(match: re.Match[str]) -> str:
        value = match[2]
        return match[1] + MASK + value[len(value.rstrip(_PUNCTUATION)) :]

    text = re.sub(_PARAMETER, replaced, text)
    if "%3" in text:
        text = re.sub(_ENCODED_PARAMETER, replaced, text)
    return text


def _without_userinfo(text: str) -> str:
    import re

    # Any other white space may be a part of a secret.
    words = re.split(r"([ \t\r\n]+)", text)
    words[::2] = [
        _masked_word(word) if "@" in word or "://" in word else word
        for word in words[::2]
    ]
    text = "".join(words)
    if "%40" in text:
        text = re.sub(_ENCODED_USERINFO, rf"\g<1>{MASK}", text)
    return text


def _masked_word(word: str) -> str:
    """A word without the userinfo of its URLs (RFC 3986, section 3.2.1)."""
    import re

    parts = []
    last = word.rfind("@")
    done = 0
    while (colon := word.find("://", done)) >= 0:
        start = colon + len("://")
        stop = re.compile("[/?#]|$").search(word, start)
        assert stop is not None  # the end of the text matches
        end = stop.start()
        before = word[done:colon]
        authority = word[start:end]
        user, at, host = authority.rpartition("@")
        parts += [_masked_path(before), "://"]
        if at:
            # The userinfo of ssh is a name alone.
            harmless = not user or (
                before.lower().endswith("ssh")
                and ":" not in user
                and "%" not in user
            )
            parts += [user if harmless else MASK, at, host]
        elif _is_odd(authority):
            # A password with a character that should have been encoded, or
            # the start of such a password.
            parts.append(MASK)
            end = max(end, last)
        else:
            parts.append(authority)
        done = end
    parts.append(_masked_path(word[done:]))
    return "".join(parts)


def _is_odd(authority: str) -> bool:
    """Whether a host and a port have something else for the port."""
    import re

    if authority.startswith("["):  # an IPv6 address
        authority = authority.partition("]")[2]
    host = re.split(r"""['"<>`)\],;|}\\]""", authority, maxsplit=1)[0]
    # FILE:LINE, where the file is a URL
    port = host.partition(":")[2].rstrip(".:").replace(":", "")
    return port != "" and not (port.isascii() and port.isdigit())


def _masked_path(text: str) -> str:
    """A text without ``user:password@``, which may come without a scheme.

    The addresses of proxies, and of repositories for scp, look like that.
    """
    import re

    if "@" not in text:
        return text
    parts = re.split(r"""([/\\'"])""", text)
    for place in range(0, len(parts), 2):
        before, at, after = parts[place].rpartition("@")
        user, colon, password = before.partition(":")
        if at and after and user and colon and password:
            parts[place] = f"{MASK}@{after}"
    return "".join(parts)
