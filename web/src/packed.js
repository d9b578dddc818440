// Numbers and structures that the page carries as packed text.

async function unpacked(name) {
  const text = atob(document.getElementById(name).textContent);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; ++i) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Response(stream).arrayBuffer();
}

export const integers = async (name) => new Int32Array(await unpacked(name));
export const floats = async (name) => new Float32Array(await unpacked(name));
export const bytes = async (name) => new Uint8Array(await unpacked(name));
export const lines = async (name) => new TextDecoder().decode(await unpacked(name)).split('\n');

// Structures over some atoms of the base: differences to it in small steps, each less that of the atom before; first all low
// bytes, then all high ones, in the order [structure][axis][atom].
export class Structures {
  constructor(entry, atoms, base) {
    this.entry = entry;
    this.atoms = atoms;
    this.base = base;
    this.count = entry.count;
  }

  async load() {
    this.packed ??= await bytes(this.entry.block);
    return this;
  }

  // [atoms][3] A, in the frame of the file.
  get(index) {
    const n = this.atoms.length, high = this.packed.length / 2, step = this.entry.step;
    const positions = new Float32Array(3 * n);
    let place = index * 3 * n;
    for (let axis = 0; axis < 3; ++axis) {
      let sum = 0;
      for (let a = 0; a < n; ++a, ++place) {
        const value = this.packed[place] | (this.packed[high + place] << 8);
        sum = ((sum + ((value >>> 1) ^ -(value & 1))) << 16) >> 16;
        positions[3 * a + axis] = this.base[3 * this.atoms[a] + axis] + step * sum;
      }
    }
    return positions;
  }
}
