"""Makes the user, team, project and API token of a fresh Bugsink; runs inside its environment.

Prints one JSON line: `{"project": id, "key": public key of the DSN, "token": for the API}`.
"""

import json

import django

django.setup()

from bsmain.models import AuthToken  # noqa: E402 - models exist once Django is set up
from django.contrib.auth import get_user_model  # noqa: E402 - likewise
from projects.models import Project, ProjectMembership, ProjectRole  # noqa: E402 - likewise
from teams.models import Team, TeamMembership, TeamRole  # noqa: E402 - likewise


def main() -> None:
    user = get_user_model().objects.create_superuser("demo@example.com", "demo@example.com", "demo")
    team = Team.objects.create(name="demo")
    project = Project.objects.create(name="demo", team=team)
    TeamMembership.objects.create(team=team, user=user, role=TeamRole.ADMIN, accepted=True)
    ProjectMembership.objects.create(project=project, user=user, role=ProjectRole.ADMIN, accepted=True)
    token = AuthToken.create_full_access().token
    print(json.dumps({"project": project.pk, "key": project.sentry_key.hex, "token": token}))


if __name__ == "__main__":
    main()
