"""deepid.torch: why do added layers hurt, in nets that PyTorch trains? Runs the arms of a study as task files, on one
machine or on many, and leaves a folder that deepid-judge reads.

    study = Study(make_net, (x, y, x_valid, y_valid), Recipe(lr=0.1, epochs=20), shallow=2, deep=12)

in study.py, and then `python -m deepid.torch run study.py`. It needs torch and numpy; docs/torch.md is the guide.
"""
from .errors import Diverged, StudyError
from .recipe import Recipe
from .study import Study

__all__ = ["Diverged", "Recipe", "Study", "StudyError"]
