"""The Dockerfile, held to what can be seen without an engine; `python -m bench.container` carries it out, as root."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.container.context import Context
from bench.container.dockerfile import Image, Instruction, Unsupported, finished, parse
from bench.container.image import BASES
from cocoai.cli import _parser
from cocoai.up.up import LISTEN, STOP_TIMEOUT

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def instructions() -> list[Instruction]:
    """Return the Dockerfile's instructions."""
    return parse(TEXT)


@pytest.fixture(scope="module")
def image() -> Image:
    """Return what the Dockerfile sets."""
    return finished(parse(TEXT))


@pytest.fixture(scope="module")
def setup() -> configparser.RawConfigParser:
    """Return setup.cfg."""
    parser = configparser.RawConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def runs(instructions: list[Instruction], word: str) -> Instruction:
    """Return the only RUN that has this word."""
    [found] = [each for each in instructions if each.name == "RUN" and word in each.argument]
    return found


def test_the_base_has_a_name_and_a_release_alone(image: Image) -> None:
    """No digest and no registry is pinned, and a bare root stands for the base."""
    assert re.fullmatch(r"debian:[a-z]+-slim", image.base)
    assert image.base in BASES


def test_the_packages_are_those_that_bin_prepare_installs(instructions: list[Instruction], tmp_path: Path) -> None:
    """It installs the same, and beside them only process 1."""
    apt_cache = tmp_path / "apt-cache"
    apt_cache.write_text("#!/bin/sh\necho '  Candidate: 3.13.5-1'\n")
    apt_cache.chmod(0o755)
    script = f'PATH="{tmp_path}:$PATH"; . bin/prepare; echo nginx openssl $(python_packages)'
    prepared = subprocess.run(["sh", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    step = runs(instructions, "apt-get install").argument

    assert "have_system nginx openssl" in (ROOT / "bin/prepare").read_text()  # on which the line above relies
    assert sorted([*prepared, "tini"]) == sorted(_packages(step))
    assert "--no-install-recommends" in step


def _packages(step: str) -> list[str]:
    """Return the packages that a step installs by apt-get."""
    return [word for word in step.partition("apt-get install")[2].partition("&&")[0].split() if word[0] != "-"]


def test_all_runs_as_a_user_of_its_own(instructions: list[Instruction], image: Image) -> None:
    """The user is made by number, is not root, and owns nothing of the program; only `var` is the user's."""
    assert ["USER"] == [each.name for each in instructions if each.argument == image.user]
    assert "cocoai" == image.user
    assert "--uid 10001" in runs(instructions, "useradd").argument
    assert ("/srv/cocoai", ("/srv/cocoai/var",)) == (image.folder, image.volumes)
    assert "/srv/cocoai/var" == image.environment["TMPDIR"]
    assert "install -d -m 0700 -o cocoai -g cocoai var" == runs(instructions, "-o cocoai").argument
    assert not re.search(r"\bchown\b|\bchmod\b", TEXT)


def test_what_is_copied_exists_and_is_let_in(instructions: list[Instruction]) -> None:
    """Every COPY finds its files in the checkout, and .dockerignore lets them through."""
    context = Context(ROOT)
    copied = [each.argument.split()[:-1] for each in instructions if each.name == "COPY"]

    assert [["pyproject.toml", "setup.cfg"], ["."]] == copied
    assert ["pyproject.toml", "setup.cfg"] == [path for name in copied[0] for path in context.files(name)]


def test_a_change_of_the_code_installs_no_package_again(instructions: list[Instruction]) -> None:
    """Before the packages only the two files that name them are copied; behind the code nothing is fetched."""
    [names, code] = [number for number, each in enumerate(instructions) if each.name == "COPY"]
    packages = instructions.index(runs(instructions, "-r /tmp/requirements"))
    own = instructions.index(runs(instructions, "--no-deps"))

    assert names < packages < code < own
    assert "--no-build-isolation" in instructions[own].argument
    assert not [each for each in instructions[own + 1 :] if re.search(r"\b(pip|apt-get)\b", each.argument)]


def test_the_packages_are_those_of_setup_cfg(
    instructions: list[Instruction], setup: configparser.RawConfigParser, tmp_path: Path
) -> None:
    """The line that writes the requirements finds the lists, with the extra for supervisor."""
    line = runs(instructions, "-r /tmp/requirements").argument.partition(" >/tmp/requirements")[0]
    shutil.copyfile(ROOT / "setup.cfg", tmp_path / "setup.cfg")

    written = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    wanted = setup["options"]["install_requires"] + setup["options.extras_require"]["ops"]
    assert wanted.split() == written.split()
    assert ["flup", "requests", "supervisor"] == [each.split()[0] for each in written.strip().splitlines() if each]


def test_what_the_installation_reads_is_let_in(setup: configparser.RawConfigParser) -> None:
    """The data files, the script and what setup.cfg refers to reach the image, or pip would fail there."""
    context = Context(ROOT)
    data = [path for paths in setup["options.data_files"].values() for path in paths.split()]
    named = [setup["metadata"]["long_description"].removeprefix("file:").strip(), setup["metadata"]["license_files"]]

    lacking = [path for path in [*data, *named, *setup["options"]["scripts"].split()] if not context.has(path)]

    assert not lacking
    assert all((ROOT / path).is_file() for path in [*data, *named])


@pytest.mark.parametrize(
    "path",
    [
        "cocoai.ini",
        "qa.ini",
        ".env",
        "var/spool/ready/C1-1.0-1.0",
        "var",
        ".git/config",
        ".venv/pyvenv.cfg",
        ".venv-3.11/pyvenv.cfg",
        "server.key",
        "tests/test_container.py",
        "cocoai/__pycache__/cli.cpython-313.pyc",
        "cocoai/engine/pool/__pycache__/master.cpython-313.pyc",
    ],
)
def test_nothing_of_an_operators_own_is_let_in(path: str) -> None:
    """Settings, secrets, what is kept, the history and what was compiled here never reach an image."""
    assert not Context(ROOT).has(path)


def test_every_source_is_let_in() -> None:
    """All of the package, as git has it, is copied; and nothing beside it that git does not have."""
    listed = subprocess.run(["git", "ls-files", "cocoai", "etc"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no checkout of git")
    context = Context(ROOT)

    assert not [path for path in listed.stdout.splitlines() if not context.has(path)]


def test_no_secret_stands_in_the_dockerfile(instructions: list[Instruction]) -> None:
    """Neither a setting nor a secret is baked in: the environment of the image is its paths alone."""
    assert {"PATH", "TMPDIR"} == finished(instructions).environment.keys()
    assert "ARG" not in {each.name for each in instructions}
    assert not re.search(r"xoxb|sk-|SECRET|TOKEN|API_KEY|COCOAI_", TEXT)


def test_the_default_is_a_rehearsal_whose_page_is_reached_from_outside(image: Image) -> None:
    """The command is one of the command line's; its page is published, nginx listens inside the container alone."""
    assert ("tini", "--") == image.entrypoint
    assert "cocoai" == image.command[0]
    arguments = _parser().parse_args(image.command[1:])

    assert (True, False, False) == (arguments.publish, arguments.once, arguments.openai)
    assert LISTEN == arguments.listen
    assert {"8080", "8090"} == set(image.ports) == {LISTEN.partition(":")[2], str(arguments.port)}


def test_without_a_word_the_page_is_this_machines_own() -> None:
    """Only who types --publish publishes it."""
    assert not _parser().parse_args(["rehearse"]).publish


@pytest.mark.parametrize("page", ["Dockerfile", "docs/operating.md", "docs/operating.ja.md"])
def test_who_stops_a_container_gives_it_the_time(page: str) -> None:
    """Docker kills after 10 s unless told; all ends in order within STOP_TIMEOUT."""
    told = re.findall(r"--stop-timeout (\d+)", (ROOT / page).read_text(encoding="utf-8"))

    assert told
    assert all(int(seconds) > STOP_TIMEOUT for seconds in told)


def test_its_lines_are_sound_shell(instructions: list[Instruction]) -> None:
    """Shellcheck finds nothing in any RUN."""
    if not shutil.which("shellcheck"):
        pytest.skip("there is no shellcheck")
    for each in instructions:
        if each.name == "RUN":
            line = f"{each.argument}\n"
            checked = subprocess.run(["shellcheck", "--shell=sh", "-"], input=line, capture_output=True, text=True)
            assert (0, "") == (checked.returncode, checked.stdout)


@pytest.mark.parametrize(
    "text",
    [
        "RUN true",
        "FROM debian:trixie-slim\nFROM debian:trixie-slim",
        "FROM debian:trixie-slim\nADD a b",
        "FROM debian:trixie-slim\nARG TOKEN",
        "FROM debian:trixie-slim\nCOPY --chown=1 a b/",
        'FROM debian:trixie-slim\nRUN ["true"]',
        "FROM debian:trixie-slim\nRUN cat <<E",
        "FROM debian:trixie-slim\nRUN true \\",
        "FROM debian:trixie-slim\nWORKDIR $HOME",
        "# syntax=docker/dockerfile:1\nFROM debian:trixie-slim",
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    """An instruction that would be carried out otherwise than an engine does it is an error."""
    with pytest.raises(Unsupported):
        parse(text)


@pytest.mark.parametrize("instruction", ["CMD cocoai rehearse", 'CMD {"a": 1}', "ENV NAME value", "ENTRYPOINT [1]"])
def test_only_the_plain_forms_are_understood(instruction: str) -> None:
    """A command is a list, since a shell in front of it would not pass signals on; an environment has =."""
    with pytest.raises(Unsupported):
        finished(parse(f"FROM debian:trixie-slim\n{instruction}"))


def test_a_dockerfile_is_read_as_docker_reads_it() -> None:
    """Lines go on behind a backslash, over comments; a later CMD wins, an ENTRYPOINT takes the one before it away."""
    text = (
        "# a comment\nfrom debian:trixie-slim\nRUN one \\\n  # why\n\n    && two\nENV A=1 B='2 3'\nCMD [\"x\"]\n"
        'WORKDIR /a\nWORKDIR b\nVOLUME c\nENTRYPOINT ["e", "--"]\nCMD ["y"]'
    )

    found = parse(text)
    image = finished(found)

    assert Instruction("RUN", "one     && two", 3) == found[1]
    assert ("1", "2 3") == (image.environment["A"], image.environment["B"])
    assert ("/a/b", ("/a/b/c",)) == (image.folder, image.volumes)
    assert (("e", "--"), ("y",)) == (image.entrypoint, image.command)
    assert () == finished(parse('FROM debian:trixie-slim\nCMD ["x"]\nENTRYPOINT ["e"]')).command


def test_dockerignore_is_read_as_docker_reads_it(tmp_path: Path) -> None:
    """The last rule that fits decides; one for a folder fits all below it, and * does not cross a /."""
    (tmp_path / ".dockerignore").write_text("# all\n*\n!kept\n!/one.txt\n**/made\n?.tmp\n")
    for name in ("kept/a/made/x", "kept/a/b", "kept/made", "one.txt", "two.txt", "other/kept", "a.tmp"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    context = Context(tmp_path)

    assert ["kept/a/b", "one.txt"] == sorted(context.files())
    assert ["kept/a/b"] == list(context.files("kept"))
    with pytest.raises(FileNotFoundError):
        list(context.files("two.txt"))
