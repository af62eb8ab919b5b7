"""What an expression cannot do: outlast its limits, reach out, or leave something behind."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.workflows.expressions import (
    ExpressionError,
    ExpressionLimitError,
    ExpressionRuntimeError,
    Limits,
    Sandbox,
    SandboxUnavailableError,
)
from penstock.workflows.expressions.sandbox import SandboxDiedError

Value = Callable[..., Any]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    own = Sandbox(Limits(seconds=0.1))
    yield own
    own.close()


@pytest.mark.parametrize(
    "source",
    [
        "(() => { for (;;); })()",
        "(() => { try { for (;;); } catch { return 1; } finally { for (;;); } })()",
        "/(a+)+$/.test('a'.repeat(40) + 'b')",
        "new Proxy({}, { get() { for (;;); } }).x",
        "({ toJSON() { for (;;); } })",
    ],
)
def test_an_endless_expression_is_stopped(value: Value, source: str) -> None:
    started = time.monotonic()
    with pytest.raises(ExpressionLimitError) as stopped:
        value("{{ " + source + " }}")
    assert stopped.value.limit == "time"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "source",
    [
        "Array(4e9).join('x')",
        "Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)",
        "'ab'.repeat(5e6).indexOf('ba'.repeat(2e6) + 'c')",
        "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1e9)",
    ],
)
def test_a_native_loop_that_never_looks_at_its_limit_is_killed_or_refused(value: Value, source: str) -> None:
    started = time.monotonic()
    with pytest.raises(ExpressionError):
        value("{{ " + source + " }}")
    assert time.monotonic() - started < 5
    assert value("{{ [1, 2].join() }}") == "1,2"


@pytest.mark.parametrize(
    ("source", "limit"),
    [
        ("'x'.repeat(5e8)", "memory"),
        ("(() => { const a = []; for (;;) a.push(Array(1e5).fill(0)); })()", "memory"),
        ("(() => { const f = () => f() + 1; return f(); })()", "stack"),
        ("'x'.repeat(1e6)", "result"),
        ("Array(3e5).fill('abc')", "result"),
    ],
)
def test_memory_stack_and_result_are_bounded(value: Value, source: str, limit: str) -> None:
    with pytest.raises(ExpressionLimitError) as refused:
        value("{{ " + source + " }}")
    assert refused.value.limit == limit


def test_a_long_source_is_refused(value: Value) -> None:
    with pytest.raises(ExpressionLimitError) as refused:
        value("{{ '" + "x" * 10_000 + "' }}")
    assert refused.value.limit == "source"
    assert len(str(refused.value)) < 400


def test_a_result_too_large_is_refused_on_either_path(value: Value) -> None:
    for source in ("$json", "$json.x", "$json.x.trim()"):
        with pytest.raises(ExpressionLimitError) as refused:
            value("{{ " + source + " }}", {"x": "y" * 1_000_001})
        assert refused.value.limit == "result"


def test_parts_that_together_are_too_large_are_refused(value: Value) -> None:
    with pytest.raises(ExpressionLimitError):
        value("{{ $json.x }} {{ $json.x }}" * 10, {"x": "y" * 60_000})


def test_too_much_input_for_javascript_is_refused(value: Value) -> None:
    with pytest.raises(ExpressionLimitError) as refused:
        value("{{ $json.x.trim() }}", {"x": "y" * 8_000_001})
    assert refused.value.limit == "input"


def test_parameters_nested_too_deeply_are_refused(value: Value) -> None:
    nested: Any = "{{ 1 }}"
    for _ in range(100):
        nested = [nested]
    with pytest.raises(ExpressionLimitError) as refused:
        value(nested)
    assert refused.value.limit == "depth"


def test_data_nested_too_deeply_is_an_expression_error(value: Value) -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(ExpressionError):
        value("{{ $json.x.length + [1].length }}", {"x": nested})


def test_a_result_nested_too_deeply_is_an_expression_error(value: Value) -> None:
    with pytest.raises(ExpressionError):
        value("{{ (() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a; })() }}")


@pytest.mark.parametrize(
    "attack",
    [
        "(Object.prototype.polluted = 1)",
        "(globalThis.polluted = 1)",
        "Function('polluted = 1; return 1')()",
        "(0, eval)('var polluted = 1; let lexical = 1; 1')",
        "(Array.prototype.map = () => ['hacked'], 1)",
        "(JSON.stringify = JSON.parse = () => 'hacked', 1)",
        "(String.prototype.trim = () => 'hacked', 1)",
        "(Error.prepareStackTrace = () => 'hacked', 1)",
        "(Date.now = () => 'hacked', 1)",
        "(queueMicrotask(() => { globalThis.polluted = 1; }), 1)",
        "(Promise.resolve().then(() => { globalThis.polluted = 1; }), 1)",
        "(Object.freeze(Object.prototype), delete globalThis.JSON, 1)",
        "(Object.defineProperty(Object.prototype, 'json', { get: () => 'hacked', set() {} }), 1)",
        "($json.x = 'hacked', 1)",
    ],
)
def test_no_expression_changes_what_another_one_sees(value: Value, attack: str) -> None:
    json = {"x": " a "}
    probe = (
        "{{ [typeof polluted, typeof lexical, [1].map(x => x + 1), $json.x.trim(), JSON.stringify([1]),"
        " new Error('e').stack !== 'hacked', typeof Date.now(), Object.keys({ ...$json }), ({}).polluted] }}"
    )
    before = value(probe, json)
    value("{{ " + attack + " }}", json)
    assert value(probe, json) == before
    assert before[:4] == ["undefined", "undefined", [2], "a"]
    assert json == {"x": " a "}


@pytest.mark.parametrize(
    "name",
    [
        "require",
        "process",
        "std",
        "os",
        "fetch",
        "XMLHttpRequest",
        "console",
        "setTimeout",
        "print",
        "Deno",
        "scriptArgs",
    ],
)
def test_there_is_no_way_out_of_the_sandbox(value: Value, name: str) -> None:
    assert value("{{ typeof " + name + " + typeof globalThis." + name + " }}") == "undefinedundefined"


def test_a_module_cannot_be_imported(value: Value) -> None:
    with pytest.raises(ExpressionRuntimeError):
        value("{{ import('fs') }}")


def test_the_preludes_own_names_are_out_of_reach(value: Value) -> None:
    names = "['d', 'text', 'finish', 'stringify', 'body', 'itemsOf', 'wrap', 'RealDate', 'context']"
    found = value("{{ " + names + ".filter(n => n in globalThis) }}")
    assert found == []
    assert value("{{ [typeof d, typeof finish, typeof RealDate, typeof this, new Date() > 0][3] }}") == "undefined"
    assert value("{{ typeof d + typeof finish + typeof stringify }}") == "undefined" * 3


def test_the_worker_has_none_of_our_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSTOCK_TEST_SECRET", "of the parent")
    assert sandbox.evaluate("() => '1'", "null") == ("V", "1")
    process = sandbox._process
    assert process is not None
    environment = Path(f"/proc/{process.pid}/environ")
    if not environment.exists():
        pytest.skip("no /proc here to read a process's environment from")
    assert b"PENSTOCK_TEST_SECRET" not in environment.read_bytes()


def test_a_killed_worker_is_replaced(sandbox: Sandbox) -> None:
    assert sandbox.evaluate("() => '1'", "null") == ("V", "1")
    first = sandbox._process
    assert first is not None
    with pytest.raises(SandboxDiedError):
        sandbox.evaluate("() => Array(4e9).join('x')", "null")
    assert sandbox.evaluate("() => '2'", "null") == ("V", "2")
    assert first.returncode is not None
    assert sandbox._process is not first


def test_a_worker_that_died_between_two_evaluations_is_replaced(sandbox: Sandbox) -> None:
    sandbox.evaluate("() => '1'", "null")
    assert sandbox._process is not None
    sandbox._process.kill()
    sandbox._process.wait()
    assert sandbox.evaluate("() => '2'", "null") == ("V", "2")


def test_a_worker_that_gives_no_answer_is_given_up() -> None:
    stuck = Sandbox(Limits(seconds=30, wall_seconds=0.5))
    started = time.monotonic()
    with pytest.raises(SandboxDiedError):
        stuck.evaluate("() => { for (;;); }", "null")
    assert time.monotonic() - started < 5
    stuck.close()


def test_a_closed_sandbox_opens_again(sandbox: Sandbox) -> None:
    sandbox.evaluate("() => '1'", "null")
    sandbox.close()
    sandbox.close()
    assert sandbox.evaluate("text => text", "[2]") == ("V", "[2]")


def test_a_worker_that_cannot_start_is_no_fault_of_the_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("penstock.workflows.expressions.sandbox._WORKER", "/nowhere/worker.py")
    with pytest.raises(SandboxUnavailableError):
        Sandbox().evaluate("() => '1'", "null")


def test_without_quickjs_the_sandbox_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("penstock.workflows.expressions.sandbox.find_spec", lambda _name: None)
    with pytest.raises(SandboxUnavailableError, match="quickjs-ng is not installed"):
        Sandbox().evaluate("() => '1'", "null")


def test_threads_take_turns(sandbox: Sandbox) -> None:
    answers: list[tuple[str, str]] = []

    def ask(start: int) -> None:
        answers.extend(sandbox.evaluate("text => text", str(start + n)) for n in range(50))

    threads = [threading.Thread(target=ask, args=(100 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(answers) == sorted(("V", str(100 * n + m)) for n in range(4) for m in range(50))


def test_a_forked_process_gets_a_worker_of_its_own(sandbox: Sandbox) -> None:
    sandbox.evaluate("() => '1'", "null")
    ours = sandbox._process
    assert ours is not None
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = sandbox.evaluate("() => 'child'", "null")[1]
            assert sandbox._process is not None
            os.write(write, f"{answer} {sandbox._process.pid}".encode())
            sandbox.close()
        finally:
            os._exit(0)
    os.close(write)
    answer, _, worker = os.read(read, 100).decode().partition(" ")
    os.waitpid(child, 0)
    os.close(read)
    assert answer == "child"
    assert int(worker) != ours.pid
    assert sandbox.evaluate("() => 'parent'", "null") == ("V", "parent")
    assert sandbox._process is ours
