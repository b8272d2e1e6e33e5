#!/usr/bin/env bash
# django-ninja makes a new pydantic model for each status of each operation, also where all of them answer with one and
# the same schema: declaring eleven refusals for 250 operations makes 2,750 models at import, some seconds and tens of
# megabytes. Naming several statuses in one key, which reads as “one answer for all of these”, changes nothing: it makes
# one for each of them, too. What only documents refusals is cheaper put into the OpenAPI document afterwards.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check django-ninja==1.7.1 pydantic==2.14.3 django==5.2.19
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import django
from django.conf import settings

# It reads the settings while it is imported.
settings.configure()
django.setup()
import ninja
import pydantic


class Answer(ninja.Schema):
    text: str


class Problem(ninja.Schema):
    reason: str


STATUSES = (400, 404, 409)
router = ninja.Router()
for path, response in (
    ("/apart", {200: Answer, **dict.fromkeys(STATUSES, Problem)}),
    ("/together", {200: Answer, frozenset(STATUSES): Problem}),
):
    router.add_api_operation(path, ["GET"], lambda request: None, response=response, operation_id=path[1:])

print("django-ninja", ninja.__version__, "pydantic", pydantic.VERSION, "django", django.__version__)
seen = {}
for path, view in router.path_operations.items():
    (operation,) = view.operations
    models = [operation.response_models[status] for status in STATUSES]
    seen[path] = len(set(models)), {each.model_fields["response"].annotation is Problem for each in models}
    print(f"{path}: {seen[path][0]} models for {len(STATUSES)} statuses with the schema Problem")
sys.exit(seen != {"/apart": (3, {True}), "/together": (3, {True})})
PYTHON
