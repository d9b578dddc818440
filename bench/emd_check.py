#!/usr/bin/env python3
"""Checks the figures of `cryomer evaluate` against NumPy and SciPy, by hand, not as part of the build or its tests.

    python3 bench/emd_check.py halves CRYOMER SHARED_DATA OUT    runs the program on the two halves of the true Aurora A ensemble
    python3 bench/emd_check.py planted CRYOMER SHARED_DATA OUT   plants errors in one half; each must be said
    python3 bench/emd_check.py json --structure base.pdb --ensemble e.dcd --truth t.dcd out.json

Superposition is by singular value decomposition, assignment by scipy.optimize, distances between distributions by
scipy.stats, principal components by numpy.linalg, all in double precision. EMD-RMSD and its baseline are checked when both
sets hold exactly --n conformations, so that nothing is drawn at random. Structures are PDB files of the kept atoms only,
trajectories little-endian DCD. Needs numpy and scipy (Debian: python3-numpy python3-scipy).
"""
import argparse
import json
import os
import struct
import subprocess
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


def write_dcd(path, frames):
    n, atoms = frames.shape[:2]

    def record(payload):
        return struct.pack("<i", len(payload)) + payload + struct.pack("<i", len(payload))

    with open(path, "wb") as file:
        control = [n, 1, 1, n] + [0] * 15 + [24]
        file.write(record(b"CORD" + struct.pack("<20i", *control)))
        file.write(record(struct.pack("<i", 1) + b"halves of an ensemble".ljust(80)))
        file.write(record(struct.pack("<i", atoms)))
        for frame in frames.astype("<f4"):
            for axis in range(3):
                file.write(record(np.ascontiguousarray(frame[:, axis]).tobytes()))


def superposed(frames, target):
    frames = frames - frames.mean(1, keepdims=True)
    target = target - target.mean(0)
    u, _, vt = np.linalg.svd(frames.transpose(0, 2, 1) @ target)
    u[:, :, 2] *= np.sign(np.linalg.det(u @ vt))[:, None]
    return frames @ (u @ vt)


def on_own_mean(frames):
    mean = frames[0]
    for _ in range(30):
        moved = superposed(frames, mean)
        mean = moved.mean(0)
    return moved, mean


class Checker:
    def __init__(self):
        self.wrong = 0

    def check(self, what, found, expected, tolerance):
        good = abs(found - expected) <= tolerance
        self.wrong += not good
        print(f"{'ok   ' if good else 'WRONG'} {what}: {found:.7f}, reference {expected:.7f}")


def check_figures(structure, ensemble_path, truth_path, json_path):
    names, base = read_pdb(structure)
    ensemble, truth = read_dcd(ensemble_path), read_dcd(truth_path)
    figures = json.load(open(json_path))
    checker = Checker()
    check = checker.check

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

    cas = [i for i, name in enumerate(names) if name.endswith("/CA")]
    moved, mean = on_own_mean(truth[:, cas])
    rmsf = np.sqrt(((moved - mean) ** 2).sum(2).mean(0))
    check("rmsf of the truth, largest difference", np.abs(rmsf - figures["rmsf"]["truth"]).max(), 0, 1e-3)
    deviations = (moved - mean).reshape(len(moved), -1)
    values, vectors = np.linalg.eigh(deviations.T @ deviations / len(moved))
    other = superposed(ensemble[:, cas], mean).reshape(len(ensemble), -1)
    for k, motion in enumerate(figures["principal_motions"]["motions"]):
        along = vectors[:, -1 - k]
        check(f"motion {k + 1} share", motion["share"], values[-1 - k] / values.sum(), 1e-3)
        check(f"motion {k + 1} truth_std", motion["truth_std"], np.sqrt(values[-1 - k] / len(cas)), 1e-3)
        check(f"motion {k + 1} std", motion["std"], (other @ along).std() / np.sqrt(len(cas)), 1e-3)
    return checker


def check_halves(cryomer, data, out):
    os.makedirs(out, exist_ok=True)
    structure, states = os.path.join(data, "aurka/base.pdb"), os.path.join(data, "aurka/apo_ensemble.dcd")
    frames = read_dcd(states)[: 2 * (len(read_dcd(states)) // 2)]
    order = np.random.default_rng(1).permutation(len(frames))
    paths = [os.path.join(out, name) for name in ("first.dcd", "second.dcd")]
    for half, path in enumerate(paths):
        write_dcd(path, frames[np.sort(order[half::2])])
    wrong = 0
    n = len(frames) // 2
    for size, atoms in [(n, "heavy"), (n, "ca"), (n // 2, "heavy"), (n // 2, "ca")]:
        result = os.path.join(out, f"{atoms}_{size}.json")
        command = [cryomer, "evaluate", "--quiet", "--structure", structure, "--ensemble", paths[0], "--truth", paths[1], "--n", str(size),
                   "--atoms", atoms, "--distance", "A/284/CA:A/225/CA", "--distance", "A/288/CA:A/255/CZ", "--cut", "37", "--cut", "6.5",
                   "--json", result]
        subprocess.run(command, check=True, stdout=open(result.replace(".json", ".txt"), "w"))
        print(f"\n{atoms}, {size} of each half")
        checker = check_figures(structure, paths[0], paths[1], result)
        figures = json.load(open(result))
        low, high = figures["emd_rmsd_at_floor_n_interval"]
        floor_low, floor_high = figures["emd_rmsd_floor_interval"]
        at_floor = low <= floor_high and floor_low <= high
        print(f"{'ok   ' if at_floor else 'WRONG'} at its floor: {figures['emd_rmsd_at_floor_n']:.4f} ({low:.4f} to {high:.4f}), "
              f"floor {figures['emd_rmsd_floor']:.4f} ({floor_low:.4f} to {floor_high:.4f}), {figures['floor_n']} each")
        said = [finding for finding in figures["findings"] if finding["verdict"] == "wrong"]
        print(f"{'ok   ' if not said else 'WRONG'} nothing is said to be wrong", *[finding["text"] for finding in said], sep="\n      ")
        wrong += checker.wrong + (not at_floor) + len(said)
    return wrong


def check_planted(cryomer, data, out):
    os.makedirs(out, exist_ok=True)
    structure, states = os.path.join(data, "aurka/base.pdb"), os.path.join(data, "aurka/apo_ensemble.dcd")
    names, _ = read_pdb(structure)
    frames = read_dcd(states)
    order = np.random.default_rng(1).permutation(len(frames))
    first, second = frames[np.sort(order[0::2])], frames[np.sort(order[1::2])]
    i, j = names.index("A/284/CA"), names.index("A/225/CA")
    distance = np.linalg.norm(first[:, i] - first[:, j], axis=1)
    near, far = first[distance < 37], first[distance >= 37]
    biased = first.copy()
    loop = [k for k, name in enumerate(names) if 280 <= int(name.split("/")[1]) <= 288]
    direction = (first[:, i] - first[:, j]) / distance[:, None]
    biased[:, loop] += direction[:, None]
    rng = np.random.default_rng(2)
    swapped = np.concatenate([near[rng.integers(0, len(near), len(far))], far[rng.integers(0, len(far), len(near))]])
    planted = {
        "a mode removed": (far, ["states", "group", "distance"]),
        "a distance biased by 1 A": (biased, ["distance", "positions"]),
        "occupancies swapped": (swapped, ["group", "distance"]),
        "a mirror image": (first * np.array([-1, 1, 1]), ["mirror_image", "chirality"]),
    }
    truth, wrong = os.path.join(out, "truth.dcd"), 0
    write_dcd(truth, second)
    for what, (ensemble, expected) in planted.items():
        path = os.path.join(out, what.replace(" ", "_") + ".dcd")
        write_dcd(path, ensemble)
        result = path.replace(".dcd", ".json")
        command = [cryomer, "evaluate", "--quiet", "--structure", structure, "--ensemble", path, "--truth", truth, "--n", "700",
                   "--distance", "A/284/CA:A/225/CA", "--cut", "37", "--json", result]
        subprocess.run(command, check=True, stdout=open(result.replace(".json", ".txt"), "w"))
        figures = json.load(open(result))
        said = [finding for finding in figures["findings"] if finding["verdict"] == "wrong"]
        missing = [subject for subject in expected if subject not in [finding["subject"] for finding in said]]
        print(f"{'ok   ' if not missing else 'WRONG'} {what}" + (f": nothing is said of {', '.join(missing)}" if missing else ""))
        print(f"      EMD-RMSD {figures['emd_rmsd_at_floor_n']:.2f}, floor {figures['emd_rmsd_floor']:.2f}, coverage {figures['coverage']:.3f}, "
              f"precision {figures['precision']:.3f}, Wasserstein {figures['distances'][0]['wasserstein']:.2f} (chance {figures['distances'][0]['wasserstein_floor']:.2f})")
        for finding in figures["findings"]:
            print(f"      {finding['verdict']:<5} {finding['text']}")
        wrong += len(missing)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_subparsers(dest="mode", required=True)
    for mode in ("halves", "planted"):
        own = modes.add_parser(mode)
        for name in ("cryomer", "data", "out"):
            own.add_argument(name)
    one = modes.add_parser("json")
    for name in ("--structure", "--ensemble", "--truth"):
        one.add_argument(name, required=True)
    one.add_argument("json")
    arguments = parser.parse_args()
    if arguments.mode == "halves":
        sys.exit(check_halves(arguments.cryomer, arguments.data, arguments.out) > 0)
    if arguments.mode == "planted":
        sys.exit(check_planted(arguments.cryomer, arguments.data, arguments.out) > 0)
    sys.exit(check_figures(arguments.structure, arguments.ensemble, arguments.truth, arguments.json).wrong > 0)


if __name__ == "__main__":
    main()
