"""Environment of processes that draw."""

import os
import subprocess
import sys

from beffroi_content.large_pages import TUNABLES, with_large_pages


def test_adds_one_setting_and_keeps_the_others():
    found = with_large_pages({"PATH": "/bin"})
    assert found.pop(TUNABLES).startswith("glibc.malloc.hugetlb=")
    assert found == {"PATH": "/bin"}


def test_leaves_alone_what_somebody_has_set():
    assert with_large_pages({TUNABLES: "glibc.malloc.check=3"}) == {TUNABLES: "glibc.malloc.check=3"}


def test_does_not_change_the_environment_that_it_is_given():
    given = {"PATH": "/bin"}
    with_large_pages(given)
    assert given == {"PATH": "/bin"}


def test_a_process_starts_with_it_and_says_nothing():
    run = subprocess.run(
        [sys.executable, "-c", "print(len(bytearray(8 << 20)))"],
        env=with_large_pages(os.environ), capture_output=True, text=True,
    )  # fmt: skip
    assert (run.returncode, run.stdout, run.stderr) == (0, f"{8 << 20}\n", "")
