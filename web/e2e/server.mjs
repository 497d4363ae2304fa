// A real server for the tests: the binary, on a port of its own, with a directory that is
// thrown away.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const binary = process.env.TOCSIN ?? path.resolve('../tocsin');

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill()));

/** A port that nobody has. */
export const free = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Starts `tocsin <command>` and waits until it says that it is ready. */
export async function start(command, { args = [], data } = {}) {
  const port = await free();
  const dir = data ?? mkdtempSync(path.join(tmpdir(), 'tocsin-web-'));
  const url = `http://localhost:${port}`;
  const options = ['--listen', `127.0.0.1:${port}`, '--data', dir, ...args];
  if (command === 'serve') options.push('--public-url', url);
  let said = '';
  let child;
  let ended;

  async function run() {
    child = spawn(binary, [command, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    ended = new Promise((resolve) => child.on('exit', resolve)).then(() => running.delete(child));
    child.stdout.on('data', (d) => (said += d));
    child.stderr.on('data', (d) => (said += d));
    for (let tries = 0; ; tries++) {
      const ready = await fetch(`${url}/readyz`).then(
        (r) => r.ok,
        () => false,
      );
      if (ready && (command !== 'demo' || /password\s+\S+/.test(said))) return;
      if (tries > 600 || child.exitCode !== null) throw new Error(`the server did not start:\n${said}`);
      await new Promise((r) => setTimeout(r, 100));
    }
  }

  async function end() {
    child.kill('SIGTERM');
    await ended;
  }

  await run();
  return {
    url,
    said: () => said,
    /** The link that makes the first admin, on this server. */
    setUp: () => url + /\/setup\/\S+/.exec(said)[0],
    /** The password of everybody in the demo. */
    password: () => /password\s+(\S+)/.exec(said)[1],
    /** Away for a while, and back with what it had. */
    away: end,
    back: run,
    async stop() {
      await end();
      if (!data) rmSync(dir, { recursive: true, force: true });
    },
  };
}
