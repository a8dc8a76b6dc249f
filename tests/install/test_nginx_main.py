"""What is changed of nginx's own main file and first site, and how it is given back."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cocoai.install import nginx_main
from cocoai.install.nginx_main import FirstSiteAway, changed

DEBIANS = """\
user www-data;
worker_processes auto;
pid /run/nginx.pid;
events {
\tworker_connections 768;
\t# multi_accept on;
}
"""
FILES = {
    "debian": DEBIANS,
    "one line": "worker_processes 4;\nevents { worker_connections 1024; }\n",
    "roomy already": "worker_rlimit_nofile 8192;\nworker_processes 2;\nevents {\n  worker_connections 10000;\n}\n",
    "few descriptors": "worker_rlimit_nofile 512;\nevents {\n  worker_connections 512;\n}\n",
    "only a comment": "# worker_connections 512;\n#worker_rlimit_nofile 1;\nevents {}\n",
}


@pytest.fixture
def main(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("MAIN", "MAIN_BEFORE", "DEFAULT_SITE", "DEFAULT_SITE_BEFORE"):
        monkeypatch.setattr(nginx_main, name, str(tmp_path / name))
    return tmp_path / "MAIN"


def change() -> None:
    for step in nginx_main.main_settings():
        if not step.is_done():
            step.do()


def undo() -> None:
    for step in nginx_main.undone():
        step.do()


def test_debians_file_gets_room() -> None:
    expected = DEBIANS.replace("auto", "1").replace("768", "2048")
    assert f"worker_rlimit_nofile 4096;\n{expected}" == changed(DEBIANS)


def test_what_has_room_already_keeps_its_own_numbers() -> None:
    assert FILES["roomy already"] == changed(FILES["roomy already"])
    assert "events { worker_connections 2048; }" in changed(FILES["one line"])
    assert "worker_processes 4;" in changed(FILES["one line"])
    assert "# worker_connections 512;" in changed(FILES["only a comment"])


@pytest.mark.parametrize("name", FILES)
def test_the_file_is_changed_once_and_given_back(main: Path, name: str) -> None:
    main.write_text(FILES[name])
    change()
    assert changed(FILES[name]) == main.read_text()
    change()
    assert changed(FILES[name]) == main.read_text()
    undo()
    assert FILES[name] == main.read_text()
    assert [main] == list(main.parent.iterdir())


def test_killed_at_any_step_and_begun_again_it_ends_right(main: Path) -> None:
    for count in range(len(nginx_main.main_settings()) + 1):
        main.write_text(DEBIANS)
        for step in nginx_main.main_settings()[:count]:
            if not step.is_done():
                step.do()
        change()
        assert changed(DEBIANS) == main.read_text()
        undo()
        assert DEBIANS == main.read_text()


def test_a_file_that_was_changed_since_stays(main: Path) -> None:
    main.write_text(DEBIANS)
    change()
    main.write_text("# the operator's own\n")
    undo()
    assert "# the operator's own\n" == main.read_text()
    assert [main] == list(main.parent.iterdir())


def test_a_link_stays_a_link(main: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(DEBIANS)
    main.symlink_to("elsewhere")
    change()
    assert main.is_symlink()
    undo()
    assert main.is_symlink()
    assert DEBIANS == (tmp_path / "elsewhere").read_text()


def test_before_nginx_is_installed_a_dry_run_prints_all_changes(main: Path) -> None:
    assert not main.exists()
    assert all(not step.is_done() for step in [*nginx_main.main_settings(), FirstSiteAway()])


def test_the_first_site_is_moved_only_as_the_package_brought_it(main: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that the operator has made of it is in use: it would be off the net."""
    main.write_text(DEBIANS)
    site, step = main.parent / "DEFAULT_SITE", FirstSiteAway()
    assert step.is_done()
    site.write_text("the package's\n")
    digest = subprocess.run(["md5sum", site], capture_output=True, check=True, encoding="ascii").stdout.split()[0]
    monkeypatch.setattr(nginx_main, "run", lambda _: f"\n /etc/nginx/nginx.conf 0123\n {site} {digest}\n")
    assert not step.is_done()
    site.write_text("the operator's\n")
    assert step.is_done()


def test_what_is_typed_moves_the_first_site_if_there_is_one(main: Path) -> None:
    for _ in range(2):
        subprocess.run(["sh", "-e"], input="\n".join(FirstSiteAway().typed()), check=True, encoding="utf-8")
        assert not (main.parent / "DEFAULT_SITE").exists()
        (main.parent / "DEFAULT_SITE").write_text("")
