"""scikit-build-core; a source archive also gets the library's sources, which lie above this folder in the repository."""
import os
import shutil
import tempfile
from pathlib import Path

from scikit_build_core.build import *  # noqa: F401,F403
from scikit_build_core.build import build_sdist as _build_sdist

HERE = Path(__file__).resolve().parent
LIBRARY = ("CMakeLists.txt", "LICENSE", "include", "lib")


def build_sdist(sdist_directory, config_settings=None):
    """Make the archive in a copy of this folder, with the library in its folder "library"."""
    target, back = os.path.abspath(sdist_directory), os.getcwd()
    if (HERE / "library").exists():  # this is an unpacked archive
        return _build_sdist(target, config_settings)
    with tempfile.TemporaryDirectory(prefix="deepid.") as folder:
        copy = Path(folder) / "python"
        shutil.copytree(HERE, copy, ignore=shutil.ignore_patterns("__pycache__", "dist", "build", "*.so"))
        (copy / "library").mkdir()
        for name in LIBRARY:
            source = HERE / "../../.." / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, copy / "library" / name)
        os.chdir(copy)
        try:
            return _build_sdist(target, config_settings)
        finally:
            os.chdir(back)
