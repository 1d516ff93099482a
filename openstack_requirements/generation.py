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
"""Constraints from a list, for other programs.

:func:`generate` does what ``generate-constraints`` does: it runs installers,
which ask the package index. A :class:`Request` says what is wanted, a
:class:`Result` has what came of it, :func:`write_result` writes the files that
the request names, and a :class:`Listener` is told what happens meanwhile.
"""

from openstack_requirements.repository.generation import (
    Listener,
    Request,
    Result,
    generate,
    write_result,
)

__all__ = ["Listener", "Request", "Result", "generate", "write_result"]
