// Draws the PNG icons from public/icon.svg, with the browser.
import { readFileSync, writeFileSync } from 'node:fs';
import { launch } from './browser.mjs';

const svg = readFileSync('public/icon.svg', 'utf8');
const square = svg.replace(/ rx="\d+"/, '').replace('translate(76 76) scale(15)', 'translate(124 124) scale(11)');
const badge = svg.replace(/<rect[^>]*>/, '').replace('translate(76 76) scale(15)', 'translate(16 16) scale(20)');
const wanted = [
  ['icon-192.png', 192, svg],
  ['icon-512.png', 512, svg],
  ['icon-mask.png', 512, square],
  ['apple-touch-icon.png', 180, square],
  ['badge.png', 96, badge],
];

const browser = await launch();
const page = await browser.newPage();
for (const [name, size, source] of wanted) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${source}`);
  writeFileSync(`public/${name}`, await page.screenshot({ omitBackground: true }));
}
await browser.close();
