#!/usr/bin/env python3
"""Evidence from a published table: He, Zhang, Ren, Sun, Deep Residual Learning for Image Recognition, CVPR 2016, table 2.

It has one number a net, the top-1 error on ImageNet's validation set in per cent, and no training losses. So the error
stands for the loss here (the constant predictor is wrong at 999 of 1000), the page says so, and one seed decides nothing.
published_table.py FOLDER; deepid-judge FOLDER
"""
import csv
import json
import os
import sys

TABLE = {("S", 18, "plain"): 27.94, ("D", 34, "plain"): 28.54, ("D_res", 34, "identity"): 25.03}

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
with open(os.path.join(folder, "results.csv"), "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["arm", "seed", "depth", "block", "train_loss"])
    for (arm, depth, block), error in TABLE.items():
        out.writerow([arm, 1, depth, block, round(error / 100, 4)])
with open(os.path.join(folder, "evidence.json"), "w") as file:
    json.dump({"format": 1, "const_loss": 0.999, "question": "Do 16 more layers hurt on ImageNet?",
               "subject": "validation error (top-1) in place of the training loss; He et al. 2016, table 2"}, file)
