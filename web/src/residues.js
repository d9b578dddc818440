// The chain as a strip of colour: what moves where; a residue under the pointer is marked in the viewer.
import { el } from './elements.js';

export class Residues {
  constructor(molecule, data, callbacks) {
    this.molecule = molecule;
    this.data = data;
    this.colors = 'rmsf';
    this.displacementMost = Math.max(3, Math.ceil(2 * data.rmsfMost));
    this.canvas = el('canvas', { 'aria-label': 'RMSF along the chain', role: 'img' });
    this.legend = el('div', { class: 'legend' });
    this.element = el('div', { class: 'residues' }, this.canvas, this.legend);
    this.known = molecule.traceAtoms.map((a) => molecule.residueOf[a]);
    this.canvas.addEventListener('pointermove', (event) => {
      const box = this.canvas.getBoundingClientRect();
      const residue = this.known[Math.min(this.known.length - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * this.known.length)))];
      const r = molecule.residues[residue];
      this.note.textContent = `${molecule.label(residue)}${r.rmsf === null ? '' : `, RMSF ${r.rmsf.toFixed(2)} \u00c5`}`;
      if (this.marked !== residue) callbacks.hover(this.marked = residue);
    });
    this.canvas.addEventListener('pointerleave', () => {
      this.note.textContent = '';
      this.marked = undefined;
      callbacks.hover(undefined);
    });
    this.setColors('rmsf');
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  setColors(colors) {
    const ramp = `linear-gradient(90deg, ${this.data.ramp.join(',')})`;
    const [least, most, text] = colors === 'rmsf' ? ['0', `${this.data.rmsfMost.toFixed(1)} \u00c5 and more`, 'RMSF of CA']
      : colors === 'displacement' ? ['0', `${this.displacementMost} \u00c5`, 'distance of CA from the base structure'] : ['first', 'last residue', ''];
    this.note = el('span', { class: 'note' });
    this.legend.replaceChildren(el('span', {}, text), el('span', {}, least), el('i', { class: 'ramp', style: `background:${ramp}` }), el('span', {}, most), this.note);
  }

  draw() {
    const width = this.canvas.clientWidth, height = this.canvas.clientHeight, scale = window.devicePixelRatio || 1;
    if (!width) return;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    const g = this.canvas.getContext('2d'), n = this.known.length, ramp = this.data.ramp;
    g.scale(scale, scale);
    const style = getComputedStyle(document.documentElement);
    g.fillStyle = style.getPropertyValue('--grid');
    g.fillRect(0, height - 1, width, 1);
    this.known.forEach((residue, k) => {
      const rmsf = this.molecule.residues[residue].rmsf ?? 0, share = Math.min(1, rmsf / (this.data.rmsfMost || 1));
      g.fillStyle = ramp[Math.min(ramp.length - 1, Math.round(share * (ramp.length - 1)))];
      const h = Math.max(2, share * (height - 2));
      g.fillRect(k / n * width, height - h, Math.max(1, width / n - (width / n > 4 ? 1 : 0)), h);
    });
  }
}
