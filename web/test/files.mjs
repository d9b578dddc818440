// What the test of the page reads and writes beside it: a small helix, trajectories, pictures.
import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';

// An ideal alpha helix of alanine: 1.5 A rise and 100 degrees a residue; radius, height (A) and angle (degrees) of each atom.
export function helixPdb(residues) {
  const atoms = [['N', 1.55, -0.9, -28], ['CA', 2.29, 0, 0], ['C', 1.68, 1.1, 26], ['O', 2.0, 2.3, 24], ['CB', 3.3, -0.3, 18]];
  let text = '', serial = 0;
  for (let r = 0; r < residues; ++r) {
    for (const [name, radius, height, angle] of atoms) {
      const a = (100 * r + angle) * Math.PI / 180;
      const place = [radius * Math.cos(a), radius * Math.sin(a), 1.5 * r + height].map((x) => x.toFixed(3).padStart(8)).join('');
      text += `ATOM  ${String(++serial).padStart(5)}  ${name.padEnd(3)} ALA A${String(r + 1).padStart(4)}    ${place}  1.00  0.00           ${name[0]}\n`;
    }
  }
  return `${text}END\n`;
}

// CHARMM's DCD without cells or fixed atoms: [frame] -> [atom] -> [x, y, z].
export function readDcd(path) {
  const file = readFileSync(path), records = [];
  for (let place = 0; place < file.length;) {
    const size = file.readUInt32LE(place);
    records.push(file.subarray(place + 4, place + 4 + size));
    place += size + 8;
  }
  const atoms = records[2].readUInt32LE(0), frames = [];
  const axes = records.slice(3).filter((record) => record.length === 4 * atoms);
  for (let f = 0; f + 2 < axes.length; f += 3) {
    frames.push(Array.from({ length: atoms }, (_, a) => [0, 1, 2].map((k) => axes[f + k].readFloatLE(4 * a))));
  }
  return frames;
}

// Pixels of a PNG with 8 bits a channel: { width, height, at(x, y) -> [r, g, b] }.
export function readPng(file) {
  let width = 0, height = 0, channels = 0;
  const data = [];
  for (let place = 8; place < file.length;) {
    const size = file.readUInt32BE(place), type = file.toString('latin1', place + 4, place + 8), body = file.subarray(place + 8, place + 8 + size);
    if (type === 'IHDR') {
      width = body.readUInt32BE(0);
      height = body.readUInt32BE(4);
      channels = { 2: 3, 6: 4 }[body[9]];
    }
    if (type === 'IDAT') data.push(body);
    place += size + 12;
  }
  const raw = inflateSync(Buffer.concat(data)), stride = width * channels, pixels = Buffer.alloc(stride * height);
  for (let y = 0; y < height; ++y) {
    const filter = raw[y * (stride + 1)];
    for (let i = 0; i < stride; ++i) {
      const left = i >= channels ? pixels[y * stride + i - channels] : 0, up = y ? pixels[(y - 1) * stride + i] : 0;
      const corner = y && i >= channels ? pixels[(y - 1) * stride + i - channels] : 0, p = left + up - corner;
      const near = [left, up, corner].reduce((best, v) => (Math.abs(p - v) < Math.abs(p - best) ? v : best));
      pixels[y * stride + i] = raw[y * (stride + 1) + 1 + i] + [0, left, up, (left + up) >> 1, near][filter];
    }
  }
  return { width, height, at: (x, y) => [...pixels.subarray(y * stride + x * channels, y * stride + x * channels + 3)] };
}
