// The base structure: what its atoms are, and structures of it as PDB text.
import { floats, integers } from './packed.js';
import { principalFrame, superpose } from './superpose.js';

export class Molecule {
  static async from(entry) {
    const molecule = new Molecule();
    molecule.names = entry.names;
    molecule.elements = entry.elements;
    molecule.residues = entry.residues.map(([chain, number, insertion, name, kind, rmsf]) => ({ chain, number, insertion, name, kind, rmsf }));
    molecule.residueOf = await integers(entry.residueOf);
    molecule.positions = await floats(entry.coordinates);
    molecule.count = molecule.names.length;
    molecule.traceAtoms = [];  // one for each residue that has a CA (or a P)
    molecule.names.forEach((name, a) => {
      const kind = molecule.residues[molecule.residueOf[a]].kind;
      if ((kind === 'protein' && name === 'CA') || (kind === 'nucleotide' && name === 'P')) molecule.traceAtoms.push(a);
    });
    if (molecule.traceAtoms.length < 3) molecule.traceAtoms = molecule.names.map((_, a) => a);
    const known = molecule.traceAtoms.map((a) => molecule.rmsfOf(a)).filter((r) => r !== null).sort((p, q) => p - q);
    const typical = known.length ? Math.max(known[known.length >> 1], 0.2) : 1;
    // What hardly moves decides where a structure is put, so that what moves is seen to.
    molecule.weights = molecule.traceAtoms.map((a) => 1 / ((molecule.rmsfOf(a) ?? typical) ** 2 + typical ** 2));
    molecule.turn = principalFrame(molecule.pick(molecule.positions, molecule.traceAtoms));
    molecule.target = molecule.turn(molecule.pick(molecule.positions, molecule.traceAtoms));
    return molecule;
  }

  rmsfOf(atom) { return this.residues[this.residueOf[atom]].rmsf; }

  label(residue) {
    const r = this.residues[residue];
    return `${r.chain}/${r.number}${r.insertion.trim()} ${r.name}`;
  }

  pick(positions, indices) {
    const chosen = new Float32Array(3 * indices.length);
    indices.forEach((a, i) => { for (let k = 0; k < 3; ++k) chosen[3 * i + k] = positions[3 * a + k]; });
    return chosen;
  }

  // Places of the trace's atoms within a list of atoms.
  traceWithin(atoms) {
    const place = new Map();
    atoms.forEach((a, i) => place.set(a, i));
    return this.traceAtoms.map((a) => place.get(a));
  }

  // A structure as the viewer shows it: laid on the base by what moves least.
  placed(atoms, positions) {
    const trace = this.pick(positions, this.traceWithin(atoms));
    return superpose(trace, this.target, this.weights).apply(positions);
  }

  // The same in the frame of the base structure's file.
  onBase(atoms, positions) {
    const trace = this.pick(positions, this.traceWithin(atoms));
    return superpose(trace, this.pick(this.positions, this.traceAtoms), this.weights).apply(positions);
  }

  // A, of the traces after superposition.
  rmsd(atoms, a, b) {
    const trace = this.traceWithin(atoms);
    return superpose(this.pick(a, trace), this.pick(b, trace), new Float32Array(trace.length).fill(1)).rmsd;
  }

  pdb(atoms, positions, remark = '') {
    const cell = (value, width) => value.toFixed(3).padStart(width).slice(0, width);
    const text = [];
    for (let first = 0; first < remark.length; first += 68) text.push(`REMARK   6 ${remark.slice(first, first + 68)}`);
    atoms.forEach((a, i) => {
      const r = this.residues[this.residueOf[a]], element = this.elements[a].toUpperCase();
      const name = this.names[a].length < 4 && element.length < 2 ? ` ${this.names[a]}` : this.names[a];
      text.push(`${r.kind === 'other' ? 'HETATM' : 'ATOM  '}${String((i + 1) % 100000).padStart(5)} ${name.padEnd(4).slice(0, 4)} ` +
        `${r.name.slice(0, 3).padStart(3)} ${r.chain.slice(-1)}${String(r.number).padStart(4).slice(-4)}${r.insertion || ' '}   ` +
        `${cell(positions[3 * i], 8)}${cell(positions[3 * i + 1], 8)}${cell(positions[3 * i + 2], 8)}` +
        `  1.00${Math.min(r.rmsf ?? 0, 99).toFixed(2).padStart(6)}          ${element.padStart(2)}`);
    });
    return `${text.join('\n')}\nEND\n`;
  }
}
