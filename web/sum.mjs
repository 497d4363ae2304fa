// Writes down what dist was made of, for the Go test that notices a forgotten build.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';

const sources = ['index.html', 'package-lock.json', 'vite.config.ts', 'src', 'i18n', 'public'];
const files = (path) =>
  statSync(path).isDirectory() ? readdirSync(path).flatMap((name) => files(`${path}/${name}`)) : [path];
const sha256 = (data) => createHash('sha256').update(data).digest('hex');

const lines = sources
  .flatMap(files)
  .sort()
  .map((path) => `${path} ${sha256(readFileSync(path))}\n`);
writeFileSync('dist/sources.sha256', sha256(lines.join('')) + '\n');
