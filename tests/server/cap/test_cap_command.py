"""The command that reads CAP files."""

from __future__ import annotations

import io
import itertools
import json

import pytest
from tests.support.cap_files import AROUND_RENNES, cap_alert, cap_area, cap_info

from beffroi_server.__main__ import main

NOW = ["--now", "2026-11-29T09:00:00+01:00"]
TOWN = ["--latitude", "48.11", "--longitude=-1.68", "--insee", "35238"]
FIRST = "prefecture@example.org,MSG-1,2026-11-29T08:30:00+01:00"


@pytest.fixture
def run(tmp_path, capsys):
    def call(*contents: bytes, options=(*NOW, *TOWN), as_json=True):
        names = []
        for number, content in enumerate(contents):
            path = tmp_path / f"{number}.xml"
            path.write_bytes(content)
            names.append(str(path))
        code = main(["cap", "read", *names, *options, *(["--json"] if as_json else [])])
        printed = capsys.readouterr()
        lines = [json.loads(line) for line in printed.out.splitlines()] if as_json else printed.out
        return code, lines, printed.err

    return call


def test_prints_one_object_a_line_with_the_values_of_the_source(run):
    area = cap_area(polygon=AROUND_RENNES, circle="48.1,-1.7 5", codes=[("NUTS3", "FR523")])
    info = cap_info(area, effective="2026-11-29T08:00:00-00:00", onset="2026-11-29T24:00:00+01:00", severity="severe")
    code, (alert,), _ = run(cap_alert(info, references=FIRST, msgType="Update"))
    assert code == 0
    assert alert == {
        "identifier": "MSG-1", "sender": "prefecture@example.org", "sent": "2026-11-29T08:30:00+01:00",
        "status": "Actual", "msg_type": "Update", "scope": "Public",
        "references": [
            {"sender": "prefecture@example.org", "identifier": "MSG-1", "sent": "2026-11-29T08:30:00+01:00"}
        ],
        "infos": [
            {
                "language": "fr-FR", "event": "Orages violents", "urgency": "Immediate", "severity": "Severe",
                "certainty": "Observed", "effective": "2026-11-29T08:00:00-00:00",
                "onset": "2026-11-30T00:00:00+01:00", "expires": "2026-11-29T18:00:00+01:00",
                "headline": "Orages violents sur le pays de Rennes", "description": "De fortes rafales.",
                "instruction": "Restez chez vous.",
                "areas": [
                    {
                        "area_desc": "Pays de Rennes",
                        "polygons": [[[48, -2], [48, -1], [49, -1], [49, -2], [48, -2]]],
                        "holes": [],
                        "circles": [{"latitude": 48.1, "longitude": -1.7, "radius_km": 5}],
                        "geocodes": [{"value_name": "NUTS3", "value": "FR523"}],
                    }
                ],
            }
        ],
        "verdict": "propose", "reason": "default of the policy; announced for 2026-11-30T00:00:00+01:00",
    }  # fmt: skip


def test_what_the_source_leaves_out_is_null(run):
    _, (alert,), _ = run(b"<alert><identifier>1</identifier><info><event>x</event></info></alert>")
    assert (alert["sender"], alert["sent"], alert["scope"], alert["references"]) == (None, None, None, [])
    assert (alert["infos"][0]["certainty"], alert["infos"][0]["expires"], alert["infos"][0]["areas"]) == (
        None,
        None,
        [],
    )


@pytest.mark.parametrize(
    "policy",
    [
        '[[rules]]\ndecision = "broadcast"\nseverity = ["severe", "Extreme"]\nevents = ["orage*"]\n',
        '{"rules": [{"decision": "broadcast", "areas": ["Pays de *"], "senders": ["*@example.org"]}]}',
        'default = "broadcast"\n',
    ],
)
def test_a_policy_decides(run, tmp_path, policy):
    (tmp_path / "policy").write_text(policy)
    _, (alert,), _ = run(cap_alert(), options=[*NOW, *TOWN, "--policy", str(tmp_path / "policy")])
    assert alert["verdict"] == "broadcast"


def test_the_files_of_one_call_are_what_one_source_has_sent(run):
    cancel = cap_alert(identifier="C", msgType="Cancel", references=FIRST)
    _, lines, _ = run(cancel, cap_alert())
    assert [(each["verdict"], each["reason"]) for each in lines] == [
        ("ignore", "cancels earlier messages (1); never shown itself"),
        ("ignore", "cancelled by C"),
    ]


def test_reasons_do_not_depend_on_the_order_of_the_files(run):
    update = cap_alert(identifier="U", msgType="Update", sent="2026-11-29T08:40:00+01:00", references=FIRST)
    cancel = cap_alert(identifier="C", msgType="Cancel", sent="2026-11-29T08:50:00+01:00", references=FIRST)
    files = [cap_alert(), update, cancel]
    found = set()
    for order in itertools.permutations(files):
        _, lines, _ = run(*order)
        found.add(tuple(sorted((each["sent"], each["verdict"], each["reason"]) for each in lines)))
    assert found == {
        (
            ("2026-11-29T08:30:00+01:00", "ignore", "replaced by U"),
            ("2026-11-29T08:40:00+01:00", "ignore", "cancelled by C"),
            ("2026-11-29T08:50:00+01:00", "ignore", "cancels earlier messages (1); never shown itself"),
        )
    }


def test_of_two_texts_of_one_instant_the_one_that_is_named_later_counts(run):
    for names in (["Un", "Deux", "Trois"], ["Trois", "Deux", "Un"]):
        _, lines, _ = run(*(cap_alert(cap_info(headline=name)) for name in names))
        assert [each["verdict"] for each in lines] == ["ignore", "ignore", "propose"]


def test_a_file_that_cannot_be_read_costs_no_other(run):
    code, lines, said = run(b"<html/>", cap_alert())
    assert code == 1
    assert lines[0]["error"] == "a web page, not a CAP document"
    assert lines[0]["file"].endswith("0.xml")
    assert lines[1]["identifier"] == "MSG-1"
    assert "a web page" in said
    assert main(["cap", "read", "/nowhere/at-all.xml", "--json"]) == 1


@pytest.mark.parametrize(
    "options",
    [
        ["--latitude", "48"], ["--latitude", "95", "--longitude", "0"], ["--insee", "123"], ["--department", "99"],
        ["--now", "2026-11-29T09:00:00"], ["--code", "SAME"], ["--policy", "/nowhere"],
        ["--department", "06", "--insee", "35238"],
    ],
)  # fmt: skip
def test_a_wrong_call_is_refused(run, options):
    with pytest.raises(SystemExit) as refused:
        run(cap_alert(), options=options)
    assert refused.value.code == 2


def test_a_wrong_policy_says_where(run, tmp_path, capsys):
    (tmp_path / "policy").write_text('[[rules]]\ndecision = "shout"\n')
    with pytest.raises(SystemExit):
        run(cap_alert(), options=["--policy", str(tmp_path / "policy")])
    assert "rules.0.decision" in capsys.readouterr().err


def test_people_read_it_in_their_language(run):
    _, text, _ = run(cap_alert(cap_info(cap_area())), as_json=False, options=[*NOW, "--language", "fr"])
    assert text.startswith("PROPOSÉ: secteur inconnu")
    assert "Restez chez vous." in text


def test_it_reads_standard_input(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(cap_alert())))
    assert main(["cap", "read", "-", "--json", *NOW]) == 0
    assert json.loads(capsys.readouterr().out)["identifier"] == "MSG-1"


def test_a_policy_is_rehearsed_on_each_message_as_it_was_then(tmp_path, capsys):
    cancel = cap_alert(identifier="C", msgType="Cancel", references=FIRST, sent="2026-11-29T09:30:00+01:00")
    undated = cap_alert(identifier="U", sent=None)
    (tmp_path / "all").write_bytes(b"<alerts>" + cancel + undated + cap_alert() + b"</alerts>")
    assert main(["cap", "rehearse", str(tmp_path / "all"), *TOWN, "--language", "fr"]) == 0
    first, second, totals = capsys.readouterr().out.splitlines()
    assert first.startswith("2026-11-29T08:30:00+01:00  PROPOSÉ  Orages violents")
    assert second.startswith("2026-11-29T09:30:00+01:00  IGNORÉ")
    assert totals == "1 ignoré, 1 proposé, 0 diffusé"
