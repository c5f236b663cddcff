"""What the benchmark scripts say of the program that they measure."""

import subprocess


def built_as(program: str) -> str:
    """The program's version and how it was compiled, in its own words: `enginesmith 0.1.0 (release build)`."""
    return subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()
