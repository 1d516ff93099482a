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
"""The interfaces of GitHub, GitLab and Forgejo, as far as they are used.

Each is a :class:`.ForgeServer` that answers as the forge's reference says.
Independent clients are driven against them in ``test_forge_servers``, and the
answers of one are compared with the published description of the interface
where there is one.
"""

from __future__ import annotations

import html
import re
import urllib.parse
from typing import TYPE_CHECKING, Any

from openstack_requirements.tests.forge_servers import (
    Answer,
    Comment,
    ForgeServer,
    Project,
    Pull,
)

if TYPE_CHECKING:
    from email.message import Message

_NOT_FOUND = Answer(404, {"message": "Not Found"})
_USER_URLS = (
    *("avatar", "followers", "following", "gists", "starred"),
    *("subscriptions", "organizations", "repos", "events"),
    "received_events",
)
_REPOSITORY_URLS = (
    *("archive", "assignees", "blobs", "branches", "collaborators"),
    *("comments", "commits", "compare", "contents", "contributors"),
    *("deployments", "downloads", "events", "forks", "git_commits"),
    *("git_refs", "git_tags", "hooks", "issue_comment", "issue_events"),
    *("issues", "keys", "labels", "languages", "merges", "milestones"),
    *("notifications", "pulls", "releases", "stargazers", "statuses"),
    *("subscribers", "subscription", "tags", "teams", "trees"),
)


class GitHubServer(ForgeServer):
    """GitHub Enterprise Server, which has its interface below a path."""

    name = "github"
    interface = "/api/v3/"

    def token(self, headers: Message) -> str | None:
        given = headers.get("Authorization", "")
        return given.rpartition(" ")[2] or None

    def answer(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        body: dict[str, Any],
        account: str,
    ) -> Answer:
        if method != "GET" and not account:
            return Answer(401, {"message": "Requires authentication"})
        if path == "/user":
            if not account:
                return Answer(401, {"message": "Requires authentication"})
            return Answer(200, self._user(account))
        if path == "/issues":
            assert query["filter"] == "created"
            rows = [
                self._issue(project, pull)
                for project in self.projects.values()
                for pull in project.pulls
                if pull.author == account and pull.state == query["state"]
            ]
            return self.page(rows, query, f"/api/v3{path}", "per_page")
        match = re.fullmatch(r"/repositories/(\d+)(/.*)?", path)
        if match:
            for project in self.projects.values():
                if project.number == int(match[1]):
                    return self._of_project(
                        project, method, match[2] or "", query, body, account
                    )
            return _NOT_FOUND
        match = re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", path)
        if not match:
            return _NOT_FOUND
        name, rest = urllib.parse.unquote(match[1]), match[2] or ""
        if name in self.moved:
            number = self.projects[self.moved[name]].number
            location = f"{self.url}/api/v3/repositories/{number}{rest}"
            if query:
                location += f"?{urllib.parse.urlencode(query)}"
            return Answer(
                301 if method == "GET" else 307,
                {"message": "Moved Permanently", "url": location},
                {"Location": location},
            )
        known = self.projects.get(name)
        if known is None:
            return _NOT_FOUND
        return self._of_project(known, method, rest, query, body, account)

    def _of_project(
        self,
        project: Project,
        method: str,
        rest: str,
        query: dict[str, str],
        body: dict[str, Any],
        account: str,
    ) -> Answer:
        if not rest:
            return Answer(200, self._repository(project, whole=True))
        match = re.fullmatch(r"/git/ref/heads/(.*)", rest)
        if match:
            branch = urllib.parse.unquote(match[1])
            tip = project.tip(branch)
            if not tip:
                return _NOT_FOUND
            return Answer(
                200,
                {
                    "ref": f"refs/heads/{branch}",
                    "node_id": "R",
                    "url": f"{self._api(project)}/git/ref/heads/{branch}",
                    "object": {
                        "type": "commit",
                        "sha": tip,
                        "url": f"{self._api(project)}/git/commits/{tip}",
                    },
                },
            )
        if rest == "/pulls":
            if method == "POST":
                return self._create(project, body, account)
            rows = [
                self._pull_row(project, pull)
                for pull in reversed(project.pulls)
                if query.get("base", pull.base) == pull.base
                and query.get("head", self._label(project, pull))
                == self._label(project, pull)
                and (
                    query.get("state", "open")
                    in {"all", "open" if pull.state == "open" else "closed"}
                )
            ]
            path = f"/api/v3/repos/{project.name}{rest}"
            return self.page(rows, query, path, "per_page")
        match = re.fullmatch(r"/(pulls|issues)/(\d+)(/comments)?", rest)
        if not match or int(match[2]) > len(project.pulls):
            return _NOT_FOUND
        pull = project.pulls[int(match[2]) - 1]
        if match[3]:
            if method == "POST":
                said = self.say(pull, account, body["body"])
                return Answer(201, self._comment(project, pull, said))
            rows = [
                self._comment(project, pull, comment)
                for comment in pull.comments
            ]
            path = f"/api/v3/repos/{project.name}{rest}"
            return self.page(rows, query, path, "per_page")
        if method == "PATCH":
            self._change(project, pull, body, account)
        if match[1] == "issues":
            return Answer(200, self._issue(project, pull))
        return Answer(200, self._pull_row(project, pull, whole=True))

    def _create(
        self, project: Project, body: dict[str, Any], account: str
    ) -> Answer:
        fields = {**body, "body": body.get("body") or ""}
        said = ""
        if not project.tip(fields["head"]):
            said = "head is invalid"
        elif not project.tip(fields["base"]):
            said = "base is invalid"
        elif project.tip(fields["head"]) == project.tip(fields["base"]):
            said = f"No commits between {fields['base']} and {fields['head']}"
        pull = None if said else self.open(project, account, fields)
        if pull is None:
            owner = project.name.partition("/")[0]
            return Answer(
                422,
                {
                    "message": "Validation Failed",
                    "errors": [
                        {
                            "resource": "PullRequest",
                            "code": "custom",
                            "message": said
                            or "A pull request already exists for "
                            f"{owner}:{fields['head']}.",
                        }
                    ],
                    "documentation_url": "https://docs.github.com/rest",
                },
            )
        return Answer(201, self._pull_row(project, pull, whole=True))

    def _change(
        self, project: Project, pull: Pull, body: dict[str, Any], who: str
    ) -> None:
        if body.get("state") == "closed" and pull.state == "open":
            self.close(project.name, pull.number, who)
        if "title" in body:
            pull.title = body["title"]
        if "body" in body:
            pull.body = body["body"]

    def _api(self, project: Project) -> str:
        return f"{self.url}/api/v3/repos/{project.name}"

    def _label(self, project: Project, pull: Pull) -> str:
        return f"{project.name.partition('/')[0]}:{pull.head}"

    def _user(self, login: str) -> dict[str, Any]:
        url = f"{self.url}/api/v3/users/{login}"
        return {
            "login": login,
            "id": 1 + sum(login.encode()),
            "node_id": "U",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.url}/{login}",
            "type": "User",
            "site_admin": False,
            **{f"{name}_url": f"{url}/{name}" for name in _USER_URLS},
            "name": login,
            "company": None,
            "blog": None,
            "location": None,
            "email": None,
            "hireable": None,
            "bio": None,
            "public_repos": 0,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": "2024-01-01T00:00:00Z",
            "updated_at": "2024-01-01T00:00:00Z",
        }

    def _short_user(self, login: str) -> dict[str, Any]:
        user = self._user(login)
        last = list(user).index("name")
        return {name: user[name] for name in list(user)[:last]}

    def _repository(
        self, project: Project, *, whole: bool = False
    ) -> dict[str, Any]:
        owner, _, short = project.name.rpartition("/")
        url = self._api(project)
        counts = (
            *("forks", "stargazers", "watchers", "open_issues"),
            *(("network", "subscribers") if whole else ()),
        )
        return {
            "id": project.number,
            "node_id": "R",
            "name": short,
            "full_name": project.name,
            "owner": self._short_user(owner),
            "private": self.private,
            "visibility": "private" if self.private else "public",
            "html_url": f"{self.url}/{project.name}",
            "description": None,
            "fork": False,
            "url": url,
            **{f"{name}_url": f"{url}/{name}" for name in _REPOSITORY_URLS},
            "git_url": f"git:{project.name}.git",
            "ssh_url": f"git@host:{project.name}.git",
            "clone_url": f"{self.url}/{project.name}.git",
            "svn_url": f"{self.url}/{project.name}",
            "mirror_url": None,
            "homepage": None,
            "language": None,
            "license": None,
            **{f"{name}_count": 0 for name in counts},
            **dict.fromkeys(("forks", "watchers", "open_issues", "size"), 0),
            "default_branch": project.default,
            **dict.fromkeys(
                (
                    *("has_issues", "has_projects", "has_wiki", "has_pages"),
                    *("has_downloads", "has_discussions", "archived"),
                    "disabled",
                ),
                False,
            ),
            "topics": [],
            "is_template": False,
            "allow_forking": True,
            "web_commit_signoff_required": False,
            "permissions": {"admin": False, "pull": True, "push": True},
            **dict.fromkeys(
                ("pushed_at", "created_at", "updated_at"),
                "2024-01-01T00:00:00Z",
            ),
        }

    def _pull_row(
        self, project: Project, pull: Pull, *, whole: bool = False
    ) -> dict[str, Any]:
        url = f"{self._api(project)}/pulls/{pull.number}"
        issue = f"{self._api(project)}/issues/{pull.number}"
        page = f"{self.url}/{project.name}/pull/{pull.number}"
        owner = self._short_user(project.name.partition("/")[0])

        def side(branch: str, commit: str) -> dict[str, Any]:
            return {
                "label": f"{owner['login']}:{branch}",
                "ref": branch,
                "sha": commit,
                "user": owner,
                "repo": self._repository(project),
            }

        links = {
            "self": url,
            "html": page,
            "issue": issue,
            "comments": f"{issue}/comments",
            "review_comments": f"{url}/comments",
            "review_comment": f"{url}/comments{{/number}}",
            "commits": f"{url}/commits",
            "statuses": f"{self._api(project)}/statuses/{pull.commit}",
        }
        row: dict[str, Any] = {
            "id": 1000 * project.number + pull.number,
            "node_id": "P",
            "number": pull.number,
            "state": "open" if pull.state == "open" else "closed",
            "locked": False,
            "title": pull.title,
            "user": self._short_user(pull.author),
            "body": pull.body or None,
            **_rendered(pull.body),
            "labels": [],
            "milestone": None,
            "active_lock_reason": None,
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "draft": False,
            "auto_merge": None,
            "author_association": "MEMBER",
            "created_at": pull.created,
            "updated_at": pull.updated,
            "closed_at": pull.closed or None,
            "merged_at": pull.merged or None,
            "merge_commit_sha": None,
            "url": url,
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "issue_url": issue,
            "commits_url": links["commits"],
            "review_comments_url": links["review_comments"],
            "review_comment_url": links["review_comment"],
            "comments_url": links["comments"],
            "statuses_url": links["statuses"],
            "head": side(pull.head, pull.commit),
            "base": side(pull.base, project.tip(pull.base)),
            "_links": {name: {"href": href} for name, href in links.items()},
        }
        if whole:
            row |= {
                "merged": bool(pull.merged),
                "mergeable": True,
                "rebaseable": True,
                "mergeable_state": "clean",
                "merged_by": self._short_user(pull.closed_by)
                if pull.merged
                else None,
                "comments": len(pull.comments),
                "review_comments": 0,
                "maintainer_can_modify": False,
                "commits": 1,
                "additions": 1,
                "deletions": 1,
                "changed_files": 1,
            }
        return row

    def _issue(self, project: Project, pull: Pull) -> dict[str, Any]:
        row = self._pull_row(project, pull)
        url = row["issue_url"]
        return {
            **{
                name: row[name]
                for name in (
                    *("id", "node_id", "number", "state", "locked", "title"),
                    *("user", "body", "body_html", "body_text", "labels"),
                    *("milestone", "assignee"),
                    *("assignees", "author_association", "created_at"),
                    *("updated_at", "closed_at", "active_lock_reason"),
                    *("html_url", "comments_url", "draft"),
                )
            },
            "url": url,
            "repository_url": self._api(project),
            "labels_url": f"{url}/labels",
            "events_url": f"{url}/events",
            "comments": len(pull.comments),
            "state_reason": None,
            "closed_by": self._short_user(pull.closed_by)
            if pull.closed_by
            else None,
            "pull_request": {
                "url": row["url"],
                "html_url": row["html_url"],
                "diff_url": row["diff_url"],
                "patch_url": row["patch_url"],
                "merged_at": row["merged_at"],
            },
            "repository": self._repository(project),
        }

    def _comment(
        self, project: Project, pull: Pull, comment: Comment
    ) -> dict[str, Any]:
        issue = f"{self._api(project)}/issues/{pull.number}"
        page = f"{self.url}/{project.name}/pull/{pull.number}"
        return {
            "id": comment.number,
            "node_id": "C",
            "url": f"{self._api(project)}/issues/comments/{comment.number}",
            "html_url": f"{page}#issuecomment-{comment.number}",
            "issue_url": issue,
            "body": comment.text,
            **_rendered(comment.text),
            "user": self._short_user(comment.author),
            "author_association": "MEMBER",
            "created_at": comment.at,
            "updated_at": comment.at,
        }


def _rendered(text: str) -> dict[str, str]:
    """What some clients want beside a text; GitHub sends it on demand."""
    return {"body_html": f"<p>{html.escape(text)}</p>", "body_text": text}


class GitLabServer(ForgeServer):
    """GitLab."""

    name = "gitlab"
    pull_refs = "refs/merge-requests"
    closes_with_branch = False
    interface = "/api/v4/"

    def token(self, headers: Message) -> str | None:
        bearer = headers.get("Authorization", "").rpartition(" ")[2]
        return headers.get("PRIVATE-TOKEN") or bearer or None

    def answer(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        body: dict[str, Any],
        account: str,
    ) -> Answer:
        if path == "/user" or (method != "GET" and not account):
            if not account:
                return Answer(401, {"message": "401 Unauthorized"})
            return Answer(200, self._user(account))
        if path == "/merge_requests":
            assert query["scope"] == "created_by_me"
            rows = [
                self._row(project, pull)
                for project in self.projects.values()
                for pull in project.pulls
                if pull.author == account
                and _gitlab_state(pull) == query["state"]
            ]
            return self._page(rows, query, path)
        match = re.fullmatch(r"/projects/([^/]+)(/.*)?", path)
        if not match:
            return Answer(404, {"error": "404 Not Found"})
        name, rest = urllib.parse.unquote(match[1]), match[2] or ""
        if name in self.moved:
            if method != "GET":
                said = "405 Non GET methods are not allowed for moved projects"
                return Answer(405, {"message": said})
            number = self.projects[self.moved[name]].number
            location = f"{self.url}/api/v4/projects/{number}{rest}"
            if query:
                location += f"?{urllib.parse.urlencode(query)}"
            return Answer(301, None, {"Location": location})
        for project in self.projects.values():
            if name in {project.name, str(project.number)}:
                return self._of_project(
                    project, method, rest, query, body, account
                )
        return Answer(404, {"message": "404 Project Not Found"})

    def _of_project(
        self,
        project: Project,
        method: str,
        rest: str,
        query: dict[str, str],
        body: dict[str, Any],
        account: str,
    ) -> Answer:
        if not rest:
            return Answer(200, self._project(project))
        match = re.fullmatch(r"/repository/branches/([^/]+)", rest)
        if match:
            branch = urllib.parse.unquote(match[1])
            tip = project.tip(branch)
            if not tip:
                return Answer(404, {"message": "404 Branch Not Found"})
            return Answer(
                200,
                {
                    "name": branch,
                    "merged": False,
                    "protected": False,
                    "default": branch == project.default,
                    "can_push": True,
                    "web_url": f"{self.url}/{project.name}/-/tree/{branch}",
                    "commit": {"id": tip, "short_id": tip[:8]},
                },
            )
        if rest == "/merge_requests":
            if method == "POST":
                return self._create(project, body, account)
            rows = [
                self._row(project, pull)
                for pull in reversed(project.pulls)
                if query.get("state", "all") in {"all", _gitlab_state(pull)}
                and query.get("source_branch", pull.head) == pull.head
                and query.get("target_branch", pull.base) == pull.base
            ]
            path = f"/projects/{project.number}{rest}"
            return self._page(rows, query, path)
        match = re.fullmatch(r"/merge_requests/(\d+)(/notes)?", rest)
        if not match or int(match[1]) > len(project.pulls):
            return Answer(404, {"message": "404 Not found"})
        pull = project.pulls[int(match[1]) - 1]
        if match[2]:
            if method == "POST":
                said = self.say(pull, account, body["body"])
                return Answer(201, self._note(pull, said))
            rows = [self._note(pull, said) for said in pull.comments]
            path = f"/projects/{project.number}{rest}"
            return self._page(rows[::-1], query, path)
        if method == "PUT":
            if body.get("state_event") == "close":
                self.close(project.name, pull.number, account)
            pull.title = body.get("title", pull.title)
            pull.body = body.get("description", pull.body)
        return Answer(200, self._row(project, pull))

    def _page(
        self, rows: list[Any], query: dict[str, str], path: str
    ) -> Answer:
        answer = self.page(rows, query, f"/api/v4{path}", "per_page")
        number = int(query.get("page", 1))
        headers = {
            "X-Page": str(number),
            "X-Per-Page": query.get("per_page", "20"),
            "X-Next-Page": str(number + 1) if "Link" in answer.headers else "",
            "X-Prev-Page": str(number - 1) if number > 1 else "",
            "X-Total": str(len(rows)),
            "X-Total-Pages": "1",
        }
        return answer._replace(headers={**answer.headers, **headers})

    def _create(
        self, project: Project, body: dict[str, Any], account: str
    ) -> Answer:
        fields = {
            "head": body["source_branch"],
            "base": body["target_branch"],
            "title": body["title"],
            "body": body.get("description") or "",
        }
        for name, branch in (("source", "head"), ("target", "base")):
            if not project.tip(fields[branch]):
                said = f"{name}_branch does not exist"
                return Answer(400, {"message": {"base": [said]}})
        pull = self.open(project, account, fields)
        if pull is None:
            said = "Another open merge request already exists for this source"
            return Answer(409, {"message": [f"{said} branch: !1"]})
        return Answer(201, self._row(project, pull))

    def _user(self, name: str) -> dict[str, Any]:
        return {
            "id": 1 + sum(name.encode()),
            "username": name,
            "name": name,
            "state": "active",
            "locked": False,
            "avatar_url": None,
            "web_url": f"{self.url}/{name}",
        }

    def _project(self, project: Project) -> dict[str, Any]:
        return {
            "id": project.number,
            "name": project.name.rpartition("/")[2],
            "path": project.name.rpartition("/")[2],
            "path_with_namespace": project.name,
            "default_branch": project.default,
            "web_url": f"{self.url}/{project.name}",
            "http_url_to_repo": f"{self.url}/{project.name}.git",
            "visibility": "private" if self.private else "public",
        }

    def _row(self, project: Project, pull: Pull) -> dict[str, Any]:
        merged = pull.state == "merged"
        closer = self._user(pull.closed_by) if pull.closed_by else None
        return {
            "id": 1000 * project.number + pull.number,
            "iid": pull.number,
            "project_id": project.number,
            "source_project_id": project.number,
            "target_project_id": project.number,
            "title": pull.title,
            "description": pull.body,
            "state": _gitlab_state(pull),
            "created_at": pull.created,
            "updated_at": pull.updated,
            "merged_at": pull.merged or None,
            "merge_user": closer if merged else None,
            "closed_at": None if merged else pull.closed or None,
            "closed_by": None if merged else closer,
            "source_branch": pull.head,
            "target_branch": pull.base,
            "author": self._user(pull.author),
            "sha": pull.commit,
            "references": {
                "short": f"!{pull.number}",
                "relative": f"!{pull.number}",
                "full": f"{project.name}!{pull.number}",
            },
            "web_url": (
                f"{self.url}/{project.name}/-/merge_requests/{pull.number}"
            ),
            "draft": False,
            "user_notes_count": len(pull.comments),
        }

    def _note(self, pull: Pull, comment: Comment) -> dict[str, Any]:
        return {
            "id": comment.number,
            "type": None,
            "body": comment.text,
            "author": self._user(comment.author),
            "created_at": comment.at,
            "updated_at": comment.at,
            "system": False,
            "noteable_type": "MergeRequest",
            "noteable_iid": pull.number,
        }


def _gitlab_state(pull: Pull) -> str:
    return "opened" if pull.state == "open" else pull.state


class ForgejoServer(ForgeServer):
    """Forgejo."""

    name = "forgejo"
    interface = "/api/v1/"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        # As its default settings have it.
        self.most_rows = 50

    def token(self, headers: Message) -> str | None:
        return headers.get("Authorization", "").rpartition(" ")[2] or None

    def answer(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        body: dict[str, Any],
        account: str,
    ) -> Answer:
        if path == "/user" or (method != "GET" and not account):
            if not account:
                return Answer(401, {"message": "token is required"})
            return Answer(200, self._user(account))
        if path == "/repos/issues/search":
            assert (query["created"], query["type"]) == ("true", "pulls")
            rows = [
                self._issue(project, pull)
                for project in self.projects.values()
                for pull in project.pulls
                if pull.author == account
                and (pull.state == "open") == (query["state"] == "open")
            ]
            return self._page(rows, query, path)
        match = re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", path)
        if not match:
            return _NOT_FOUND
        name, rest = urllib.parse.unquote(match[1]), match[2] or ""
        if name in self.moved:
            location = f"/api/v1/repos/{self.moved[name]}{rest}"
            if query:
                location += f"?{urllib.parse.urlencode(query)}"
            return Answer(307, None, {"Location": location})
        project = self.projects.get(name)
        if project is None:
            said = "The target couldn't be found."
            return Answer(404, {"message": said, "errors": []})
        return self._of_project(project, method, rest, query, body, account)

    def _of_project(
        self,
        project: Project,
        method: str,
        rest: str,
        query: dict[str, str],
        body: dict[str, Any],
        account: str,
    ) -> Answer:
        if not rest:
            return Answer(200, self._repository(project))
        match = re.fullmatch(r"/branches/(.+)", rest)
        if match:
            branch = urllib.parse.unquote(match[1])
            tip = project.tip(branch)
            if not tip:
                return _NOT_FOUND
            commit = {"id": tip, "message": "x", "url": f"{self.url}/{tip}"}
            row = {"name": branch, "commit": commit, "protected": False}
            return Answer(200, row)
        if rest == "/pulls":
            if method == "POST":
                return self._create(project, body, account)
            wanted = query.get("state", "open")
            pulls = sorted(
                (
                    pull
                    for pull in project.pulls
                    if wanted == "all"
                    or (wanted == "open") == (pull.state == "open")
                ),
                key=lambda pull: (pull.updated, pull.number),
                reverse=True,
            )
            rows = [self._row(project, pull) for pull in pulls]
            return self._page(rows, query, f"/repos/{project.name}{rest}")
        match = re.fullmatch(r"/(pulls|issues)/(\d+)(/comments)?", rest)
        if not match or int(match[2]) > len(project.pulls):
            return _NOT_FOUND
        pull = project.pulls[int(match[2]) - 1]
        if match[3]:
            if method == "POST":
                said = self.say(pull, account, body["body"])
                return Answer(201, self._comment(pull, said))
            said_rows = [self._comment(pull, said) for said in pull.comments]
            return Answer(200, said_rows)
        if method == "PATCH":
            if body.get("state") == "closed" and pull.state == "open":
                self.close(project.name, pull.number, account)
            pull.title = body.get("title", pull.title)
            pull.body = body.get("body", pull.body)
            return Answer(201, self._row(project, pull))
        return Answer(200, self._row(project, pull))

    def _page(
        self, rows: list[Any], query: dict[str, str], path: str
    ) -> Answer:
        answer = self.page(rows, query, f"/api/v1{path}", "limit")
        headers = {**answer.headers, "X-Total-Count": str(len(rows))}
        return answer._replace(headers=headers)

    def _create(
        self, project: Project, body: dict[str, Any], account: str
    ) -> Answer:
        fields = {**body, "body": body.get("body") or ""}
        if not all(project.tip(fields[side]) for side in ("head", "base")):
            return _NOT_FOUND
        pull = self.open(project, account, fields)
        if pull is None:
            said = "pull request already exists for these targets"
            return Answer(409, {"message": said, "url": self.url})
        return Answer(201, self._row(project, pull))

    def _user(self, login: str) -> dict[str, Any]:
        return {
            "id": 1 + sum(login.encode()),
            "login": login,
            "username": login,
            "full_name": "",
            "email": f"{login}@noreply.localhost",
            "avatar_url": f"{self.url}/avatars/{login}",
            "html_url": f"{self.url}/{login}",
        }

    def _repository(self, project: Project) -> dict[str, Any]:
        owner, _, short = project.name.rpartition("/")
        return {
            "id": project.number,
            "owner": self._user(owner),
            "name": short,
            "full_name": project.name,
            "default_branch": project.default,
            "empty": not project.tip(project.default),
            "private": self.private,
            "html_url": f"{self.url}/{project.name}",
            "clone_url": f"{self.url}/{project.name}.git",
            "object_format_name": "sha1",
        }

    def _row(self, project: Project, pull: Pull) -> dict[str, Any]:
        is_there = project.tip(pull.head)
        repository = self._repository(project)
        page = f"{self.url}/{project.name}/pulls/{pull.number}"
        return {
            "id": 1000 * project.number + pull.number,
            "url": page,
            "html_url": page,
            "number": pull.number,
            "user": self._user(pull.author),
            "title": pull.title,
            "body": pull.body,
            "labels": [],
            "state": "open" if pull.state == "open" else "closed",
            "draft": False,
            "comments": len(pull.comments),
            "mergeable": True,
            "merged": bool(pull.merged),
            "merged_at": pull.merged or None,
            "merged_by": self._user(pull.closed_by) if pull.merged else None,
            "head": {
                "label": pull.head,
                "ref": pull.head
                if is_there
                else f"refs/pull/{pull.number}/head",
                "sha": pull.commit,
                "repo_id": project.number if is_there else -1,
                "repo": repository if is_there else None,
            },
            "base": {
                "label": pull.base,
                "ref": pull.base,
                "sha": project.tip(pull.base),
                "repo_id": project.number,
                "repo": repository,
            },
            "created_at": pull.created,
            "updated_at": pull.updated,
            "closed_at": pull.closed or None,
        }

    def _issue(self, project: Project, pull: Pull) -> dict[str, Any]:
        row = self._row(project, pull)
        return {
            **{
                name: row[name]
                for name in (
                    *("id", "url", "html_url", "number", "user", "title"),
                    *("body", "labels", "state", "comments", "created_at"),
                    *("updated_at", "closed_at"),
                )
            },
            "pull_request": {
                "merged": row["merged"],
                "merged_at": row["merged_at"],
                "html_url": row["html_url"],
            },
            "repository": {
                "id": project.number,
                "name": project.name.rpartition("/")[2],
                "owner": project.name.rpartition("/")[0],
                "full_name": project.name,
            },
        }

    def _comment(self, pull: Pull, comment: Comment) -> dict[str, Any]:
        return {
            "id": comment.number,
            "html_url": f"{self.url}/pulls/{pull.number}#{comment.number}",
            "user": self._user(comment.author),
            "body": comment.text,
            "created_at": comment.at,
            "updated_at": comment.at,
        }
