// Points in a plane: hover, click, lasso.
import { el, select } from './elements.js';

const kPad = { left: 46, right: 12, top: 10, bottom: 34 };

function niceTicks(least, most, about) {
  const raw = (most - least) / about || 1, power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= raw * 0.999);
  const ticks = [];
  for (let k = Math.ceil(least / step); k * step <= most + 1e-9 * step; ++k) ticks.push(k * step);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return ticks.map((value) => ({ value, label: (Math.abs(value) < step / 2 ? 0 : value).toFixed(decimals).replace('-', '\u2212') }));
}

export class Scatter {
  // model: { count, columns, values(column) -> Float32Array, hasStructure: Uint8Array, colors() -> [css by point] or null }
  // callbacks: { hover(point), click(point), lasso(points) }
  constructor(title, model, x, y, callbacks) {
    this.model = model;
    this.callbacks = callbacks;
    this.x = x;
    this.y = y;
    this.base = el('canvas');
    this.over = el('canvas', { class: 'over', tabindex: 0, role: 'img', 'aria-label': `${title}: click a point to see its structure, draw around points to choose them` });
    this.plot = el('div', { class: 'plot' }, this.base, this.over);
    const names = model.columns.map((c, i) => [String(i), c.name + (c.unit ? `, ${c.unit}` : '')]);
    const axis = (which) => select(names, String(this[which]), (value) => { this[which] = Number(value); this.draw(); }, `${title}, ${which} axis`);
    this.element = el('div', { class: 'scatter' }, el('div', { class: 'bar' }, el('b', {}, title), axis('y'), el('span', {}, 'over'), axis('x')), this.plot);
    this.state = { hover: -1, chosen: -1, selection: null, cursor: null };
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  range(column) {
    const values = this.model.values(column);
    let least = Infinity, most = -Infinity;
    for (const v of values) if (Number.isFinite(v)) { least = Math.min(least, v); most = Math.max(most, v); }
    if (!(most > least)) { least = (Number.isFinite(least) ? least : 0) - 1; most = least + 2; }
    const margin = 0.04 * (most - least);
    return [least - margin, most + margin];
  }

  draw() {
    const width = this.plot.clientWidth, height = this.plot.clientHeight, scale = window.devicePixelRatio || 1;
    if (!width || !height) return;
    for (const canvas of [this.base, this.over]) {
      canvas.width = width * scale;
      canvas.height = height * scale;
    }
    const style = getComputedStyle(document.documentElement), ink = style.getPropertyValue('--muted'), grid = style.getPropertyValue('--grid');
    const g = this.base.getContext('2d');
    g.scale(scale, scale);
    g.font = '11px system-ui, sans-serif';
    const [x0, x1] = this.range(this.x), [y0, y1] = this.range(this.y);
    this.toX = (v) => kPad.left + (v - x0) / (x1 - x0) * (width - kPad.left - kPad.right);
    this.toY = (v) => height - kPad.bottom - (v - y0) / (y1 - y0) * (height - kPad.top - kPad.bottom);
    g.strokeStyle = grid;
    g.fillStyle = ink;
    for (const tick of niceTicks(y0, y1, Math.max(3, height / 55))) {
      g.beginPath(); g.moveTo(kPad.left, this.toY(tick.value)); g.lineTo(width - kPad.right, this.toY(tick.value)); g.stroke();
      g.textAlign = 'right'; g.fillText(tick.label, kPad.left - 6, this.toY(tick.value) + 4);
    }
    for (const tick of niceTicks(x0, x1, Math.max(3, width / 90))) {
      g.beginPath(); g.moveTo(this.toX(tick.value), kPad.top); g.lineTo(this.toX(tick.value), height - kPad.bottom); g.stroke();
      g.textAlign = 'center'; g.fillText(tick.label, this.toX(tick.value), height - kPad.bottom + 14);
    }
    const label = (i) => this.model.columns[i].name + (this.model.columns[i].unit ? `, ${this.model.columns[i].unit}` : '');
    g.fillText(label(this.x), (kPad.left + width) / 2, height - 5);
    g.save(); g.translate(11, (kPad.top + height - kPad.bottom) / 2); g.rotate(-Math.PI / 2); g.fillText(label(this.y), 0, 0); g.restore();
    const roles = [this.model.columns[this.x].role, this.model.columns[this.y].role].sort().join();
    if (roles === 'distance,true') {
      g.strokeStyle = ink; g.setLineDash([4, 3]);
      const least = Math.max(x0, y0), most = Math.min(x1, y1);
      g.beginPath(); g.moveTo(this.toX(least), this.toY(least)); g.lineTo(this.toX(most), this.toY(most)); g.stroke(); g.setLineDash([]);
    }
    for (const [column, horizontal] of [[this.x, true], [this.y, false]]) {
      const cut = this.model.columns[column].cut;
      if (cut === null || cut === undefined) continue;
      g.strokeStyle = ink; g.setLineDash([2, 3]); g.beginPath();
      if (horizontal) { g.moveTo(this.toX(cut), kPad.top); g.lineTo(this.toX(cut), height - kPad.bottom); }
      else { g.moveTo(kPad.left, this.toY(cut)); g.lineTo(width - kPad.right, this.toY(cut)); }
      g.stroke(); g.setLineDash([]);
    }
    const xs = this.model.values(this.x), ys = this.model.values(this.y), colors = this.model.colors(), n = this.model.count;
    const size = n > 20000 ? 1.6 : n > 4000 ? 2.2 : n > 800 ? 3 : 4;
    for (const withStructure of [0, 1]) {
      for (let i = 0; i < n; ++i) {
        if (this.model.hasStructure[i] !== withStructure || !Number.isFinite(xs[i]) || !Number.isFinite(ys[i])) continue;
        g.globalAlpha = withStructure ? 0.85 : 0.32;
        g.fillStyle = colors[i];
        const r = withStructure ? size * 1.25 : size;
        g.fillRect(this.toX(xs[i]) - r / 2, this.toY(ys[i]) - r / 2, r, r);
      }
    }
    g.globalAlpha = 1;
    this.drawOver();
  }

  drawOver() {
    if (!this.toX) return;
    const scale = window.devicePixelRatio || 1, g = this.over.getContext('2d');
    g.setTransform(scale, 0, 0, scale, 0, 0);
    g.clearRect(0, 0, this.over.width, this.over.height);
    const style = getComputedStyle(document.documentElement), ink = style.getPropertyValue('--ink'), accent = '#d6336c';
    const xs = this.model.values(this.x), ys = this.model.values(this.y);
    const { selection, chosen, hover, cursor } = this.state;
    if (selection) {
      g.fillStyle = accent;
      g.globalAlpha = 0.7;
      for (const i of selection) g.fillRect(this.toX(xs[i]) - 1.5, this.toY(ys[i]) - 1.5, 3, 3);
      g.globalAlpha = 1;
    }
    const ring = (i, color, r, width) => {
      g.strokeStyle = color; g.lineWidth = width;
      g.beginPath(); g.arc(this.toX(xs[i]), this.toY(ys[i]), r, 0, 2 * Math.PI); g.stroke();
    };
    if (cursor && this.model.columns[this.x].component !== undefined && this.model.columns[this.y].component !== undefined) {
      const place = (column) => this.model.columns[column].component === cursor.component ? cursor.value : 0;
      const path = cursor.path.map((value) => [this.model.columns[this.x], this.model.columns[this.y]].map((c) => c.component === cursor.component ? value : 0));
      g.strokeStyle = ink; g.globalAlpha = 0.55; g.lineWidth = 1.5; g.beginPath();
      path.forEach(([x, y], i) => (i ? g.lineTo(this.toX(x), this.toY(y)) : g.moveTo(this.toX(x), this.toY(y))));
      g.stroke(); g.globalAlpha = 1;
      g.fillStyle = accent; g.beginPath(); g.arc(this.toX(place(this.x)), this.toY(place(this.y)), 6, 0, 2 * Math.PI); g.fill();
    }
    if (hover >= 0) {
      ring(hover, ink, 6, 1.5);
      const text = `Particle ${this.model.rows[hover]}`, x = this.toX(xs[hover]), y = this.toY(ys[hover]);
      g.font = '12px system-ui, sans-serif';
      const width = g.measureText(text).width, left = x + width + 26 > this.plot.clientWidth ? x - width - 22 : x + 10;
      g.fillStyle = ink;
      g.beginPath(); g.roundRect(left, y - 11, width + 12, 21, 5); g.fill();
      g.fillStyle = style.getPropertyValue('--paper'); g.textAlign = 'left'; g.fillText(text, left + 6, y + 4);
    }
    if (chosen >= 0) { ring(chosen, style.getPropertyValue('--paper'), 7, 5); ring(chosen, accent, 7, 2.5); }
    if (this.lasso) {
      g.strokeStyle = accent; g.lineWidth = 1.5; g.fillStyle = 'rgba(214, 51, 108, .1)';
      g.beginPath(); this.lasso.forEach(([x, y], i) => (i ? g.lineTo(x, y) : g.moveTo(x, y))); g.closePath(); g.fill(); g.stroke();
    }
  }

  set(state) {
    Object.assign(this.state, state);
    this.drawOver();
  }

  // The nearest point that has a structure.
  nearest(px, py, reach) {
    const xs = this.model.values(this.x), ys = this.model.values(this.y);
    let best = -1, least = reach * reach;
    for (let i = 0; i < this.model.count; ++i) {
      if (!this.model.hasStructure[i]) continue;
      const d = (this.toX(xs[i]) - px) ** 2 + (this.toY(ys[i]) - py) ** 2;
      if (d < least) { least = d; best = i; }
    }
    return best;
  }

  inside(polygon) {
    const xs = this.model.values(this.x), ys = this.model.values(this.y), chosen = [];
    for (let i = 0; i < this.model.count; ++i) {
      const x = this.toX(xs[i]), y = this.toY(ys[i]);
      let odd = false;
      for (let a = 0, b = polygon.length - 1; a < polygon.length; b = a++) {
        const [ax, ay] = polygon[a], [bx, by] = polygon[b];
        if ((ay > y) !== (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax) odd = !odd;
      }
      if (odd) chosen.push(i);
    }
    return chosen;
  }

  listen() {
    const place = (event) => {
      const box = this.over.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    let start = null;
    this.over.addEventListener('pointerdown', (event) => {
      start = place(event);
      this.over.setPointerCapture(event.pointerId);
    });
    this.over.addEventListener('pointermove', (event) => {
      const here = place(event);
      if (start && (this.lasso || Math.hypot(here[0] - start[0], here[1] - start[1]) > 5)) {
        this.lasso ??= [start];
        this.lasso.push(here);
        this.drawOver();
      } else if (!start) {
        this.callbacks.hover(this.nearest(here[0], here[1], 14));
      }
    });
    this.over.addEventListener('pointerup', (event) => {
      const lasso = this.lasso;
      this.lasso = null;
      if (lasso) this.callbacks.lasso(this.inside(lasso));
      else if (start) {
        const point = this.nearest(...place(event), 40);
        if (point >= 0) this.callbacks.click(point);
      }
      start = null;
      this.drawOver();
    });
    this.over.addEventListener('pointerleave', () => this.callbacks.hover(-1));
  }
}
