// What is known of the particle that was clicked: its values, its image beside the prediction and the difference.
import { el } from './elements.js';
import { bytes, integers } from './packed.js';

export class Card {
  constructor(molecule, points) {
    this.molecule = molecule;
    this.points = points;
    this.element = el('div', { class: 'particle', 'aria-live': 'polite' });
  }

  clear() { this.element.replaceChildren(); }

  async load() {
    const { points } = this, entry = points.pictures;
    if (entry && !entry.placeOf) {
      const [which, observed, predicted] = await Promise.all([integers(entry.points), bytes(entry.observed), bytes(entry.predicted)]);
      entry.placeOf = new Map(Array.from(which, (point, place) => [point, place]));
      entry.images = { observed, predicted };
    }
    if (points.truths) await Promise.all([points.truths.load(), points.structures.load()]);
  }

  picture(name, levels, size) {
    const canvas = el('canvas', { width: size, height: size, role: 'img', 'aria-label': name });
    const g = canvas.getContext('2d'), image = g.createImageData(size, size);
    for (let i = 0; i < size * size; ++i) image.data.set([levels(i), levels(i), levels(i), 255], 4 * i);
    g.putImageData(image, 0, 0);
    return el('figure', {}, canvas, el('figcaption', {}, name));
  }

  async show(point) {
    const { points } = this;
    this.point = point;
    await this.load();
    if (this.point !== point) return;
    const facts = [['row', String(points.rows[point])]];
    if (points.images) facts.push(['image', points.images[point]]);
    points.columns.forEach((column, i) => {
      facts.push([column.name, `${points.values(i)[point].toFixed(2)}${column.unit ? ` ${column.unit}` : ''}`]);
    });
    if (points.truths) {
      const place = points.placeOf.get(point);
      facts.push(['RMSD of CA to the true structure', `${this.molecule.rmsd(points.atoms, points.structures.get(place), points.truths.get(place)).toFixed(2)} \u00c5`]);
    }
    const table = el('table', { class: 'facts' }, ...facts.map(([name, value]) => el('tr', {}, el('td', {}, name), el('td', {}, value))));
    const pictures = el('div', { class: 'pictures' });
    const place = points.pictures?.placeOf.get(point);
    if (place !== undefined) {
      const { size, images } = points.pictures, first = place * size * size;
      pictures.append(
        this.picture('observed, 15 \u00c5', (i) => images.observed[first + i], size),
        this.picture('predicted', (i) => images.predicted[first + i], size),
        this.picture('difference', (i) => images.observed[first + i] - images.predicted[first + i] + 128, size));
    }
    this.element.replaceChildren(el('h3', {}, `Particle ${points.rows[point]}`), el('div', { class: 'both' }, pictures, table));
  }
}
