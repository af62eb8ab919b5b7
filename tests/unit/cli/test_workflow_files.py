"""penstock workflow validate and run, in this process."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from penstock.workflows.execution.state import Run, Waiting
from penstock_cli.answers import Answers
from tests.unit.cli.conftest import Invoke
from tests.unit.cli.definitions import ASKING, BROKEN, DOUBLE, node, workflow

Write = Callable[..., str]
ROOT = Path(__file__).parents[3]


def test_a_valid_file_is_fine(penstock: Invoke, write: Write) -> None:
    result = penstock("workflow", "validate", write("w.json", DOUBLE), "--json")
    assert result.exit_code == 0
    assert [entry["valid"] for entry in json.loads(result.stdout)] == [True]


def test_every_problem_of_every_file_is_told_with_its_path(penstock: Invoke, write: Write) -> None:
    bad = workflow(node("x", "core.nop"), node("y", "core.wait", seconds=-1))
    result = penstock("workflow", "validate", write("good.json", DOUBLE), write("bad.json", bad), "--json")
    assert result.exit_code == 1
    good, found = json.loads(result.stdout)
    assert (good["valid"], found["valid"]) == (True, False)
    assert {"nodes[1].type", "nodes[2].parameters.seconds"} <= {problem["path"] for problem in found["problems"]}


def test_problems_are_told_to_people_too(penstock: Invoke, write: Write) -> None:
    result = penstock("workflow", "validate", write("bad.json", workflow(node("x", "core.nop"))))
    assert result.exit_code == 1
    assert "nodes[1].type" in result.stdout
    assert "core.noop" in result.stdout


def test_an_export_is_read_as_the_definition_in_it(penstock: Invoke, write: Write) -> None:
    file = write("e.json", {"format": "penstock.workflow/1", "definition": DOUBLE})
    assert penstock("workflow", "validate", file).exit_code == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [("{nope", "line 1, column 2: not JSON"), ("[1]", "a workflow is a JSON object"), (b"\xff", "not JSON")],
)
def test_a_file_that_is_no_workflow_is_wrong_use(
    penstock: Invoke, write: Write, content: str | bytes, reason: str
) -> None:
    file = write("w.json", content)
    result = penstock("workflow", "validate", file)
    assert result.exit_code == 2
    assert file in result.stderr
    assert reason in result.stderr


def test_a_missing_file_is_wrong_use(penstock: Invoke) -> None:
    result = penstock("workflow", "run", "nowhere.json")
    assert result.exit_code == 2
    assert "nowhere.json: no such file" in result.stderr
    assert result.stdout == ""


def test_a_run_gives_the_result_and_the_timeline(penstock: Invoke, write: Write) -> None:
    result = penstock(
        "workflow", "run", write("w.json", DOUBLE), "--input", write("in.json", [{"n": 2}, {"n": 4}]), "--json"
    )
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert document["status"] == "done"
    assert [item["twice"] for item in document["items"]] == [4, 8]
    assert [(e["type"], e["node"], e["outputs"]) for e in document["timeline"]] == [
        ("ExecutionStarted", None, {}),
        ("NodeCompleted", "start", {"main": 2}),
        ("NodeCompleted", "Double", {"main": 2}),
        ("ExecutionCompleted", None, {}),
    ]


def test_a_run_is_told_to_people_line_by_line(penstock: Invoke, write: Write) -> None:
    for flags in ((), ("--follow",)):
        result = penstock("workflow", "run", write("w.json", DOUBLE), "--input", write("in.json", {"n": 2}), *flags)
        assert "Double" in result.stdout
        assert "completed → 1 main" in result.stdout
        assert result.stdout.count("execution started") == 1
        assert '"twice": 4' in result.stdout


def test_items_come_from_standard_input(penstock: Invoke, write: Write) -> None:
    result = penstock("workflow", "run", write("w.json", DOUBLE), "--input", "-", "--json", stdin='{"n": 21}')
    assert json.loads(result.stdout)["items"][0]["twice"] == 42


def test_an_item_that_is_no_object_is_named(penstock: Invoke, write: Write) -> None:
    result = penstock("workflow", "run", write("w.json", DOUBLE), "--input", write("in.json", [{}, 7]))
    assert result.exit_code == 2
    assert "element 1 is a number" in result.stderr


def test_variables_are_json_or_text(penstock: Invoke, write: Write) -> None:
    fields = [{"name": "n", "value": "{{ $vars.n }}"}, {"name": "who", "value": "{{ $vars.who }}"}]
    file = write("w.json", workflow(node("Set", "core.set", fields=fields)))
    result = penstock("workflow", "run", file, "--var", "n=[1, 2]", "--var", "who=ward 3", "--json")
    assert json.loads(result.stdout)["items"] == [{"n": [1, 2], "who": "ward 3"}]


def test_a_variable_without_a_value_is_wrong_use(penstock: Invoke, write: Write) -> None:
    result = penstock("workflow", "run", write("w.json", DOUBLE), "--var", "n")
    assert (result.exit_code, "--var n: must be NAME=VALUE" in result.stderr) == (2, True)


def test_a_workflow_that_cannot_run_is_wrong_use_with_every_problem(penstock: Invoke, write: Write) -> None:
    result = penstock("workflow", "run", write("w.json", workflow(node("x", "core.nop"))))
    assert result.exit_code == 2
    assert "nodes[1].type: there is no node type" in result.stderr


def test_a_failed_run_tells_its_error_and_exits_with_1(penstock: Invoke, write: Write) -> None:
    file, items = write("w.json", BROKEN), write("in.json", {"n": 3})
    told = penstock("workflow", "run", file, "--input", items)
    assert told.exit_code == 1
    assert "enough of 3" in told.stdout.splitlines()[-1]
    document = json.loads(penstock("workflow", "run", file, "--input", items, "--json").stdout)
    assert (document["status"], document["items"]) == ("failed", [])
    assert document["error"]["message"] == "enough of 3"


def test_a_trigger_that_is_not_there_is_wrong_use(penstock: Invoke, write: Write) -> None:
    result = penstock("workflow", "run", write("w.json", DOUBLE), "--trigger", "hook")
    assert result.exit_code == 2
    assert "its triggers: start" in result.stderr


def test_an_open_question_leaves_the_run_waiting_and_says_how_to_answer(penstock: Invoke, write: Write) -> None:
    file = write("w.json", ASKING)
    result = penstock("workflow", "run", file)
    assert result.exit_code == 0
    assert "--answer 'Ask=approve'" in result.stdout
    document = json.loads(penstock("workflow", "run", file, "--json").stdout)
    assert document["status"] == "waiting"
    assert document["waiting"][0]["node"] == "Ask"
    assert document["waiting"][0]["message"] == "Shall it go on?"


@pytest.mark.parametrize(
    ("answer", "said"),
    [("approve", "yes"), ("reject", "no"), ('{"approved": true, "by": "dr.b"}', "yes")],
)
def test_an_answer_carries_the_run_on(penstock: Invoke, write: Write, answer: str, said: str) -> None:
    result = penstock("workflow", "run", write("w.json", ASKING), "--answer", f"Ask={answer}", "--json")
    assert json.loads(result.stdout)["items"][0]["said"] == said


@pytest.mark.parametrize("answer", ["perhaps", '{"approved": "perhaps"}'])
def test_an_answer_that_decides_nothing_is_wrong_use(penstock: Invoke, write: Write, answer: str) -> None:
    result = penstock("workflow", "run", write("w.json", ASKING), "--answer", f"Ask={answer}")
    assert result.exit_code == 2
    assert "answer of Ask" in result.stderr


def test_a_short_wait_is_waited_for(penstock: Invoke, write: Write) -> None:
    file = write("w.json", workflow(node("Pause", "core.wait", seconds=0.2)))
    begin = time.monotonic()
    assert json.loads(penstock("workflow", "run", file, "--json").stdout)["status"] == "done"
    assert time.monotonic() - begin >= 0.2


def test_a_long_wait_is_left_and_can_be_jumped_over(penstock: Invoke, write: Write) -> None:
    file = write("w.json", workflow(node("Pause", "core.wait", seconds=86_400)))
    left = penstock("workflow", "run", file)
    assert left.exit_code == 0
    assert "--fast-forward" in left.stdout
    begin = time.monotonic()
    document = json.loads(penstock("workflow", "run", file, "--fast-forward", "--json").stdout)
    assert document["status"] == "done"
    assert time.monotonic() - begin < 10
    times = [entry["time"][:10] for entry in document["timeline"]]
    assert times[0] < times[-1]


def test_jumping_ahead_lets_an_approval_time_out(penstock: Invoke, write: Write) -> None:
    document = json.loads(penstock("workflow", "run", write("w.json", ASKING), "--fast-forward", "--json").stdout)
    assert document["timeline"][-2]["outputs"] == {"timed_out": 1}


def test_a_wait_that_is_longer_than_the_time_given_is_left(penstock: Invoke, write: Write) -> None:
    file = write("w.json", workflow(node("Pause", "core.wait", seconds=50)))
    begin = time.monotonic()
    result = penstock("workflow", "run", file, "--timeout", "0.5")
    assert time.monotonic() - begin < 5
    assert result.exit_code == 0
    assert "waiting" in result.stdout


def test_a_sub_workflow_is_given_by_its_id(penstock: Invoke, write: Write) -> None:
    main = write("main.json", workflow(node("Call", "core.workflow", workflow="double")))
    items = write("in.json", {"n": 5})
    result = penstock(
        "workflow", "run", main, "--also", f"double={write('sub.json', DOUBLE)}", "--input", items, "--json"
    )
    assert json.loads(result.stdout)["items"][0]["twice"] == 10


def test_a_sample_is_run_on_a_message_as_it_was_received(penstock: Invoke) -> None:
    message = str(ROOT / "events" / "messages" / "hl7v2_oru_r01_critical.hl7")
    result = penstock("workflow", "run", "healthcare.lab_results", "--input", message, "--json")
    document = json.loads(result.stdout)
    assert document["status"] == "waiting"
    assert [waiting["node"] for waiting in document["waiting"]] == ["Clinician acknowledges"]


def test_control_characters_in_data_do_not_reach_the_terminal(penstock: Invoke, write: Write) -> None:
    file = write("w.json", workflow(node("Bad", "core.stop", message="\x1b[2Jgone")))
    result = penstock("workflow", "run", file)
    assert "\x1b" not in result.stdout
    assert "␛[2Jgone" in result.stdout


def test_running_a_file_imports_neither_the_cloud_nor_a_network_client(write: Write) -> None:
    code = (
        "import sys\n"
        "from penstock_cli.main import app\n"
        "app(sys.argv[1:], standalone_mode=False)\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'boto3', 'botocore', 'httpx', 'local', 'rich'}))\n"
    )
    command = [
        sys.executable,
        "-c",
        code,
        "workflow",
        "run",
        write("w.json", DOUBLE),
        "--input",
        write("in.json", {"n": 1}),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_a_question_at_the_terminal_is_asked_until_the_answer_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["perhaps", "approve", ""])
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: next(answers))
    asking = Answers.parse({}, {}, asks=True)
    waiting = Waiting(Run("Ask", 0, {}), "callback", details={"kind": "approval", "message": "Well?"})
    assert asking(waiting) == {"approved": True, "by": "cli"}
    assert (asking(waiting), asking(waiting)) == (None, None), "who leaves a question open is not asked again"


def test_the_version_is_told(penstock: Invoke) -> None:
    result = penstock("--version")
    assert (result.exit_code, result.stdout.startswith("penstock 0.")) == (0, True)


def test_the_node_types_are_listed_with_what_they_do(penstock: Invoke) -> None:
    listed = {each["name"]: each for each in json.loads(penstock("workflow", "nodes", "--json").stdout)}
    assert {"core.merge", "healthcare.hl7.parse"} <= set(listed)
    assert listed["core.http.request"]["title"] == "HTTP request"
    assert "Bring several branches together." in penstock("workflow", "nodes").stdout


def test_one_node_type_is_shown_with_its_parameters(penstock: Invoke) -> None:
    shown = json.loads(penstock("workflow", "nodes", "core.filter", "--json").stdout)
    assert "condition" in shown["schema"]["properties"]
    assert "Kept when true" in penstock("workflow", "nodes", "core.filter").stdout


def test_a_node_type_that_does_not_exist_is_wrong_use(penstock: Invoke) -> None:
    result = penstock("workflow", "nodes", "core.nope")
    assert (result.exit_code, "core.nope" in result.stderr) == (2, True)
