"""The verdict of a folder: by the library where it is there, by the program deepid-judge, or else the command to type."""
from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Optional

from .errors import StudyError


def judge(folder: Path) -> Any:
    """What deepid.judge gives, or the program's words, or the command."""
    try:
        import deepid

        return deepid.judge(folder)
    except (ImportError, AttributeError):
        pass
    program = find_judge()
    if program is None:
        return f"deepid-judge {folder}"
    done = subprocess.run([program, str(folder)], capture_output=True, text=True)
    if done.returncode:
        raise StudyError(done.stderr.strip())
    return done.stdout


def find_judge() -> Optional[str]:
    """The program: on the path, or beside the library that is named."""
    library = os.environ.get("DEEPID_LIBRARY")
    beside = Path(library).parent / "examples" / "deepid-judge" if library else None
    return shutil.which("deepid-judge") or (str(beside) if beside and beside.exists() else None)
