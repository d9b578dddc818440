// The report's page in a real browser, of a small run made here: node report_page_test.mjs CRYOMER. Exit code 77: skipped.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Chromium, findChromium } from './chromium.mjs';
import { helixPdb, readDcd, readPng } from './files.mjs';

const cryomer = process.argv[2], chromium = findChromium();
if (!chromium) {
  console.log('SKIPPED: no Chromium on this machine (Debian: apt-get install chromium)');
  process.exit(77);
}
if (/pictures only/.test(execFileSync(cryomer, ['doctor'], { encoding: 'utf8' }))) {
  console.log('SKIPPED: this build has no script for the page (configure says why)');
  process.exit(77);
}
// Names that are not ASCII, as users have them.
const scratch = mkdtempSync(join(tmpdir(), 'cryomer_page_')), folder = join(scratch, 'Prüfung der Seite');
mkdirSync(folder);
const at = (name) => join(folder, name);
const run = (...args) => execFileSync(cryomer, [...args, '--threads', '2'], { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });

const pairs = ['--distance', 'A/2/CA:A/19/CA', '--cut', '24', '--n', '40'];
const truth = ['--ensemble', at('ensemble.dcd'), '--posterior', at('posterior'), '--truth', at('sim/states.dcd'), '--truth-star', at('sim/truth.star')];

function makeRun() {
  writeFileSync(at('helix.pdb'), helixPdb(20));
  run('simulate', '--structure', at('helix.pdb'), '--motion', 'bimodal', '--motion-amplitude', '3', '--motion-states', '40', '--particles', '120', '--box', '32',
    '--pixel-size', '1.5', '--snr', '0.5', '--out', at('sim'));
  run('train', at('sim/truth.star'), '--structure', at('helix.pdb'), '--poses', 'given', '--epochs', '2', '--latent-dim', '8',
    '--set', 'optimiser.batch_size=32', '--out', at('run'));
  run('infer', at('run'), '--out', at('posterior'), '--structures', 'mean');
  run('sample', at('run'), '--n', '60', '--out', at('ensemble.dcd'));
  run('evaluate', '--structure', at('helix.pdb'), ...truth, ...pairs, '--json', at('evaluate.json'));
  run('report', at('run'), ...truth, ...pairs, '--out', at('report.html'));
  run('report', at('run'), '--out', at('alone.html'));
  run('infer', at('run'), '--out', at('sampled'), '--structures', 'samples:4');
  run('evaluate', '--run', at('run'), '--posterior', at('sampled'), ...pairs, '--json', at('judged.json'));
  run('report', at('run'), '--ensemble', at('ensemble.dcd'), '--posterior', at('sampled'), ...pairs, '--out', at('judged.html'));
}

let browser;
const url = (name) => pathToFileURL(at(name)).href;
const ready = "document.getElementById('explorer').dataset.ready === 'yes'";

async function opened(name, options = {}) {
  const page = await browser.open(options);
  await page.load(url(name));
  if (options.script !== false) await page.until(ready);
  return page;
}

function assertClean(page) {
  assert.deepEqual(page.problems, [], 'errors in the console');
  const fetched = page.requests.filter((request) => !/^(data|blob):/.test(request));
  assert.deepEqual(fetched.slice(1), [], 'requests other than the page itself');
}

// The viewer's pixels, and how many differ from its background (the corner).
async function viewerPixels(page) {
  await page.value("document.querySelector('.view').scrollIntoView({ block: 'center' })");
  await page.value('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  const box = await page.value("(({ x, y, width, height }) => ({ x, y, width, height }))(document.querySelector('.view').getBoundingClientRect())");
  const image = readPng(await page.screenshot()), pixels = [];
  // Not the caption, which lies over the top.
  for (let y = Math.ceil(box.y) + 44; y < box.y + box.height - 2; ++y) {
    for (let x = Math.ceil(box.x) + 2; x < box.x + box.width - 2; ++x) pixels.push(image.at(x, y));
  }
  const ground = pixels[0], differs = (p, q) => Math.abs(p[0] - q[0]) + Math.abs(p[1] - q[1]) + Math.abs(p[2] - q[2]) > 24;
  return { pixels, drawn: pixels.filter((p) => differs(p, ground)).length / pixels.length, differs };
}

// All figures of evaluate --json against the page's table of them; how many there were.
async function compareFigures(page, figures) {
  const rows = new Map(await page.value("[...document.querySelectorAll('details tr')].map((row) => [...row.cells].map((cell) => cell.textContent))"));
  let compared = 0;
  const same = (text, value, path) => {
    if (typeof value !== 'number') return assert.equal(text, value === null ? 'null' : String(value), path);
    assert.ok(Math.abs(Number(text) - value) <= 1e-5 * Math.abs(value), `${path}: ${text} is not ${value}`);
    ++compared;
  };
  const compare = (value, path) => {
    if (Array.isArray(value) && value.length > 16 && typeof value[0] !== 'object') {
      const texts = rows.get(path).split(', ');
      assert.equal(texts.length, value.length, path);
      value.forEach((one, i) => same(texts[i], one, `${path}[${i}]`));
    } else if (value !== null && typeof value === 'object') {
      for (const key of Object.keys(value)) compare(value[key], Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key);
    } else {
      same(rows.get(path), value, path);
    }
  };
  const { findings, ...others } = figures;  // sentences have a place of their own
  compare(others, '');
  return compared;
}

const press = (page, selector, text) =>
  page.value(`[...document.querySelectorAll(${JSON.stringify(selector)})].find((b) => b.textContent.includes(${JSON.stringify(text)})).click()`);

const tests = {
  async 'opens without an error in the console and without the network'() {
    const page = await opened('report.html');
    await page.value("document.querySelector('.view').scrollIntoView({ block: 'center' })");  // below the sentences; it plays where it is seen
    await page.until("Number(document.querySelector('.controls input').value) > 0");  // it plays
    assertClean(page);
    const alone = await opened('alone.html', { dark: true });
    assertClean(alone);
  },

  async 'shows atoms'() {
    const page = await opened('report.html');
    const { drawn, pixels } = await viewerPixels(page);
    assert.ok(drawn > 0.02 && drawn < 0.9, `${(100 * drawn).toFixed(1)} % of the viewer's pixels are drawn`);
    const coloured = pixels.filter(([r, , b]) => Math.abs(r - b) > 40).length / pixels.length;
    assert.ok(coloured > 0.005, `${(100 * coloured).toFixed(2)} % of the pixels have a colour of the ramp`);
    assertClean(page);
  },

  async 'walks along a direction by as much as its axis says'() {
    const page = await opened('report.html');
    const walks = await page.value(`(async () => {
      const explorer = document.getElementById('explorer').explorer, walks = [];
      for (const { kind, place, atoms, structures } of explorer.sources) {
        if (kind !== 'path') continue;
        await structures.load();
        walks.push({ told: place.at(-1) - place[0], walked: explorer.molecule.rmsd(atoms, structures.get(0), structures.get(structures.count - 1)) });
      }
      return walks;
    })()`);
    assert.equal(walks.length, 3);
    // The axis is linear in the latents, the decoder is not quite.
    for (const { told, walked } of walks) assert.ok(walked > 0.6 * told && walked < 1.4 * told, `${walked.toFixed(3)} A instead of ${told.toFixed(3)} A`);
  },

  async 'a click on a point changes the structure to the one the model inferred for it'() {
    const page = await opened('report.html');
    await press(page, '.tabs button', 'Ensemble');
    await page.until("document.getElementById('explorer').shown.label === 'Ensemble'");
    await page.value('document.getElementById("explorer").explorer.setPlaying(false)');
    const before = await viewerPixels(page);
    const structures = readDcd(at('posterior/structures.dcd')), states = readDcd(at('sim/states.dcd'));
    assert.equal(structures.length, 120);
    for (const map of [0, 1]) {
      await page.value(`document.querySelectorAll('.plot')[${map}].scrollIntoView({ block: 'center' })`);
      // The outermost point of the map: nothing else is as near to the click.
      const place = await page.value(`(() => {
        const map = document.getElementById('explorer').explorer.maps[${map}], box = map.over.getBoundingClientRect(), xs = map.model.values(map.x), ys = map.model.values(map.y);
        const point = xs.reduce((best, x, i) => (x > xs[best] ? i : best), 0);
        return { row: map.model.rows[point], x: box.x + map.toX(xs[point]), y: box.y + map.toY(ys[point]) };
      })()`);
      await page.click(place.x, place.y);
      await page.until(`document.getElementById('explorer').dataset.shown === 'Particle ${place.row}'`);
      const { atoms, positions } = await page.value('(({ atoms, positions }) => ({ atoms, positions: [...positions] }))(document.getElementById("explorer").shown)');
      assert.equal(atoms.length, 80, 'N, CA, C and O of 20 residues');
      atoms.forEach((atom, i) => structures[place.row][atom].forEach((x, k) => assert.ok(Math.abs(x - positions[3 * i + k]) < 0.0051, `atom ${atom}`)));
      const facts = await page.until("document.querySelector('.particle table')?.textContent");
      assert.match(facts, /RMSD of CA to the true structure\d+\.\d\d Å/);
      assert.match(facts, new RegExp(`row${place.row}image0*${place.row + 1}@`));
      assert.equal(await page.value("document.querySelectorAll('.pictures canvas').length"), 3, 'observed, predicted, difference');
    }
    const after = await viewerPixels(page);
    const changed = after.pixels.filter((p, i) => after.differs(p, before.pixels[i])).length / after.pixels.length;
    assert.ok(changed > 0.005, `${(100 * changed).toFixed(2)} % of the viewer's pixels changed`);
    // Beside the truth: two structures are drawn where there was one.
    assert.equal(states[0].length, structures[0].length);
    await page.value(`(() => { const select = document.querySelector('[aria-label="Compared with"]'); select.value = 'truth'; select.dispatchEvent(new Event('change')); })()`);
    await page.until("Boolean(document.getElementById('explorer').explorer.viewer.models.ghost)");
    assertClean(page);
  },

  async 'a loop around points saves the list of their particles'() {
    const page = await opened('report.html');
    mkdirSync(at('downloads'), { recursive: true });
    await browser.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: at('downloads') });
    await page.value("document.querySelector('.plot').scrollIntoView({ block: 'center' })");
    const box = await page.value("(({ x, y, width, height }) => ({ x, y, width, height }))(document.querySelector('.plot').getBoundingClientRect())");
    const middle = box.x + box.width / 2, corners = [[box.x + 2, box.y + 2], [middle, box.y + 2], [middle, box.y + box.height - 2], [box.x + 2, box.y + box.height - 2]];
    await page.mouse('mouseMoved', ...corners[0]);
    await page.mouse('mousePressed', ...corners[0], 1);
    for (const corner of corners) await page.mouse('mouseMoved', ...corner, 1);
    await page.mouse('mouseReleased', ...corners[3]);
    const expected = await page.value(`(() => {
      const map = document.getElementById('explorer').explorer.maps[0], xs = map.model.values(map.x);
      return [...xs.keys()].filter((i) => map.toX(xs[i]) < ${middle - box.x}).map((i) => map.model.rows[i]);
    })()`);
    assert.ok(expected.length > 10 && expected.length < 110, `${expected.length} of 120 particles in the left half`);
    await press(page, '.selection button', 'Save STAR');
    for (let i = 0; i < 200 && !existsSync(at('downloads/particles.star')); ++i) await new Promise((done) => setTimeout(done, 25));
    const star = readFileSync(at('downloads/particles.star'), 'utf8'), names = readFileSync(at('posterior/particles.star'), 'utf8').match(/\d+@\S+/g);
    const rows = star.split('\n').filter((line) => /@/.test(line)).map((line) => line.split(' '));
    assert.deepEqual(rows.map(([, row]) => Number(row)), expected);
    for (const [name, row] of rows) assert.equal(name, names[row]);
    await press(page, '.selection button', 'Play');
    await page.until("document.getElementById('explorer').shown.label.startsWith('Particle')");
    await press(page, '.controls button', 'Save movie');
    for (let i = 0; i < 200 && !existsSync(at('downloads/selection.pdb')); ++i) await new Promise((done) => setTimeout(done, 25));
    const models = readFileSync(at('downloads/selection.pdb'), 'utf8').match(/^MODEL/gm).length;
    assert.equal(models, await page.value("document.getElementById('explorer').explorer.frames"));
    await press(page, '.selection button', 'Clear');
    assert.equal(await page.value("document.querySelector('.selection').children.length"), 0);
    assertClean(page);
  },

  async 'shows the numbers of evaluate --json'() {
    const page = await opened('report.html'), figures = JSON.parse(readFileSync(at('evaluate.json'), 'utf8'));
    assert.ok(await compareFigures(page, figures) > 100);
    const cells = new Map(await page.value("[...document.querySelectorAll('.tables tr')].map((row) => [row.cells[0].textContent, row.cells[1].textContent])"));
    assert.equal(cells.get('ensemble to truth'), figures.emd_rmsd.toFixed(2));
    assert.equal(cells.get('floor: two disjoint draws of the truth'), figures.emd_rmsd_floor.toFixed(2));
    assert.equal(cells.get('median'), figures.rmsd_median.toFixed(2));
    assert.equal(cells.get('motion 1'), `${(100 * figures.principal_motions.motions[0].share).toFixed(1)} %`);
    assert.equal(cells.get('Ramachandran outliers'), `${(100 * figures.geometry.ramachandran_outliers).toFixed(1)} %`);
    assert.equal(cells.get('truth covered by the ensemble'), `${(100 * figures.coverage).toFixed(1)} %`);
    const cards = await page.value("[...document.querySelectorAll('.headline b')].map((card) => card.textContent)");
    assert.equal(cards[0], `${figures.emd_rmsd.toFixed(2)} Å`);
    assert.equal(cards[1], `${figures.rmsd_mean.toFixed(2)} Å`);
    assertClean(page);
  },

  async 'says in words what evaluate says'() {
    for (const [name, json] of [['report.html', 'evaluate.json'], ['judged.html', 'judged.json']]) {
      const page = await opened(name), { findings } = JSON.parse(readFileSync(at(json), 'utf8'));
      const said = new Map(await page.value("[...document.querySelectorAll('.findings li')].map((item) => [item.textContent, item.querySelector('svg').getAttribute('aria-label')])"));
      assert.ok(findings.length > 2);
      for (const { verdict, text } of findings) assert.equal(said.get(text), verdict, text);
      assertClean(page);
    }
  },

  async 'judges a run without a truth as evaluate --run does'() {
    const page = await opened('judged.html'), { run } = JSON.parse(readFileSync(at('judged.json'), 'utf8'));
    assert.equal(run.populations.length, 1);
    assert.ok(await compareFigures(page, { run }) > 300);
    const cells = new Map(await page.value("[...document.querySelectorAll('.tables tr')].map((row) => [row.cells[0].textContent, row.cells[1].textContent])"));
    const [{ mean }] = run.populations;
    assert.equal(cells.get('A/2/CA\u00a0–\u00a0A/19/CA, mean'), `${mean.value.toFixed(2)} ± ${mean.error.toFixed(2)}`);
    assertClean(page);
  },

  async 'has a dark side'() {
    const ground = (page) => page.value('getComputedStyle(document.body).backgroundColor');
    const light = await opened('report.html'), dark = await opened('report.html', { dark: true });
    assert.equal(await ground(light), 'rgb(255, 255, 255)');
    assert.notEqual(await ground(dark), 'rgb(255, 255, 255)');
    await press(dark, 'button', 'Light');
    assert.equal(await ground(dark), 'rgb(255, 255, 255)');
    assertClean(dark);
  },

  async 'shows pictures on paper and without a script'() {
    const shown = (selector) => `[...document.querySelectorAll(${JSON.stringify(selector)})].map((e) => e.getBoundingClientRect().height > 40)`;
    const screen = await opened('report.html');
    assert.deepEqual(await screen.value(shown('.still')), [false, false]);
    const paper = await opened('report.html', { media: 'print' });
    assert.deepEqual(await paper.value(shown('#explorer')), [false]);
    assert.ok((await paper.value(shown('.still')))[0]);
    const plain = await opened('report.html', { script: false });
    assert.ok((await plain.value(shown('.still')))[0]);
    assert.equal(await plain.value("document.querySelectorAll('button').length"), 0);
    assertClean(plain);
  },
};

let failed = 0;
try {
  const started = Date.now();
  makeRun();
  console.log(`made a run and its report (${Date.now() - started} ms)`);
  browser = new Chromium(chromium);
  for (const [name, test] of Object.entries(tests)) {
    const begun = Date.now();
    try {
      await test();
      console.log(`ok      ${name} (${Date.now() - begun} ms)`);
    } catch (problem) {
      ++failed;
      console.log(`FAILED  ${name}\n${problem.stack}`);
    }
    await browser.closePages();
  }
  process.exitCode = failed ? 1 : 0;
} finally {
  await browser?.close();
  rmSync(scratch, { recursive: true, force: true });
}
