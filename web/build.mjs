// Bundles src/ into one script and writes it as a C++ source: node build.mjs OUT.cpp
import { build } from 'esbuild';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// BSD and MIT ask that their text goes with every copy, and the bundle is one.
function licences() {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const texts = [];
  for (const [folder, entry] of Object.entries(lock.packages)) {
    if (!folder || entry.dev) continue;
    const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    if (!file) throw new Error(`${folder}: no licence text in the package`);
    const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
    texts.push(`${name} ${entry.version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}`);
  }
  return `/*! This script contains the following packages.\n\n${texts.join('\n\n').replaceAll('*/', '* /').replaceAll('</', '< /')}\n*/`;
}

const result = await build({
  entryPoints: ['src/main.js'],
  bundle: true,
  minify: true,
  write: false,
  format: 'iife',
  target: 'es2020',
  charset: 'ascii',
  legalComments: 'inline',
  loader: { '.css': 'text' },
  logLevel: 'warning',
});
// A script element ends at the first "</script", wherever that stands.
const script = `${licences()}\n${result.outputFiles[0].text}`.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
const bytes = Buffer.from(script, 'utf8');

const kLine = 2000;
const lines = [];
for (let first = 0; first < bytes.length; first += kLine) {
  let line = '';
  for (const byte of bytes.subarray(first, first + kLine)) {
    if (byte === 10) line += '\\n';
    else if (byte === 34 || byte === 92 || byte === 63) line += `\\${String.fromCharCode(byte)}`;
    else if (byte < 32 || byte > 126) line += `\\${byte.toString(8).padStart(3, '0')}`;
    else line += String.fromCharCode(byte);
  }
  lines.push(`    "${line}"`);
}
const source = `#include "cryomer/report/page_script.h"

namespace cryomer {

std::string_view page_script() {
  static constexpr char script[] =
${lines.join('\n')};
  return {script, sizeof(script) - 1};
}

}  // namespace cryomer
`;
writeFileSync(process.argv[2], source);
