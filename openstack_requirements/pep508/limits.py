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
"""The limits of all inputs that are read as requirements.

A gate reads what strangers propose, so each input has a limit that no real
input comes near, and below it takes a bounded time and memory. Beyond it
there is an error or a finding that names the limit; nothing is cut or skipped.

Each comment says which input the limit is for, how large real inputs are (in
the corpus, see doc/source/contributor/corpus.rst), and what happens beyond.
``doc/source/reference/limits.rst`` has them as a table; a test holds the two
equal.
"""

from __future__ import annotations

#: Characters of a line with a requirement. Real ones have up to 147.
#: Beyond: the line is an error.
LONGEST_LINE = 8192

#: Colons in the text of a line that may stand before a marker (``setup.cfg``).
#: Real ones have up to 1, URLs aside. Beyond: no colon starts a marker, as the
#: text behind each of them would have to be parsed.
MOST_COLONS = 20

#: Digits in one number of a version, wherever a version is read: specifiers,
#: markers, pins, freezes, metadata, options. Dates and times take 14. Beyond:
#: the line, the marker or the freeze is an error, and metadata is unreadable.
#: Python itself stops at 4300 in its newer releases; before that a number
#: takes quadratic time.
MOST_DIGITS = 100

#: Characters of one version. Real ones have up to 15. Beyond: as above.
LONGEST_VERSION = 400

#: Specifiers in one requirement, such as ``!=1.0``. Real ones have up to 14.
#: Beyond: the line is an error, and metadata is unreadable.
MOST_SPECIFIERS = 100

#: Extras of one requirement. Real ones have up to 3. Beyond: the
#: line is an error.
MOST_EXTRAS = 100

#: Lines of one list or requirements file, blank lines and comments included.
#: Real ones have up to 606. Beyond: the file is an error, at that line.
MOST_LINES = 100_000

#: Requirements in one list or manifest. Real ones have up to 606. Beyond: the
#: file is an error, at the first one that is too many.
MOST_REQUIREMENTS = 5_000

#: Specifiers of all the requirements in one list or manifest. Real ones have
#: up to 606. Beyond: as above.
MOST_SPECIFIERS_IN_FILE = 10_000

#: Requirements of one package in one list: one for each environment. Real
#: ones have up to 4. Beyond: as above.
MOST_OF_ONE_PACKAGE = 100

#: Extras of all the requirements in one list or manifest. Real ones have up
#: to 3. Beyond: as above.
MOST_EXTRAS_IN_FILE = 2_000

#: Different markers in one list or manifest. Real ones have up to 10. Beyond:
#: the file is an error, at the first one that is too many.
MOST_MARKERS = 500

#: Characters of all the different markers in one list or manifest. Real ones
#: have up to 337. Beyond: as above.
MOST_MARKER_TEXT = 16_384

#: The cost of one question about markers (do they overlap, are they equal?).
#: It has three measures, and beyond each of them the marker is "too complex"
#: to be judged, which is an error or a finding of its line. The first measure
#: is how many comparisons are evaluated, for all values; a comparison that
#: ``packaging`` has to evaluate counts eight times, a long one more.
MOST_EVALUATIONS = 32_768

#: The second measure: the kinds of environments that the comparisons tell
#: apart. Real questions have up to 1,000.
MOST_CASES = 1 << 20

#: The third measure: these times the comparisons. Real questions have up to
#: 20,000.
MOST_MARKER_WORK = 1 << 28

#: Characters of the markers of two files that are compared with each other;
#: each pair of lines of a package counts both. Real ones have up to 1,000.
#: Beyond: a finding, or an error of the first line that is too many. Of a
#: project and its target revision, markers that are not obviously equal then
#: count as changed.
MOST_COMPARED_TEXT = 100_000

#: Python versions that one comparison lists, and that all the markers of a
#: file name. Real ones have up to 5 and 25. Beyond: the marker is "too
#: complex" to be judged.
MOST_PYTHONS = 50
