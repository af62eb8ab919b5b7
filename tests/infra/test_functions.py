"""`function.toml`: what is read, and what every mistake says."""

from pathlib import Path

import pytest

from infra.definition import Access, ApiTrigger, BusTrigger, EventsTrigger, InvokeTrigger, QueueTrigger, StreamTrigger
from infra.errors import DefinitionError
from infra.functions import discover, read_function
from tests.infra.sample import ROOT, SAMPLE, write_function

QUEUE = "[trigger]\nqueue = true\n"
START = 'description = "x"\n'


@pytest.fixture
def functions(tmp_path: Path) -> Path:
    for name, definition in SAMPLE.items():
        write_function(tmp_path, name, definition)
    return tmp_path


def test_every_folder_with_a_handler_is_a_function(functions: Path) -> None:
    assert [function.name for function in discover(functions)] == sorted(SAMPLE)


def test_every_trigger_is_read(functions: Path) -> None:
    triggers = {function.name: function.trigger for function in discover(functions)}
    assert triggers == {
        "workflows": ApiTrigger(("/v1/workflows", "/v1/executions/{id}")),
        "sequencer": StreamTrigger(),
        "projector": EventsTrigger(("workflow", "execution"), 2),
        "search_indexer": EventsTrigger(("feed",), 5, ordered=True),
        "engine": QueueTrigger(),
        "triggers": BusTrigger(("MessageReceived",)),
        "audit": BusTrigger(()),
        "healthcare_nodes": InvokeTrigger(),
    }


def test_grants_are_none_unless_asked_for(functions: Path) -> None:
    by_name = {function.name: function for function in discover(functions)}
    assert by_name["workflows"].grants.events is Access.WRITE
    assert by_name["workflows"].grants.invoke == ("healthcare_nodes",)
    assert by_name["sequencer"].grants.events is None
    assert not by_name["engine"].grants.publish


def test_a_pattern_names_every_function_that_can_be_invoked(functions: Path) -> None:
    write_function(functions, "finance_nodes", SAMPLE["healthcare_nodes"])
    write_function(functions, "caller", START + QUEUE + '[grants]\ninvoke = ["*_nodes"]')
    by_name = {function.name: function for function in discover(functions)}
    assert by_name["caller"].grants.invoke == ("finance_nodes", "healthcare_nodes")


@pytest.mark.parametrize(
    ("definition", "field", "reason"),
    [
        pytest.param("=", "file", "is not TOML", id="not TOML"),
        pytest.param(QUEUE, "description", "must be a text", id="no description"),
        pytest.param(START, "trigger", "exactly one of", id="no trigger"),
        pytest.param(f"{START}[trigger]\nqueue = true\ninvoke = true", "trigger", "it holds invoke, queue", id="two"),
        pytest.param(f"{START}[trigger]\ncron = true", "trigger.cron", "is not known", id="unknown trigger"),
        pytest.param(f"{START}[trigger]\nqueue = false", "trigger.queue", "can only be true", id="false trigger"),
        pytest.param(f'{START}[trigger]\napi = ["v1"]', "trigger.api", "'v1' is not a path", id="bad path"),
        pytest.param(f"{START}[trigger]\napi = []", "trigger.api", "at least one path", id="no path"),
        pytest.param(f"{START}[trigger]\nevents = {{kinds=[]}}", "trigger.events.kinds", "at least one", id="no kind"),
        pytest.param(
            f'{START}[trigger]\nevents = {{kinds=["a"], delay=901}}',
            "trigger.events.delay",
            "from 0 to 900",
            id="too late",
        ),
        pytest.param(
            f"{START}[trigger]\nbus = {{detail=[]}}", "trigger.bus.detail", "is not known", id="unknown field of bus"
        ),
        pytest.param(f"{START}memory = 64\n{QUEUE}", "memory", "from 128 to 10240, got 64", id="too small"),
        pytest.param(f"{START}timeout = true\n{QUEUE}", "timeout", "got True", id="a flag for a number"),
        pytest.param(f"{START}wing = []\n{QUEUE}", "wing", "is not known", id="unknown field"),
        pytest.param(f'{START}wings = "healthcare"\n{QUEUE}', "wings", "must be a list of texts", id="text for list"),
        pytest.param(f'{START}{QUEUE}[grants]\nevents = "all"', "grants.events", '"read" or "write"', id="bad access"),
        pytest.param(f"{START}{QUEUE}[grants]\npublish = 1", "grants.publish", "true or false", id="number for flag"),
        pytest.param(f'{START}{QUEUE}[grants]\nsend = ["x"]', "grants.send", "'x' is not one of", id="unknown queue"),
        pytest.param(f'{START}{QUEUE}[grants]\ninvoke = ["x"]', "grants.invoke", "'x' is not one of", id="not invoked"),
        pytest.param(f'{START}{QUEUE}[grants]\nsend = ["a", "a"]', "grants.send", "something twice", id="twice"),
    ],
)
def test_a_mistake_names_its_file_its_field_and_the_reason(
    tmp_path: Path, definition: str, field: str, reason: str
) -> None:
    home = write_function(tmp_path, "broken", definition)
    with pytest.raises(DefinitionError) as caught:
        discover(tmp_path)
    assert caught.value.path == home / "function.toml"
    assert caught.value.field == field
    assert reason in caught.value.reason
    assert str(caught.value).startswith(f"{home / 'function.toml'}: {field}: ")


def test_a_definition_without_a_handler_is_refused(tmp_path: Path) -> None:
    home = write_function(tmp_path, "lonely", START + QUEUE)
    (home / "handler.py").unlink()
    with pytest.raises(DefinitionError, match=r"folder: holds no handler\.py"):
        discover(tmp_path)


def test_a_handler_without_a_definition_is_refused(tmp_path: Path) -> None:
    home = write_function(tmp_path, "lonely", START + QUEUE)
    (home / "function.toml").unlink()
    with pytest.raises(DefinitionError, match="is missing beside handler"):
        read_function(home)


def test_a_folder_that_is_not_in_snake_case_is_refused(tmp_path: Path) -> None:
    write_function(tmp_path, "read-models", START + QUEUE)
    with pytest.raises(DefinitionError, match="not in snake_case"):
        discover(tmp_path)


def test_two_functions_cannot_serve_one_path(tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_function(tmp_path, name, f'{START}[trigger]\napi = ["/v1/same"]')
    with pytest.raises(DefinitionError, match="/v1/same already belongs to first"):
        discover(tmp_path)


@pytest.mark.parametrize("path", ["/v1/same/{id}", "/v1/same/{id}/runs"])
def test_a_variable_part_cannot_stand_where_another_path_catches_all(tmp_path: Path, path: str) -> None:
    write_function(tmp_path, "first", f'{START}[trigger]\napi = ["/v1/same"]')
    write_function(tmp_path, "second", f'{START}[trigger]\napi = ["{path}"]')
    with pytest.raises(DefinitionError, match=r"puts \{id\} below /v1/same, where another path has \{proxy\+\}"):
        discover(tmp_path)


def test_paths_may_share_a_variable_part(tmp_path: Path) -> None:
    write_function(tmp_path, "first", f'{START}[trigger]\napi = ["/v1/streams/{{id}}/events"]')
    write_function(tmp_path, "second", f'{START}[trigger]\napi = ["/v1/streams/{{id}}/states"]')
    assert len(discover(tmp_path)) == 2


def test_only_one_function_reads_the_stream(tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_function(tmp_path, name, f"{START}[trigger]\nstream = true")
    with pytest.raises(DefinitionError, match="only one function reads the stream: first"):
        discover(tmp_path)


def test_the_functions_of_this_repo_are_well_defined() -> None:
    assert discover(ROOT / "functions")


def test_grants_that_need_each_other_are_asked_for_together() -> None:
    """Events lie in payloads where they are large; which rows are live, and the feed that nodes see, lie in the other."""
    needs = {"views": ("events",), "events": ("payloads",)}
    for function in discover(ROOT / "functions"):
        asked = {name for name in needs if getattr(function.grants, name)}
        missing = {other for name in asked for other in needs[name] if not getattr(function.grants, other)}
        assert not missing, f"{function.name} needs {missing}"
        assert function.grants.views or not function.name.endswith("_nodes")
