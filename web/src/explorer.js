// The molecule, what it does, and the particles: a viewer and two maps that follow each other.
import { Card } from './card.js';
import { el, save, select } from './elements.js';
import { Molecule } from './molecule.js';
import { floats, integers, lines, Structures } from './packed.js';
import { Residues } from './residues.js';
import { Scatter } from './scatter.js';
import { Viewer } from './viewer.js';

const kFrameTime = { path: 90, ensemble: 160, selection: 160, states: 1400 };  // ms
const kState = ['#3c78c3', '#d8a200', '#8256a8', '#2f9e95', '#c2577d', '#7d8896', '#7a5a32', '#5a9e3a'];  // not those of learned and true

export class Explorer {
  static async create(root, data) {
    const explorer = new Explorer();
    explorer.root = root;
    root.explorer = explorer;  // for the console
    explorer.data = data;
    explorer.molecule = await Molecule.from(data.structure);
    explorer.sources = [];
    for (const movie of data.movies) {
      const atoms = Array.from(await integers(movie.atoms));
      explorer.sources.push({ ...movie, atoms, structures: new Structures(movie.structures, atoms, explorer.molecule.positions) });
    }
    if (data.points) await explorer.readPoints(data.points);
    explorer.build();
    return explorer;
  }

  async readPoints(entry) {
    const [rows, values, shown, atoms] = await Promise.all([integers(entry.rows), floats(entry.values), integers(entry.shown), integers(entry.atoms)]);
    const points = this.points = { count: entry.count, rows, shown, atoms: Array.from(atoms), columns: entry.columns, images: null, pictures: null };
    points.values = (column) => values.subarray(column * points.count, (column + 1) * points.count);
    let component = 0;
    for (const column of points.columns) if (column.role === 'component') column.component = component++;
    points.placeOf = new Map();
    points.hasStructure = new Uint8Array(points.count);
    shown.forEach((point, place) => { points.placeOf.set(point, place); points.hasStructure[point] = 1; });
    points.structures = new Structures(entry.structures, points.atoms, this.molecule.positions);
    if (entry.truths) points.truths = new Structures(entry.truths, points.atoms, this.molecule.positions);
    if (entry.images) points.images = await lines(entry.images);
    if (entry.pictures) points.pictures = entry.pictures;
    const cuts = points.columns.map((c, i) => [i, c]).filter(([, c]) => c.role === 'distance' && c.cut !== null);
    points.cuts = cuts;
    points.states = cuts.length ? [...new Set(Array.from({ length: points.count }, (_, i) => this.stateOf(i)))].sort((a, b) => a - b) : [];
    points.stateColor = (state) => kState[points.states.indexOf(state) % kState.length];
    const ramp = this.data.ramp, shade = (share) => ramp[Math.max(0, Math.min(ramp.length - 1, Math.round(share * (ramp.length - 1)) || 0))];
    points.colorBy = cuts.length ? 'states' : String(Math.max(0, points.columns.findIndex((c) => c.role === 'distance')));
    points.colors = () => {
      if (points.cachedColors?.by === points.colorBy) return points.cachedColors.colors;
      let colors;
      if (points.colorBy === 'states') {
        colors = Array.from({ length: points.count }, (_, i) => points.stateColor(this.stateOf(i)));
      } else {
        const column = points.values(Number(points.colorBy)), sorted = Float32Array.from(column).filter(Number.isFinite).sort();
        const least = sorted[Math.floor(0.01 * (sorted.length - 1))], most = sorted[Math.ceil(0.99 * (sorted.length - 1))];
        points.colorRange = [least, most];
        colors = Array.from(column, (v) => shade((v - least) / (most - least || 1)));
      }
      points.cachedColors = { by: points.colorBy, colors };
      return colors;
    };
  }

  // One bit for each distance that is cut, the first highest.
  stateOf(point) {
    return this.points.cuts.reduce((state, [column, c]) => 2 * state + (this.points.values(column)[point] < c.cut ? 0 : 1), 0);
  }

  build() {
    const { data, molecule } = this;
    this.tabs = el('div', { class: 'tabs', role: 'tablist' });
    this.view = el('div', { class: 'view' });
    this.caption = el('div', { class: 'caption' });
    this.play = el('button', { type: 'button', class: 'play', 'aria-label': 'Play', onclick: () => this.setPlaying(!this.playing) }, '\u25b6');
    this.slider = el('input', { type: 'range', min: 0, max: 0, value: 0, 'aria-label': 'Frame', oninput: () => { this.setPlaying(false); this.showFrame(Number(this.slider.value)); } });
    this.count = el('span', { class: 'count' });
    this.remark = el('p', { class: 'remark' });
    this.colorBy = data.rmsfMost > 0.01 ? 'rmsf' : 'displacement';
    const colors = [['rmsf', 'colour: RMSF'], ['displacement', 'colour: distance from the base'], ['chain', 'colour: along the chain']];
    const styles = [['ribbon', 'ribbon'], ['both', 'ribbon and atoms'], ['sticks', 'atoms']];
    this.ghostKind = 'none';
    const ghosts = [['none', 'alone'], ['base', 'over the base structure']];
    if (this.points?.truths) ghosts.push(['truth', 'over the true structure']);
    this.ghostSelect = select(ghosts, 'none', (value) => { this.ghostKind = value; this.refresh(); }, 'Compared with');
    this.residues = new Residues(molecule, data, {
      hover: (residue) => this.viewer?.showMark(residue),
    });
    this.residues.setColors(this.colorBy);
    const controls = el('div', { class: 'controls' }, this.play, this.slider, this.count);
    const choices = el('div', { class: 'controls' },
      select(colors, this.colorBy, (value) => { this.colorBy = value; this.residues.setColors(value); this.refresh(); }, 'Colour'),
      select(styles, 'ribbon', (value) => this.viewer?.setStyle(value), 'Style'), this.ghostSelect,
      el('span', { class: 'grow' }),
      el('button', { type: 'button', onclick: () => this.viewer?.resetView(), title: 'Turn back to the first view' }, 'Reset view'),
      el('button', { type: 'button', onclick: () => this.savePdb(), title: 'The structure shown, in the frame of the model' }, 'Save PDB'),
      el('button', { type: 'button', onclick: () => this.saveMovie(), title: 'All frames, as models of one PDB file laid on the base structure' }, 'Save movie'),
      el('button', { type: 'button', onclick: () => this.viewer && save('structure.png', this.viewer.picture()) }, 'Save picture'));
    const stage = el('div', { class: 'stage' }, this.tabs, el('div', { class: 'frame' }, this.view, this.caption), this.residues.element, controls, choices, this.remark);
    this.element = el('div', { class: 'explorer' }, stage);
    if (this.points) this.buildMaps();
    this.root.append(this.element);
    if (this.card) this.root.append(this.card.element);
    this.makeTabs();
    try {
      this.viewer = new Viewer(this.view, molecule, (atoms, placed) => this.residueColors(atoms, placed));
    } catch (problem) {
      this.view.append(el('p', { class: 'problem' }, 'This browser shows no WebGL, so the structures cannot be drawn; the maps work.'));
    }
  }

  buildMaps() {
    const { points } = this, columns = points.columns;
    const find = (role, nth = 0) => columns.map((c, i) => [c, i]).filter(([c]) => c.role === role)[nth]?.[1];
    const callbacks = {
      hover: (point) => this.setHover(point),
      click: (point) => this.showPoint(point),
      lasso: (chosen) => this.setSelection(chosen),
    };
    const first = find('component') ?? 0;
    this.maps = [new Scatter('Latent space', points, first, find('component', 1) ?? first, callbacks)];
    const distance = find('distance');
    if (distance !== undefined) {
      this.maps.push(new Scatter('Distances', points, distance, find('distance', 1) ?? find('true') ?? find('other') ?? first, callbacks));
    }
    const by = columns.map((c, i) => [String(i), `colour: ${c.name}`]);
    if (points.cuts.length) by.unshift(['states', 'colour: state']);
    this.mapLegend = el('div', { class: 'maplegend' });
    const legend = () => {
      points.colors();
      this.mapLegend.replaceChildren();
      if (points.colorBy === 'states') {
        for (const state of points.states) {
          const text = points.cuts.map(([, c], k) => `${c.name} ${state >> (points.cuts.length - 1 - k) & 1 ? '>' : '<'} ${c.cut}`).join(', ');
          this.mapLegend.append(el('span', {}, el('i', { style: `background:${points.stateColor(state)}` }), text));
        }
      } else {
        const [least, most] = points.colorRange;
        this.mapLegend.append(el('span', {}, least.toFixed(2), el('i', { class: 'ramp', style: `background:linear-gradient(90deg, ${this.data.ramp.join(',')})` }), most.toFixed(2)));
      }
    };
    const chooser = select(by, points.colorBy, (value) => { points.colorBy = value; legend(); this.maps.forEach((map) => map.draw()); }, 'Colour of the points');
    legend();
    this.selectionBar = el('div', { class: 'selection' });
    this.card = new Card(this.molecule, points);
    const shown = points.shown.length < points.count ? ` ${points.shown.length} of the ${points.count} (darker) have their structures on this page.` : '';
    const help = el('p', { class: 'remark' }, `Each point is a particle. Click one to see its structure; draw a loop around some to choose them.${shown}`);
    this.element.append(el('div', { class: 'maps' }, el('div', { class: 'bar' }, chooser, this.mapLegend), ...this.maps.map((map) => map.element), this.selectionBar, help));
    this.setSelection(null);
  }

  residueColors(atoms, placed) {
    const { molecule, data } = this, ramp = data.ramp, n = molecule.residues.length;
    const shade = (share) => ramp[Math.max(0, Math.min(ramp.length - 1, Math.round(share * (ramp.length - 1)) || 0))];
    if (this.colorBy === 'chain') return molecule.residues.map((_, r) => shade(r / Math.max(1, n - 1)));
    if (this.colorBy === 'displacement') {
      const colors = new Array(n).fill(ramp[0]), trace = molecule.traceWithin(atoms);
      molecule.traceAtoms.forEach((a, k) => {
        const i = trace[k];
        const d = Math.hypot(...[0, 1, 2].map((c) => placed[3 * i + c] - molecule.target[3 * k + c]));
        colors[molecule.residueOf[a]] = shade(d / this.residues.displacementMost);
      });
      return colors;
    }
    return molecule.residues.map((r) => (r.rmsf === null ? '#9aa3ad' : shade(r.rmsf / (data.rmsfMost || 1))));
  }

  makeTabs() {
    this.tabs.replaceChildren(...this.sources.map((source) => el('button', {
      type: 'button', role: 'tab', 'aria-selected': String(source === this.source), onclick: () => this.open(source),
    }, source.label)));
  }

  // A source by its kind, made or replaced.
  putSource(source) {
    const present = this.sources.findIndex((s) => s.kind === source.kind);
    if (present >= 0) this.sources[present] = source;
    else this.sources.push(source);
    return source;
  }

  async open(source, frame = 0, play = source.kind !== 'states' && source.kind !== 'particle') {
    this.opening = source;
    await source.structures.load();
    if (this.opening !== source) return;  // another was opened meanwhile
    this.source = source;
    this.frames = source.points ? source.points.length : source.structures.count;
    this.slider.max = this.frames - 1;
    this.direction = 1;
    this.remark.textContent = source.remark;
    this.makeTabs();
    if (this.points && source.kind !== 'particle' && source.kind !== 'selection') {
      this.card.clear();
      this.maps.forEach((map) => map.set({ chosen: -1 }));
    }
    this.showFrame(frame);
    this.setPlaying(play && this.frames > 1 && !matchMedia('(prefers-reduced-motion: reduce)').matches);
  }

  structureAt(frame) {
    const { source } = this;
    return source.structures.get(source.points ? this.points.placeOf.get(source.points[frame]) : frame);
  }

  showFrame(frame) {
    const { source, molecule } = this;
    this.frame = frame;
    this.slider.value = frame;
    this.count.textContent = this.frames > 1 ? `${frame + 1} / ${this.frames}` : '';
    const positions = this.structureAt(frame), atoms = source.atoms;
    const point = source.points ? source.points[frame] : undefined;
    let text = source.names ? source.names[frame] : source.label;
    if (point !== undefined) text = `Particle ${this.points.rows[point]}`;
    const placed = molecule.placed(atoms, positions);
    let ghost = null;
    if (this.ghostKind === 'base') {
      this.baseAtoms ??= molecule.names.map((_, a) => a);
      this.basePlaced ??= molecule.placed(this.baseAtoms, molecule.positions);
      ghost = { atoms: this.baseAtoms, placed: this.basePlaced };
    } else if (this.ghostKind === 'truth' && point !== undefined && this.points.truths.packed) {
      ghost = { atoms, placed: molecule.placed(atoms, this.points.truths.get(this.points.placeOf.get(point))) };
    }
    this.caption.textContent = ghost ? `${text}, over the ${this.ghostKind === 'base' ? 'base' : 'true'} structure (pale)` : text;
    // What is shown, in the frame of the model; for the console.
    this.root.shown = { label: text, atoms, positions, row: point === undefined ? null : this.points.rows[point] };
    this.root.dataset.shown = text;
    this.viewer?.show(atoms, placed, ghost);
    if (this.maps) {
      const component = source.kind === 'path' ? Number(source.label.replace(/\D/g, '')) - 1 : -1;
      this.maps.forEach((map) => map.set({ cursor: component >= 0 ? { component, value: source.place[frame], path: source.place } : null, ...(point === undefined ? {} : { chosen: point }) }));
    }
  }

  refresh() {
    if (!this.source) return;
    const wanted = this.ghostKind === 'truth' && this.points?.truths && !this.points.truths.packed;
    if (wanted) this.points.truths.load().then(() => this.showFrame(this.frame));
    else this.showFrame(this.frame);
  }

  setPlaying(playing) {
    this.playing = playing;
    this.play.textContent = playing ? '\u275a\u275a' : '\u25b6';
    this.play.setAttribute('aria-label', playing ? 'Pause' : 'Play');
    this.play.disabled = this.frames < 2;
    clearTimeout(this.timer);
    if (!playing) return;
    const step = () => {
      const started = performance.now();
      if (!document.hidden && this.visible !== false) {
        let next = this.frame + this.direction;
        if (this.source.kind === 'path') {
          if (next < 0 || next >= this.frames) { this.direction = -this.direction; next = this.frame + this.direction; }
        } else {
          next = (next + this.frames) % this.frames;
        }
        this.showFrame(next);
      }
      // Never busy for more than about half of the time.
      const taken = performance.now() - started;
      this.timer = setTimeout(step, Math.max(kFrameTime[this.source.kind] - taken, taken));
    };
    this.timer = setTimeout(step, kFrameTime[this.source.kind] ?? 160);
  }

  setHover(point) {
    this.maps.forEach((map) => map.set({ hover: point }));
  }

  showPoint(point) {
    this.card.show(point);
    this.maps.forEach((map) => map.set({ chosen: point }));
    const source = this.putSource({
      kind: 'particle', label: 'Particle', atoms: this.points.atoms, structures: this.points.structures, points: [point],
      remark: 'The structure inferred for this particle: backbone only, as for all points.',
    });
    return this.open(source);
  }

  setSelection(chosen) {
    this.selection = chosen && chosen.length ? chosen : null;
    this.maps.forEach((map) => map.set({ selection: this.selection }));
    const { points } = this;
    this.selectionBar.replaceChildren();
    if (!this.selection) {
      this.sources = this.sources.filter((source) => source.kind !== 'selection');
      this.makeTabs();
      return;
    }
    const share = (100 * this.selection.length / points.count).toFixed(1);
    const distances = points.columns.map((c, i) => [c, i]).filter(([c]) => c.role === 'distance').map(([c, i]) => {
      const values = points.values(i);
      return `${c.name}: ${(this.selection.reduce((sum, p) => sum + values[p], 0) / this.selection.length).toFixed(2)} \u00c5`;
    });
    const shown = this.selection.filter((p) => points.hasStructure[p]);
    const button = (text, onclick, title) => el('button', { type: 'button', onclick, title }, text);
    this.selectionBar.append(el('b', {}, `${this.selection.length} particles (${share} %)`), el('span', {}, distances.length ? `mean ${distances.join(', ')}` : ''),
      el('span', { class: 'buttons' },
        points.images ? button('Save STAR', () => save('particles.star', this.starText(), 'text/plain'), 'Image names and rows, as a STAR file') : null,
        button('Save list', () => save('particles.txt', this.listText()), 'Rows, image names and all values of the points, as text'),
        shown.length ? button('Play', () => this.playSelection(shown), 'Shows the structures of the chosen particles one after the other') : null,
        button('Clear', () => this.setSelection(null))));
  }

  playSelection(shown) {
    const axis = this.points.values(this.maps[0].x), count = Math.min(shown.length, 200);
    const some = Array.from({ length: count }, (_, k) => shown[Math.floor(k * shown.length / count)]).sort((a, b) => axis[a] - axis[b]);
    return this.open(this.putSource({
      kind: 'selection', label: 'Selection', atoms: this.points.atoms, structures: this.points.structures, points: some,
      remark: `${count} of the ${this.selection.length} chosen particles, ordered along the horizontal axis of the latent space.`,
    }));
  }

  starText() {
    const { points } = this;
    const rows = this.selection.map((p) => `${points.images[p]} ${points.rows[p]}`);
    return `# version 30001\n\ndata_particles\n\nloop_\n_rlnImageName #1\n_cryomerRow #2\n${rows.join('\n')}\n`;
  }

  listText() {
    const { points } = this, names = points.columns.map((c) => c.name + (c.unit ? ` (${c.unit})` : ''));
    const rows = this.selection.map((p) => [points.rows[p], ...(points.images ? [points.images[p]] : []), ...points.columns.map((_, i) => points.values(i)[p].toFixed(4))].join('\t'));
    return `${['row', ...(points.images ? ['image'] : []), ...names].join('\t')}\n${rows.join('\n')}\n`;
  }

  savePdb() {
    const { label, atoms, positions } = this.root.shown;
    const name = label.toLowerCase().replace(/[^a-z0-9]+/g, '_').slice(0, 40);
    save(`${name}.pdb`, this.molecule.pdb(atoms, positions, `${document.title}: ${label.replace(/[^ -~]/g, '-')}, frame ${this.frame + 1}. B: RMSF (A)`), 'chemical/x-pdb');
  }

  saveMovie() {
    const { molecule, source } = this, models = [];
    for (let frame = 0; frame < this.frames; ++frame) {
      const text = molecule.pdb(source.atoms, molecule.onBase(source.atoms, this.structureAt(frame)));
      models.push(`MODEL     ${String(frame + 1).padStart(4)}\n${text.replace(/END\n$/, '')}ENDMDL\n`);
    }
    save(`${source.label.toLowerCase().replace(/[^a-z0-9]+/g, '_')}.pdb`, `${models.join('')}END\n`, 'chemical/x-pdb');
  }

  themeChanged() {
    this.viewer?.themeChanged();
    this.maps?.forEach((map) => map.draw());
    this.residues.draw();
  }

  start() {
    new IntersectionObserver(([entry]) => { this.visible = entry.isIntersecting; }).observe(this.view);
    if (this.sources.length) return this.open(this.sources[0]);
    return this.points ? this.showPoint(this.points.shown[0]) : null;
  }
}
