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
"""Names, requirement lines, specifiers and version sets, and markers.

What PEP 440 and PEP 508 define, as values: nothing here opens a file or
starts a process. It imports ``errors`` and nothing else of the toolkit.

Start with :mod:`.requirement`, the value that everything is about;
:mod:`.parser` makes it of a line, and :mod:`.entries` many of a file. Then
read :mod:`.markers` for where a line applies, and :mod:`.version_sets` for
which versions it admits.
"""
