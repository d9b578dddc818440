#!/usr/bin/env python3
"""Checks the figures of `cryomer evaluate --json` against NumPy and SciPy, by hand, not as part of the tests.

    cryomer evaluate --structure base.pdb --ensemble e.dcd --truth t.dcd --n N --distance A/284/CA:A/225/CA --json out.json
    python3 tests/check/evaluate_reference.py --structure base.pdb --ensemble e.dcd --truth t.dcd out.json

Superposition is by singular value decomposition, assignment by scipy.optimize, distances between distributions by
scipy.stats, all in double precision. EMD-RMSD and its baseline are checked when both sets hold exactly N conformations, so
that nothing is drawn at random. Structures are PDB files of the kept atoms only, trajectories little-endian DCD.
"""
import argparse
import json
import struct
import sys

import numpy as np
from scipy import stats
from scipy.optimize import linear_sum_assignment


def read_pdb(path):
    names, positions = [], []
    with open(path) as file:
        for line in file:
            if line.startswith("ENDMDL"):
                break
            if line.startswith(("ATOM", "HETATM")):
                chain = line[21].strip() or "A"
                names.append("/".join([chain, line[22:27].strip(), line[12:16].strip()]))
                positions.append([float(line[30:38]), float(line[38:46]), float(line[46:54])])
    return names, np.array(positions)


def read_dcd(path):
    data = open(path, "rb").read()
    records, at = [], 0
    while at < len(data):
        (size,) = struct.unpack_from("<i", data, at)
        records.append((at + 4, size))
        at += size + 8
    (atoms,) = struct.unpack_from("<i", data, records[2][0])
    axes = [np.frombuffer(data, "<f4", atoms, at) for at, size in records[3:] if size == 4 * atoms]
    return np.array(axes).reshape(-1, 3, atoms).transpose(0, 2, 1).astype(float)


def rmsd_matrix(x, y):
    x = x - x.mean(1, keepdims=True)
    y = y - y.mean(1, keepdims=True)
    n, m, atoms = len(x), len(y), x.shape[1]
    rows = x.transpose(0, 2, 1).reshape(3 * n, atoms)
    columns = y.transpose(0, 2, 1).reshape(3 * m, atoms)
    matrix = np.empty((n, m))
    for first in range(0, n, 100):
        last = min(first + 100, n)
        product = rows[3 * first : 3 * last] @ columns.T
        product = product.reshape(last - first, 3, m, 3).transpose(0, 2, 1, 3)
        singular = np.linalg.svd(product, compute_uv=False)
        singular[..., 2] *= np.sign(np.linalg.det(product))
        squares = (x[first:last] ** 2).sum((1, 2))[:, None] + (y**2).sum((1, 2))[None] - 2 * singular.sum(-1)
        matrix[first:last] = np.sqrt(np.maximum(squares, 0) / atoms)
    return matrix


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--structure", required=True)
    parser.add_argument("--ensemble", required=True)
    parser.add_argument("--truth", required=True)
    parser.add_argument("json")
    arguments = parser.parse_args()
    names, base = read_pdb(arguments.structure)
    ensemble, truth = read_dcd(arguments.ensemble), read_dcd(arguments.truth)
    figures = json.load(open(arguments.json))

    wrong = 0

    def check(what, found, expected, tolerance):
        nonlocal wrong
        good = abs(found - expected) <= tolerance
        wrong += not good
        print(f"{'ok   ' if good else 'WRONG'} {what}: {found:.7f}, reference {expected:.7f}")

    atoms = [i for i, name in enumerate(names) if figures["atoms"] == "heavy" or name.endswith("/CA")]
    if len(ensemble) == len(truth) == figures["n"]:
        matrix = rmsd_matrix(ensemble[:, atoms], truth[:, atoms])
        row, column = linear_sum_assignment(matrix)
        check("emd_rmsd", figures["emd_rmsd"], matrix[row, column].mean(), 1e-4)
        baseline = rmsd_matrix(base[None, atoms], truth[:, atoms]).mean()
        check("emd_rmsd_baseline", figures["emd_rmsd_baseline"], baseline, 1e-4)
    else:
        print(f"emd_rmsd not checked: sets of {len(ensemble)} and {len(truth)}, n {figures['n']}")
    for entry in figures["distances"]:
        i, j = (names.index(label) for label in entry["name"].split(":"))
        d = np.linalg.norm(ensemble[:, i] - ensemble[:, j], axis=1)
        t = np.linalg.norm(truth[:, i] - truth[:, j], axis=1)
        for key, expected in [
            ("mean", d.mean()),
            ("std", d.std()),
            ("truth_mean", t.mean()),
            ("truth_std", t.std()),
            ("wasserstein", stats.wasserstein_distance(d, t)),
            ("ks", stats.ks_2samp(d, t).statistic),
        ]:
            check(f"{entry['name']} {key}", entry[key], expected, 1e-5)
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
