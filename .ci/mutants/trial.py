"""Tests of the woven sources, each run in a process of its own: which mutants it reaches, and whether it catches one."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict, namedtuple
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# What is woven is of the same packages, so what is built of it has a place of its own.
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "mutants"
WOVEN = TARGET / "woven"
# Which tests reach which mutants.
REACH = TARGET / "reach.json"
SIDE_BY_SIDE = int(os.environ.get("SIDE_BY_SIDE", os.cpu_count()))
# For how many seconds a mutant is tried on tests. One that takes half of that is of no use.
ENOUGH = float(os.environ.get("ENOUGH", 60))
# Of how many tests it is plain that one of them fails because of a mutant.
FEW = 5

Kind = namedtuple("Kind", "name build folder")
UNIT_TESTS = Kind("unit tests", ("--package", "shared", "--lib"), "shared")
SUITE = Kind("suite", ("--package", "tests", "--test", "suite"), "tests")

Built = namedtuple("Built", "binary messages")
Test = namedtuple("Test", "kind name seconds reaches")


def build(*arguments):
    """Builds tests of the woven sources. Answers their binary, if they compile, and what the compiler says."""
    command = ["cargo", "test", "--no-run", "--locked", "--message-format", "json", *arguments]
    environment = os.environ | {"CARGO_TARGET_DIR": str(TARGET)}
    built = subprocess.run(command, cwd=WOVEN, env=environment, stdout=subprocess.PIPE, text=True)
    messages = [json.loads(line) for line in built.stdout.splitlines() if line.startswith("{")]
    binaries = [message["executable"] for message in messages if message.get("executable")]
    return Built(binaries[-1] if built.returncode == 0 else None, messages)


class Source:
    """A file of the workspace."""

    def __init__(self, name):
        self.text = (ROOT / name).read_bytes()
        self.lines = self.text.split(b"\n")

    def offset(self, place):
        """The byte at a place, whose lines and columns count from 1."""
        before = len(self.lines[place["line"] - 1].decode()[: place["column"] - 1].encode())
        return sum(len(line) + 1 for line in self.lines[: place["line"] - 1]) + before


source_of = cache(Source)


def key(mutant):
    """What a mutant is known by as long as its function stays the same, wherever that is moved to in its file."""
    source, function = source_of(mutant["file"]), mutant["function"]
    start, end = (source.offset(function["span"][edge]) for edge in ("start", "end")) if function else (0, 0)
    what = (mutant["name"].partition(": ")[2], mutant["start"] - start, source.text[start:end])
    return f"{mutant['file']} {hashlib.sha256(repr(what).encode()).hexdigest()[:16]}"


class Tests:
    """All tests, and the switched mutants that each reaches."""

    def __init__(self, mutants, named):
        self.binaries = {kind.name: (build(*kind.build).binary, WOVEN / kind.folder) for kind in (UNIT_TESTS, SUITE)}
        self.named = named
        self.reaching, self.files = defaultdict(list), {}
        for test in [] if named else self.measured(mutants):
            self.files[test.kind, test.name] = Counter(key.split()[0] for key in test.reaches)
            for key in test.reaches:
                self.reaching[key].append(test)

    def listed(self):
        """The kind and name of each test there is."""
        for kind, (binary, folder) in self.binaries.items():
            if binary is None:
                sys.exit("What is woven does not compile, and no mutant is to blame.")
            told = subprocess.run([binary, "--list"], cwd=folder, check=True, capture_output=True, text=True).stdout
            yield from ((kind, line.removesuffix(": test")) for line in told.splitlines() if line.endswith(": test"))

    def measured(self, mutants):
        """Runs the unit tests, and of the suite what is new and what reaches a file with mutants that are."""
        of_numbers = {str(mutant["number"]): mutant["key"] for mutant in mutants}
        known = json.loads(REACH.read_text()) if REACH.exists() else {"mutants": [], "tests": []}
        there_were = set(known["mutants"])
        changed = {key.split()[0] for key in of_numbers.values() if key not in there_were}
        tests = (test for test in map(Test._make, known["tests"]) if test.kind == SUITE.name)
        tests = [test for test in tests if changed.isdisjoint(key.split()[0] for key in test.reaches)]
        tests = {(test.kind, test.name): test for test in tests}

        def measure(test):
            with tempfile.NamedTemporaryFile() as cover:
                passes, seconds = self.run(*test, ENOUGH / 2, COVER=cover.name)
                reaches = [of_numbers[number] for number in cover.read().decode().split() if number in of_numbers]
            if seconds >= ENOUGH / 2:
                print(f"takes too long: {test[1]}", flush=True)
                return Test(*test, seconds, [])
            if not passes:
                print(f"fails without a mutant: {test[1]}", flush=True)
                return None
            return Test(*test, seconds, reaches)

        there_are = list(self.listed())
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            measured = list(pool.map(measure, [test for test in there_are if test not in tests]))
        tests = [tests[test] for test in there_are if test in tests] + list(filter(None, measured))
        REACH.write_text(json.dumps({"mutants": sorted(of_numbers.values()), "tests": tests}))
        return tests

    def run(self, kind, name, limit, **variables):
        """Whether a test passes within so many seconds, and how many it takes."""
        binary, folder = self.binaries[kind]
        began = time.monotonic()
        process = subprocess.Popen(
            [binary, "--exact", name],
            cwd=folder,
            env=os.environ | {"RUST_BACKTRACE": "0"} | variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            passes = process.wait(limit) == 0
        except subprocess.TimeoutExpired:
            passes = False
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        return passes, time.monotonic() - began

    def catcher(self, mutant, last):
        """The first test that fails on a mutant. `last` caught it the last time. A test that fails after others passed
        must fail twice, so that none catches a mutant by chance."""
        switch, spent = {"MUTANT": str(mutant["number"])}, 0
        for passed, test in enumerate(self.to_try(mutant, last)):
            limit = 20 + 10 * test.seconds
            passes, seconds = self.run(test.kind, test.name, limit, **switch)
            spent += seconds
            if not passes and (passed < FEW or not self.run(test.kind, test.name, limit, **switch)[0]):
                return test
            if spent > ENOUGH:
                return None
        return None

    def to_try(self, mutant, last):
        """The tests to try: what caught it the last time; then unit tests; then the suite, those first that are quick
        and about the mutant's file."""
        if self.named:
            return [Test(*test, 4, []) for test in self.listed() if any(part in test[1] for part in self.named)]

        def order(test):
            about = self.files[test.kind, test.name][mutant["file"]] / len(test.reaches)
            return test.name != last, test.kind == SUITE.name, test.seconds / about

        return sorted(self.reaching[mutant["key"]], key=order)
