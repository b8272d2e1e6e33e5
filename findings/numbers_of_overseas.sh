#!/usr/bin/env bash
# phonenumbers, told that a number is of France (ISO 3166: “FR”, which the overseas departments belong to), does not know
# how people write theirs there: mobile numbers of Réunion, Guadeloupe, Martinique, Guiana and Mayotte are invalid, and so
# are most landlines. Those of Martinique and Mayotte are called valid and become +33 5 96… and +33 2 69…, where nobody is:
# they are reached by +596 596… and +262 269…. Each department is a region of its own here (GP, GF, MQ, RE, YT), so that a
# list of residents with one country for all loses some people, and writes down wrong numbers for others.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check phonenumbers==9.0.43
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import phonenumbers
from phonenumbers import PhoneNumberFormat

print("phonenumbers", version("phonenumbers"))


def written(text, region):
    number = phonenumbers.parse(text, region)
    known = phonenumbers.is_valid_number(number)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if known else "invalid"


# Each the package's own example of a number of that place.
seen = []
for region in ("FR", "GP", "GF", "MQ", "RE", "YT"):
    for kind in (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE):
        example = phonenumbers.example_number_for_type(region, kind)
        text = phonenumbers.format_number(example, PhoneNumberFormat.NATIONAL)
        right = phonenumbers.format_number(example, PhoneNumberFormat.E164)
        seen.append((region, written(text, "FR"), written(text, region) == right))
        print(f"{region} {text}: by its own region {written(text, region)}, as FR {written(text, 'FR')}")
found = {(region, number[:3]) for region, number, _right in seen}
expected = {("FR", "+33"), ("MQ", "+33"), ("YT", "+33")} | {(region, "inv") for region in ("GP", "GF", "MQ", "RE", "YT")}
sys.exit(not (found == expected and all(right for _region, _number, right in seen)))
PYTHON
