// The molecule in three dimensions, by 3Dmol.js.
import * as $3Dmol from '3dmol/build/3Dmol-min.js';

const kLargeTrace = 1500;  // residues from which ribbons become traces, so that frames follow each other quickly

export class Viewer {
  constructor(element, molecule, colorOf) {
    this.molecule = molecule;
    this.colorOf = colorOf;  // of a residue, given the shown positions
    this.large = molecule.traceAtoms.length > kLargeTrace;
    this.viewer = $3Dmol.createViewer(element, { antialias: true, cartoonQuality: this.large ? 4 : 8 });
    this.element = element;
    this.themeChanged();
    this.style = 'ribbon';
    this.models = {};
    this.fitted = false;
    // The wheel belongs to the page until the viewer is clicked.
    let active = false;
    element.addEventListener('pointerdown', () => { active = true; });
    element.addEventListener('pointerleave', () => { active = false; });
    element.addEventListener('wheel', (event) => { if (!active && !event.ctrlKey) event.stopPropagation(); }, { capture: true });
  }

  themeChanged() {
    const paper = getComputedStyle(document.documentElement).getPropertyValue('--card').trim();
    this.viewer.setBackgroundColor(paper);
  }

  modelFor(slot, atoms) {
    const present = this.models[slot];
    if (present && present.atoms === atoms) return present;
    if (present) this.viewer.removeModel(present.model);
    const m = this.molecule, base = m.placed(atoms, m.pick(m.positions, atoms));
    const model = this.viewer.addModel(m.pdb(atoms, base), 'pdb', { keepH: true });
    const records = model.selectedAtoms({});
    if (records.length !== atoms.length) throw new Error(`the viewer took ${records.length} of ${atoms.length} atoms`);
    return (this.models[slot] = { model, atoms, records });
  }

  styleOf(slot, records) {
    const ghost = slot === 'ghost';
    const ribbon = this.large ? { style: 'trace', thickness: 0.5 } : { arrows: true, thickness: 0.35 };
    const ribbonColor = ghost ? { color: '#9aa3ad' } : { colorfunc: (atom) => atom.shown };
    const plain = ghost ? { color: '#9aa3ad' } : { colorfunc: (atom) => atom.shown };
    const style = {};
    if (this.style !== 'sticks') style.cartoon = { ...ribbon, ...ribbonColor, opacity: ghost ? 0.55 : 1 };
    const sticks = this.style !== 'ribbon' && !ghost;
    if (sticks) style.stick = { radius: this.style === 'sticks' ? 0.16 : 0.1, ...plain };
    return { style, others: { stick: { radius: 0.18, ...plain }, sphere: { radius: 0.5, ...plain } } };
  }

  put(slot, atoms, placed) {
    const { model, records } = this.modelFor(slot, atoms);
    const colors = slot === 'main' ? this.colorOf(atoms, placed) : null;
    for (let i = 0; i < records.length; ++i) {
      const record = records[i];
      record.x = placed[3 * i];
      record.y = placed[3 * i + 1];
      record.z = placed[3 * i + 2];
      if (colors) record.shown = colors[this.molecule.residueOf[atoms[i]]];
    }
    const { style, others } = this.styleOf(slot, records);
    model.setStyle({ hetflag: false }, style);
    model.setStyle({ hetflag: true }, others);
  }

  // `placed` positions of `atoms`; the ghost is another structure, pale, or nothing.
  show(atoms, placed, ghost) {
    this.last = { atoms, placed, ghost };
    this.put('main', atoms, placed);
    if (ghost) {
      this.put('ghost', ghost.atoms, ghost.placed);
    } else if (this.models.ghost) {
      this.viewer.removeModel(this.models.ghost.model);
      delete this.models.ghost;
    }
    this.mark(this.marked);
    if (!this.fitted) {
      this.fit();
      this.fitted = true;
    }
    this.viewer.render();
  }

  again() { if (this.last) this.show(this.last.atoms, this.last.placed, this.last.ghost); }

  setStyle(style) {
    this.style = style;
    this.again();
  }

  // A ball and a label at a residue, or none.
  mark(residue) {
    if (this.marked === undefined && residue === undefined) return;
    this.viewer.removeAllShapes();
    this.viewer.removeAllLabels();
    this.marked = residue;
    if (residue === undefined || !this.last) return;
    const m = this.molecule, i = this.last.atoms.findIndex((a) => m.residueOf[a] === residue && m.traceAtoms.includes(a));
    if (i < 0) return;
    const center = { x: this.last.placed[3 * i], y: this.last.placed[3 * i + 1], z: this.last.placed[3 * i + 2] };
    this.viewer.addSphere({ center, radius: 1.6, color: '#d6336c', opacity: 0.85 });
    this.viewer.addLabel(m.label(residue), { position: center, fontSize: 13, backgroundColor: '#111820', backgroundOpacity: 0.85, fontColor: '#ffffff', inFront: true });
  }

  showMark(residue) {
    this.mark(residue);
    this.viewer.render();
  }

  resetView() {
    this.viewer.setView([0, 0, 0, 0, 0, 0, 0, 1]);
    this.fit();
    this.viewer.render();
  }

  // zoomTo() fits the ball around the molecule's centroid to the height of the view. From the first side it may come nearer.
  fit() {
    const { placed } = this.last, n = placed.length / 3, center = [0, 0, 0];
    placed.forEach((x, i) => { center[i % 3] += x / n; });
    let ball = 0, wide = 0, high = 0;
    for (let i = 0; i < placed.length; i += 3) {
      const [x, y, z] = [0, 1, 2].map((k) => placed[i + k] - center[k]);
      ball = Math.max(ball, Math.hypot(x, y, z));
      wide = Math.max(wide, Math.abs(x));
      high = Math.max(high, Math.abs(y));
    }
    const margin = 3, aspect = this.element.clientWidth / Math.max(1, this.element.clientHeight);
    this.viewer.zoomTo();
    this.viewer.zoom(Math.min(1.6, ball * aspect / (1.1 * wide + margin), ball / (1.1 * high + margin)));
  }

  picture() { return this.viewer.pngURI(); }
}
