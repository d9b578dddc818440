// Weighted superposition by Horn's quaternions (1987).

// The eigenvector of a symmetric 4 x 4 matrix's largest eigenvalue, by Jacobi rotations.
function leadingVector(m) {
  const v = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]];
  for (let sweep = 0; sweep < 30; ++sweep) {
    let off = 0;
    for (let p = 0; p < 3; ++p) {
      for (let q = p + 1; q < 4; ++q) {
        off += m[p][q] * m[p][q];
        if (Math.abs(m[p][q]) < 1e-14) continue;
        const theta = (m[q][q] - m[p][p]) / (2 * m[p][q]);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1), s = t * c;
        for (let k = 0; k < 4; ++k) {
          [m[k][p], m[k][q]] = [c * m[k][p] - s * m[k][q], s * m[k][p] + c * m[k][q]];
        }
        for (let k = 0; k < 4; ++k) {
          [m[p][k], m[q][k]] = [c * m[p][k] - s * m[q][k], s * m[p][k] + c * m[q][k]];
          [v[k][p], v[k][q]] = [c * v[k][p] - s * v[k][q], s * v[k][p] + c * v[k][q]];
        }
      }
    }
    if (off < 1e-20) break;
  }
  let best = 0;
  for (let k = 1; k < 4; ++k) if (m[k][k] > m[best][best]) best = k;
  return [v[0][best], v[1][best], v[2][best], v[3][best]];
}

// Moves `mobile` onto `target`; both hold x, y, z triples, and `weights` one number a point. Returns apply(positions), a copy moved
// likewise, and the root mean square distance of the points themselves, unweighted.
export function superpose(mobile, target, weights) {
  const n = weights.length, a = [0, 0, 0], b = [0, 0, 0];
  let total = 0;
  for (let i = 0; i < n; ++i) total += weights[i];
  for (let i = 0; i < n; ++i) {
    for (let k = 0; k < 3; ++k) {
      a[k] += weights[i] * mobile[3 * i + k] / total;
      b[k] += weights[i] * target[3 * i + k] / total;
    }
  }
  const s = [[0, 0, 0], [0, 0, 0], [0, 0, 0]];
  for (let i = 0; i < n; ++i) {
    for (let p = 0; p < 3; ++p) {
      for (let q = 0; q < 3; ++q) s[p][q] += weights[i] / total * (mobile[3 * i + p] - a[p]) * (target[3 * i + q] - b[q]);
    }
  }
  const [w, x, y, z] = leadingVector([
    [s[0][0] + s[1][1] + s[2][2], s[1][2] - s[2][1], s[2][0] - s[0][2], s[0][1] - s[1][0]],
    [s[1][2] - s[2][1], s[0][0] - s[1][1] - s[2][2], s[0][1] + s[1][0], s[2][0] + s[0][2]],
    [s[2][0] - s[0][2], s[0][1] + s[1][0], s[1][1] - s[0][0] - s[2][2], s[1][2] + s[2][1]],
    [s[0][1] - s[1][0], s[2][0] + s[0][2], s[1][2] + s[2][1], s[2][2] - s[0][0] - s[1][1]],
  ]);
  const r = [
    [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
    [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
    [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
  ];
  const apply = (positions) => {
    const moved = new Float32Array(positions.length);
    for (let i = 0; i < positions.length; i += 3) {
      const d = [positions[i] - a[0], positions[i + 1] - a[1], positions[i + 2] - a[2]];
      for (let k = 0; k < 3; ++k) moved[i + k] = r[k][0] * d[0] + r[k][1] * d[1] + r[k][2] * d[2] + b[k];
    }
    return moved;
  };
  const moved = apply(mobile);
  let sum = 0;
  for (let i = 0; i < 3 * n; ++i) sum += (moved[i] - target[i]) ** 2;
  return { apply, rmsd: Math.sqrt(sum / n) };
}

// Turns points so that they are longest along x and next along y, about their centre.
export function principalFrame(points) {
  const n = points.length / 3, c = [0, 0, 0];
  for (let i = 0; i < points.length; ++i) c[i % 3] += points[i] / n;
  const m = [[0, 0, 0], [0, 0, 0], [0, 0, 0]];
  for (let i = 0; i < n; ++i) {
    for (let p = 0; p < 3; ++p) {
      for (let q = 0; q < 3; ++q) m[p][q] += (points[3 * i + p] - c[p]) * (points[3 * i + q] - c[q]) / n;
    }
  }
  // Power iteration, then the same within the plane across.
  const times = (v) => m.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]);
  const dot = (u, v) => u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
  const unit = (v) => { const l = Math.sqrt(dot(v, v)) || 1; return v.map((k) => k / l); };
  const without = (v, u) => { const d = dot(v, u); return v.map((k, i) => k - d * u[i]); };
  let x = unit([1, 0.7, 0.4]);
  for (let i = 0; i < 200; ++i) x = unit(times(x));
  let y = unit(without([0.3, 1, -0.6], x));
  for (let i = 0; i < 200; ++i) y = unit(without(times(y), x));
  const z = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
  return (positions) => {
    const turned = new Float32Array(positions.length);
    for (let i = 0; i < positions.length; i += 3) {
      const d = [positions[i] - c[0], positions[i + 1] - c[1], positions[i + 2] - c[2]];
      turned[i] = dot(x, d);
      turned[i + 1] = dot(y, d);
      turned[i + 2] = dot(z, d);
    }
    return turned;
  };
}
